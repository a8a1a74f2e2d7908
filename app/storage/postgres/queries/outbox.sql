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
DELETE FROM webhook_deliveries WHERE reservation_uid = $1 AND tries = 0 AND outcome IS NULL;

-- name: bury
-- $1 a reservation's uid. Its end does not come, whatever is written of it later: what is found buried stays so.
UPDATE webhook_deliveries SET outcome = 'dead', due_at = NULL, last_try = 'withdrawn'
WHERE reservation_uid = $1 AND tries = 0 AND outcome IS NULL
RETURNING id;

-- name: knows_end
-- $1 a reservation's uid. Whether anything is written of its end.
SELECT EXISTS (SELECT FROM webhook_deliveries WHERE reservation_uid = $1);

-- name: take
-- $1 how many, $2 of one receiver, $3 of one owner, $4 receivers and owners and $5 how many of each are under way
-- already, $6 for how many seconds they are put off.
-- Ends of reservations that became bookings, or were withdrawn before they were written, are not sent.
WITH RECURSIVE waiting AS (
    -- Webhooks that something is to be sent to, each found by one look, however much that is. In the order of the index
    -- of what is due: that of all deliveries would lead past those that are over.
    (SELECT webhook_id AS id FROM webhook_deliveries WHERE due_at IS NOT NULL ORDER BY webhook_id, due_at LIMIT 1)
    UNION ALL
    SELECT (
        SELECT d.webhook_id
        FROM webhook_deliveries AS d
        WHERE d.due_at IS NOT NULL AND d.webhook_id > waiting.id
        ORDER BY d.webhook_id, d.due_at
        LIMIT 1
    )
    FROM waiting
    WHERE waiting.id IS NOT NULL
),
busy AS (
    SELECT name, number FROM unnest($4::text[], $5::integer[]) AS listed (name, number)
),
listening AS (
    -- A person's, or that of the person or team whose event type it is.
    SELECT
        w.id,
        w.receiver,
        COALESCE('person ' || COALESCE(w.user_id, e.owner_id), 'team ' || e.team_id) AS owner
    FROM waiting
    JOIN webhooks AS w ON w.id = waiting.id
    LEFT JOIN event_types AS e ON e.id = w.event_type_id
    WHERE w.active
),
of_receivers AS (
    SELECT
        d.id,
        d.due_at,
        w.owner,
        row_number() OVER (PARTITION BY w.receiver ORDER BY d.due_at) + COALESCE(busy.number, 0) AS number
    FROM listening AS w
    LEFT JOIN busy ON busy.name = w.receiver
    CROSS JOIN LATERAL (
        SELECT id, due_at FROM webhook_deliveries
        WHERE webhook_id = w.id AND due_at <= now()
        ORDER BY due_at
        LIMIT $2::integer
    ) AS d
    WHERE COALESCE(busy.number, 0) < $2
),
numbered AS (
    SELECT o.id, row_number() OVER (PARTITION BY o.owner ORDER BY o.due_at) + COALESCE(busy.number, 0) AS number
    FROM of_receivers AS o
    LEFT JOIN busy ON busy.name = o.owner
    WHERE o.number <= $2
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
    WHERE numbered.number <= $3 AND d.due_at <= now()
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
SET tries = d.tries + 1, due_at = now() + $6 * interval '1 second'
FROM taken, listening, webhooks AS w
WHERE d.id = taken.id AND NOT taken.withdrawn AND w.id = d.webhook_id AND listening.id = w.id
RETURNING
    d.id, d.tries, d.webhook_id, w.subscriber_url, w.receiver, listening.owner, w.secret, w.payload_template,
    d.trigger, d.created_at, d.payload;

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
