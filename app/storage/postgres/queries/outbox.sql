-- name: tell
-- $1 triggers, $2 payload, $3 event type or null, $4 people, $5 when it happens, or null for now, $6 the reservation
-- whose end that is, or null, $7 how many seconds after that end to tell of it.
-- A delivery for each trigger to each webhook that wants it: theirs, those of the event type and of its owner, and of
-- the event type that it is a child of. Webhooks that are being deleted are waited for; in one order, so that nobody waits for another in a circle.
INSERT INTO webhook_deliveries (webhook_id, trigger, payload, created_at, due_at, reservation_uid)
SELECT
    listening.id,
    happened.trigger,
    $2::json,
    COALESCE($5::timestamptz, now()),
    COALESCE($5 + $7 * interval '1 second', now()),
    $6::text
FROM (
    SELECT w.id, w.triggers
    FROM webhooks AS w
    WHERE w.active
        AND w.triggers && $1::text[]
        AND (
            w.user_id = ANY ($4::integer[])
            OR w.user_id = (SELECT e.owner_id FROM event_types AS e WHERE e.id = $3::integer)
            OR w.event_type_id = ANY (ARRAY(
                SELECT unnest(ARRAY[e.id, e.parent_id]) FROM event_types AS e WHERE e.id = $3
            ))
        )
    ORDER BY w.id
    FOR KEY SHARE OF w
) AS listening
CROSS JOIN unnest($1) AS happened (trigger)
WHERE happened.trigger = ANY (listening.triggers)
RETURNING webhook_id;

-- name: reservations_are_told
-- $1 triggers. Whether any webhook wants to hear of them.
SELECT EXISTS (SELECT FROM webhooks WHERE active AND triggers && $1::text[]);

-- name: withdraw
-- $1 a reservation's uid. Its end, which was to come, does not.
DELETE FROM webhook_deliveries WHERE reservation_uid = $1 AND tries = 0 AND outcome IS NULL RETURNING id;

-- name: bury
-- $1 a reservation's uid. Its end does not come, whatever is written of it later: what is found buried stays so.
UPDATE webhook_deliveries SET outcome = 'dead', due_at = NULL, last_try = 'withdrawn'
WHERE reservation_uid = $1 AND tries = 0 AND outcome IS NULL;

-- name: knows_end
-- $1 a reservation's uid. Whether anything is written of its end.
SELECT EXISTS (SELECT FROM webhook_deliveries WHERE reservation_uid = $1);

-- name: take
-- $1 how many, $2 of one receiver, $3 receivers and $4 how many of each are under way already, $5 for how many seconds
-- they are put off, $6 how many of the oldest to look at; those of receivers that get no more are not among them.
-- Ends of reservations that became bookings, or were withdrawn before they were written, are not sent.
WITH oldest AS (
    SELECT d.id, d.due_at, w.receiver
    FROM webhooks AS w
    JOIN webhook_deliveries AS d ON d.webhook_id = w.id
    LEFT JOIN unnest($3::text[], $4::integer[]) AS busy (receiver, number) ON busy.receiver = w.receiver
    WHERE d.due_at <= now() AND w.active AND COALESCE(busy.number, 0) < $2::integer
    ORDER BY d.due_at
    LIMIT $6
),
numbered AS (
    SELECT o.id, row_number() OVER (PARTITION BY o.receiver ORDER BY o.due_at) + COALESCE(busy.number, 0) AS number
    FROM oldest AS o
    LEFT JOIN unnest($3, $4) AS busy (receiver, number) ON busy.receiver = o.receiver
),
taken AS (
    -- Said again, because another pod may have taken it since.
    SELECT
        d.id,
        EXISTS (SELECT FROM consumed_reservations AS c WHERE c.uid = d.reservation_uid)
        OR EXISTS (
            SELECT FROM webhook_deliveries AS b
            WHERE b.reservation_uid = d.reservation_uid AND b.tries = 0 AND b.outcome IS NOT NULL
        ) AS withdrawn
    FROM webhook_deliveries AS d
    JOIN numbered ON numbered.id = d.id
    WHERE numbered.number <= $2 AND d.due_at <= now()
    ORDER BY d.due_at
    LIMIT $1
    FOR UPDATE OF d SKIP LOCKED
),
buried AS (
    UPDATE webhook_deliveries AS d
    SET outcome = 'dead', due_at = NULL, last_try = 'withdrawn'
    FROM taken
    WHERE d.id = taken.id AND taken.withdrawn
)
UPDATE webhook_deliveries AS d
SET tries = d.tries + 1, due_at = now() + $5 * interval '1 second'
FROM taken, webhooks AS w
WHERE d.id = taken.id AND NOT taken.withdrawn AND w.id = d.webhook_id
RETURNING
    d.id, d.tries, d.webhook_id, w.subscriber_url, w.receiver, w.secret, w.payload_template, d.trigger, d.created_at,
    d.payload;

-- name: delivered
-- $1 delivery, $2 what was answered. It is over, whoever is trying it meanwhile.
UPDATE webhook_deliveries SET outcome = 'delivered', due_at = NULL, last_try = $2
WHERE id = $1 AND outcome IS DISTINCT FROM 'delivered';

-- name: failed
-- $1 delivery, $2 which try it was, $3 what came of it, $4 seconds until the next one, or null for none.
UPDATE webhook_deliveries
SET
    last_try = $3,
    due_at = now() + $4::float8 * interval '1 second',
    outcome = CASE WHEN $4 IS NULL THEN 'dead' END
WHERE id = $1 AND tries = $2 AND outcome IS NULL;

-- name: forget
-- $1 seconds, $2 how many. Deliveries that were written longer ago, whatever became of them.
DELETE FROM webhook_deliveries
WHERE id IN (
    SELECT id FROM webhook_deliveries
    WHERE created_at < now() - $1 * interval '1 second'
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
RETURNING id;
