-- name: bound
-- $1 ms. How long a statement may take, and the transaction do nothing, until its end.
SELECT set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $1, true);

-- name: lock_names
-- $1 names. Keeps everybody else from locking the same ones until the transaction ends; in one order for all.
SELECT pg_advisory_xact_lock(ordered.hash)
FROM (
    SELECT DISTINCT hashtextextended(name, 0) AS hash FROM unnest($1::text[]) AS name ORDER BY hash
) AS ordered;

-- name: records
-- $1 booking ids, $2 a booking's uid, $3 a seat's uid; each may be null.
-- A JSON document a booking, in the order of the ids, else the one first that the seat came to last: it may have moved
-- back to one that was made before. Instants are milliseconds.
WITH found AS (
    SELECT unnest($1::bigint[]) AS id, NULL::bigint AS attendee_id
    UNION
    SELECT b.id, NULL FROM bookings AS b WHERE b.uid = $2::text
    UNION
    SELECT a.booking_id, a.id FROM booking_attendees AS a WHERE a.seat_uid = $3::text
)
SELECT json_build_object(
    'id', b.id,
    'uid', b.uid,
    'eventTypeId', b.event_type_id,
    'slug', e.slug,
    'ownerId', e.owner_id,
    'teamId', e.team_id,
    'seated', b.seated,
    'title', COALESCE(b.title, e.title, e.slug),
    -- Cal.com names a class after whoever booked first.
    'titleOfSeats', CASE WHEN b.from_calcom THEN COALESCE(e.title, e.slug) ELSE COALESCE(b.title, e.title, e.slug) END,
    'description', b.description,
    'location', b.location,
    'metadata', b.metadata,
    'responses', b.responses,
    'status', b.status,
    'blocks', EXISTS (
        SELECT FROM booking_hosts AS h WHERE h.booking_id = b.id AND h.busy_range IS NOT NULL
    ),
    'start', CAST(floor(extract(epoch FROM b.starts_at) * 1000) AS bigint),
    'end', CAST(floor(extract(epoch FROM b.ends_at) * 1000) AS bigint),
    'beforeBuffer', b.before_buffer_minutes,
    'afterBuffer', b.after_buffer_minutes,
    'hosts', (
        SELECT json_agg(json_build_array(u.id, u.name, u.username, u.email, u.time_zone) ORDER BY u.id <> b.user_id, u.id)
        FROM users AS u
        WHERE u.id = ANY (ARRAY(SELECT h.host_id FROM booking_hosts AS h WHERE h.booking_id = b.id) || b.user_id)
    ),
    'attendees', (
        SELECT json_agg(json_build_object(
            'id', a.id,
            'email', a.email,
            'name', a.name,
            'zone', a.time_zone,
            'language', a.language,
            'phoneNumber', a.phone_number,
            'guest', a.guest,
            'absent', a.absent,
            'seatUid', a.seat_uid,
            'metadata', a.metadata,
            'responses', a.responses
        ) ORDER BY a.position)
        FROM booking_attendees AS a
        WHERE a.booking_id = b.id
    ),
    'cancellationReason', b.cancellation_reason,
    'cancelledBy', b.cancelled_by,
    'reschedulingReason', b.rescheduling_reason,
    'rescheduledBy', b.rescheduled_by,
    'rescheduledFrom', (SELECT old.uid FROM bookings AS old WHERE old.id = b.rescheduled_from),
    'rescheduledTo', (SELECT max(new.uid) FROM bookings AS new WHERE new.rescheduled_from = b.id),
    'hostAbsent', b.host_absent,
    'createdAt', CAST(floor(extract(epoch FROM b.created_at) * 1000) AS bigint),
    'updatedAt', CAST(floor(extract(epoch FROM b.updated_at) * 1000) AS bigint)
)
FROM found
JOIN bookings AS b ON b.id = found.id
LEFT JOIN event_types AS e ON e.id = b.event_type_id
ORDER BY array_position($1, b.id), found.attendee_id DESC;

-- name: lock_booking
-- $1 a booking's uid. Its id; nobody else changes it until the transaction ends.
SELECT id FROM bookings WHERE uid = $1 FOR UPDATE;

-- name: is_used
-- $1 a reservation's uid.
SELECT EXISTS (SELECT FROM consumed_reservations WHERE uid = $1);

-- name: seats_at
-- $1 event type, $2 a start.
-- The bookings that take seats there, in the order they were made.
SELECT
    b.id, b.uid, b.status, b.seated,
    CAST(floor(extract(epoch FROM b.ends_at) * 1000) AS bigint) AS ends_at,
    COALESCE((SELECT min(h.overlap_group) FROM booking_hosts AS h WHERE h.booking_id = b.id), b.id) AS overlap_group,
    ARRAY(SELECT a.email FROM booking_attendees AS a WHERE a.booking_id = b.id) AS emails
FROM bookings AS b
WHERE b.event_type_id = $1 AND b.starts_at = $2 AND b.ends_at > $2
    AND (
        b.status IN ('accepted', 'awaiting_host')
        OR (
            b.status = 'pending'
            AND EXISTS (SELECT FROM booking_hosts AS h WHERE h.booking_id = b.id AND h.busy_range IS NOT NULL)
        )
    )
ORDER BY b.id
FOR UPDATE;

-- name: has_seat
-- $1 uid of a seat. Whether it is taken, in a booking that is not over.
SELECT EXISTS (
    SELECT
    FROM booking_attendees AS a
    INNER JOIN bookings AS b ON a.booking_id = b.id
    WHERE a.seat_uid = $1::text AND b.status NOT IN ('cancelled', 'rejected')
);

-- name: policy
-- $1 event type. What its owner has set that means something to bookings only, and where they meet, as it was sent.
SELECT json_build_object('settings', more, 'locations', locations) FROM event_types WHERE id = $1;

-- name: to_come
-- $1 event type, $2 an address, $3 now. In how many bookings of it somebody of this address takes part that are not over,
-- unless as the guest of another.
SELECT count(DISTINCT b.id)
FROM booking_attendees AS a
JOIN bookings AS b ON b.id = a.booking_id
WHERE lower(a.email) = lower($2::text) AND a.takes_until > $3 AND NOT a.guest AND b.event_type_id = $1;

-- name: add_booking
-- $1 uid, $2 event type, $3 hosts, the first one's it is, $4 start, $5 end, $6 and $7 buffers, $8 status, $9 whether it
-- takes time, $10 title, $11 description, $12 location, $13 metadata, $14 responses, $15 overlap group or null,
-- $16 reservation or null, $17 the booking whose place it takes, $18 why, $19 who moved it, $20 whether it is seated.
WITH booked AS (
    INSERT INTO bookings (
        uid, event_type_id, user_id, starts_at, ends_at, before_buffer_minutes, after_buffer_minutes, status, title,
        description, location, metadata, responses, rescheduled_from, rescheduling_reason, rescheduled_by,
        seated
    )
    VALUES ($1, $2, ($3::integer[])[1], $4, $5, $6, $7, $8, $10, $11, $12, $13::jsonb, $14::jsonb, $17, $18, $19, $20)
    RETURNING id
),
used AS (
    INSERT INTO consumed_reservations (uid, booking_id)
    SELECT $16::text, booked.id FROM booked WHERE $16 IS NOT NULL
)
INSERT INTO booking_hosts (booking_id, host_id, busy_range, overlap_group)
SELECT
    booked.id,
    host.id,
    CASE WHEN $9::boolean THEN tstzrange($4 - $6 * interval '1 minute', $5 + $7 * interval '1 minute') END,
    COALESCE($15::bigint, booked.id)
FROM booked
CROSS JOIN unnest($3) AS host (id)
RETURNING booking_id;

-- name: add_attendees
-- $1 booking, $2 attendees as a JSON list. They come after those that are there.
INSERT INTO booking_attendees (
    booking_id, position, email, name, time_zone, language, phone_number, guest, seat_uid, metadata, responses
)
SELECT
    $1::bigint,
    COALESCE((SELECT max(position) + 1 FROM booking_attendees WHERE booking_id = $1), 0) + listed.number,
    listed.attendee ->> 'email',
    listed.attendee ->> 'name',
    listed.attendee ->> 'zone',
    listed.attendee ->> 'language',
    listed.attendee ->> 'phoneNumber',
    CAST(listed.attendee ->> 'guest' AS boolean),
    listed.attendee ->> 'seatUid',
    listed.attendee -> 'metadata',
    listed.attendee -> 'responses'
FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS listed (attendee, number);

-- name: use_reservation
-- $1 a reservation's uid, $2 the booking that it became a part of.
INSERT INTO consumed_reservations (uid, booking_id) VALUES ($1, $2);

-- name: touch
-- $1 booking.
UPDATE bookings SET updated_at = now() WHERE id = $1;

-- name: remove_attendee
-- $1 attendee.
WITH gone AS (
    DELETE FROM booking_attendees WHERE id = $1 RETURNING booking_id
)
UPDATE bookings AS b SET updated_at = now() FROM gone WHERE b.id = gone.booking_id;

-- name: end_booking
-- $1 booking, $2 status, $3 why, $4 e-mail of who ended it. It takes no time any more.
WITH free AS (
    UPDATE booking_hosts SET busy_range = NULL WHERE booking_id = $1
)
UPDATE bookings SET status = $2, cancellation_reason = $3, cancelled_by = $4, updated_at = now()
WHERE id = $1;

-- name: accept
-- $1 booking, $2 the overlap group that it joins, or null for one of its own. From now on it takes the time of its hosts,
-- of whom its user is one even where no row says so.
WITH accepted AS (
    UPDATE bookings SET status = 'accepted', updated_at = now() WHERE id = $1
    RETURNING
        id, user_id,
        tstzrange(
            starts_at - before_buffer_minutes * interval '1 minute', ends_at + after_buffer_minutes * interval '1 minute'
        ) AS busy_range
)
INSERT INTO booking_hosts (booking_id, host_id, busy_range, overlap_group)
SELECT accepted.id, host.id, accepted.busy_range, COALESCE($2::bigint, accepted.id)
FROM accepted
CROSS JOIN LATERAL (
    SELECT accepted.user_id AS id
    UNION
    SELECT h.host_id FROM booking_hosts AS h WHERE h.booking_id = accepted.id
) AS host
ON CONFLICT (booking_id, host_id) DO UPDATE
SET busy_range = excluded.busy_range, overlap_group = COALESCE($2, booking_hosts.overlap_group);

-- name: give_to
-- $1 booking, $2 the new host, $3 whose place that is. Nothing where the new host has another booking there: in one
-- overlap group with it, as imported ones may be, the constraint would let it be. One that takes no time has none there.
WITH taken AS (
    SELECT other.booking_id
    FROM booking_hosts AS h
    JOIN booking_hosts AS other
        ON other.host_id = $2 AND other.booking_id <> $1 AND other.busy_range && h.busy_range
    WHERE h.booking_id = $1 AND h.host_id = $3
),
given AS (
    UPDATE booking_hosts SET host_id = $2
    WHERE booking_id = $1 AND host_id = $3 AND NOT EXISTS (SELECT FROM taken)
)
UPDATE bookings SET user_id = CASE WHEN user_id = $3 THEN $2 ELSE user_id END, updated_at = now()
WHERE id = $1 AND NOT EXISTS (SELECT FROM taken)
RETURNING id;

-- name: note_given
-- $1 uid drawn for a request, $2 to whom it gives a booking. Kept as long as the request is remembered.
UPDATE booking_requests SET given_to = $2 WHERE uid = $1;

-- name: given
-- $1 uid drawn for a request. To whom it gave a booking.
SELECT u.id, u.name, u.username, u.email, u.time_zone AS zone
FROM booking_requests AS r
JOIN users AS u ON u.id = r.given_to
WHERE r.uid = $1;

-- name: relocate
-- $1 booking, $2 where it takes place.
UPDATE bookings SET location = $2, updated_at = now() WHERE id = $1;

-- name: mark_host
-- $1 booking, $2 whether its host did not come.
UPDATE bookings SET host_absent = $2, updated_at = now() WHERE id = $1;

-- name: mark_attendees
-- $1 booking, $2 e-mails in lower case, $3 whether each did not come.
UPDATE booking_attendees AS a SET absent = said.absent
FROM unnest($2::text[], $3::boolean[]) AS said (email, absent)
WHERE a.booking_id = $1 AND lower(a.email) = said.email;

-- name: asked_for
-- Nobody sees a booking because an attendee has their address: addresses are not proved.
-- $1 user whose they are, or null for anybody's, $2 statuses, $3 attendee's e-mail, $4 attendee's name, $5 uid,
-- $6 event types, $7 teams, $8 organization, $9 people, $10 and $11 start after and end before, $12 and $13 made after
-- and before, $14 and $15 changed after and before, $16 now; null, or empty, does not matter. $17 to $20 order by start,
-- end, making and changing: 1 up, -1 down, 0 not. $21 how many, $22 after how many.
-- One row: how many there are, and the ids of those to show.
WITH person AS (
    SELECT u.id FROM users AS u WHERE u.id = $1::integer
),
theirs AS (
    SELECT b.id FROM person JOIN bookings AS b ON b.user_id = person.id
    UNION
    SELECT h.booking_id FROM person JOIN booking_hosts AS h ON h.host_id = person.id
    UNION
    SELECT b.id
    FROM person
    JOIN memberships AS m ON m.user_id = person.id AND m.accepted AND m.role IN ('ADMIN', 'OWNER')
    JOIN event_types AS e ON e.team_id = m.team_id
    JOIN bookings AS b ON b.event_type_id = e.id
),
members AS (
    SELECT user_id FROM profiles WHERE organization_id = $8::integer
    UNION
    SELECT user_id FROM memberships WHERE organization_id = $8 AND accepted
),
matching AS MATERIALIZED (
    SELECT b.id, b.starts_at, b.ends_at, b.created_at, b.updated_at
    FROM bookings AS b
    LEFT JOIN event_types AS e ON e.id = b.event_type_id
    LEFT JOIN teams AS t ON t.id = e.team_id
    WHERE ($1 IS NULL OR b.id IN (SELECT id FROM theirs))
        AND ($5::text IS NULL OR b.uid = $5)
        AND (cardinality($6::integer[]) = 0 OR b.event_type_id = ANY ($6))
        AND (cardinality($7::integer[]) = 0 OR e.team_id = ANY ($7))
        AND (
            $8 IS NULL
            OR t.parent_organization_id = $8
            OR t.id IS NULL AND b.user_id IN (SELECT user_id FROM members)
        )
        AND (
            cardinality($9::integer[]) = 0
            OR b.user_id = ANY ($9)
            OR b.id IN (SELECT h.booking_id FROM booking_hosts AS h WHERE h.host_id = ANY ($9))
        )
        AND (
            $3::text IS NULL
            OR b.id IN (SELECT a.booking_id FROM booking_attendees AS a WHERE lower(a.email) = lower($3))
        )
        AND (
            $4::text IS NULL
            OR EXISTS (
                SELECT FROM booking_attendees AS a
                WHERE a.booking_id = b.id AND position(lower($4) IN lower(a.name)) > 0
            )
        )
        AND ($10::timestamptz IS NULL OR b.starts_at >= $10)
        AND ($11::timestamptz IS NULL OR b.ends_at <= $11)
        AND ($12::timestamptz IS NULL OR b.created_at >= $12)
        AND ($13::timestamptz IS NULL OR b.created_at <= $13)
        AND ($14::timestamptz IS NULL OR b.updated_at >= $14)
        AND ($15::timestamptz IS NULL OR b.updated_at <= $15)
        AND (
            cardinality($2::text[]) = 0
            OR (
                'upcoming' = ANY ($2) AND b.status IN ('accepted', 'awaiting_host') AND b.ends_at > $16::timestamptz
            )
            OR ('past' = ANY ($2) AND b.status IN ('accepted', 'awaiting_host', 'pending') AND b.ends_at <= $16)
            OR ('cancelled' = ANY ($2) AND b.status IN ('cancelled', 'rejected'))
            OR ('unconfirmed' = ANY ($2) AND b.status = 'pending' AND b.ends_at > $16)
        )
)
SELECT
    (SELECT count(*) FROM matching) AS total,
    ARRAY(
        SELECT m.id
        FROM matching AS m
        ORDER BY
            $17::integer * extract(epoch FROM m.starts_at),
            $18::integer * extract(epoch FROM m.ends_at),
            $19::integer * extract(epoch FROM m.created_at),
            $20::integer * extract(epoch FROM m.updated_at),
            m.id
        LIMIT $21 OFFSET $22
    ) AS ids;
