-- name: busy_times
-- $1 hosts, $2 and $3 the stretch asked about, $4 and $5 the same with the largest buffer around it, $6 a seated event
-- type or null.
-- One row of two JSON lists: the bookings that may block ($4, $5) in the order they were made, and what calendars
-- report. A booking is a host's who is its user, is assigned to it, or has an attendee's address; the seated type's
-- bookings come whoever hosts them. Instants are milliseconds. Migration 0017 has the text, and 0016 tells why.
SELECT bookings, calendars FROM busy_times_of($1, $2, $3, $4, $5, $6);

-- name: accepted_bookings
-- $1 event types, $2 and $3 a stretch. The accepted bookings that start there, whoever hosts them, in the order they were
-- made; of seated ones also the attendees' addresses. Instants are milliseconds.
SELECT
    b.uid, b.event_type_id, b.seated,
    ARRAY(
        SELECT a.email FROM booking_attendees AS a WHERE b.seated AND a.booking_id = b.id ORDER BY a.position
    ) AS emails,
    ARRAY[b.user_id] || ARRAY(
        SELECT h.host_id FROM booking_hosts AS h WHERE h.booking_id = b.id
    ) || ARRAY(
        SELECT u.id
        FROM booking_attendees AS a
        JOIN users AS u ON lower(u.email) = lower(a.email)
        WHERE a.booking_id = b.id
    ) AS host_ids,
    CAST(floor(extract(epoch FROM b.starts_at) * 1000) AS bigint) AS starts_at,
    CAST(floor(extract(epoch FROM b.ends_at) * 1000) AS bigint) AS ends_at
FROM bookings AS b
WHERE b.event_type_id = ANY ($1::integer[])
    AND b.status = 'accepted'
    AND b.ends_at > $2 AND b.starts_at >= $2 AND b.starts_at < $3
ORDER BY b.id;

-- name: workloads
-- $1 event type, $2 hosts, $3 and $4 a month.
-- A row a host: how many of the type's bookings that take time start in the month, and the last one made, whenever it
-- starts. A later booking has a higher id.
WITH given AS (
    SELECT b.id, b.user_id
    FROM bookings AS b
    WHERE b.event_type_id = $1::integer AND b.ends_at > $3 AND b.starts_at >= $3 AND b.starts_at < $4
        AND b.status IN ('accepted', 'pending', 'awaiting_host')
),
hosted AS (
    SELECT id, user_id AS host_id FROM given
    UNION
    -- OFFSET keeps PostgreSQL from reading all hosts of all bookings instead, where it guesses that there are many.
    SELECT given.id, assigned.host_id
    FROM given
    CROSS JOIN LATERAL (SELECT h.host_id FROM booking_hosts AS h WHERE h.booking_id = given.id OFFSET 0) AS assigned
)
SELECT
    host.id AS host_id,
    count(hosted.id) AS bookings,
    COALESCE(GREATEST(max(hosted.id), (
        SELECT max(b.id)
        FROM bookings AS b
        WHERE b.event_type_id = $1 AND b.user_id = host.id
    )), 0) AS last_booked
FROM unnest($2::integer[]) AS host (id)
LEFT JOIN hosted ON hosted.host_id = host.id
GROUP BY host.id;
