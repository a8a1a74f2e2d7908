-- name: busy_times
-- $1 hosts, $2 and $3 the stretch asked about, $4 and $5 the same with the largest buffer around it, $6 a seated event
-- type or null.
-- One row of two JSON lists: the bookings that may block ($4, $5) in the order they were made, and what calendars
-- report. A booking is a host's who is its user, is assigned to it, or has an attendee's address; the seated type's
-- bookings come whoever hosts them. Instants are milliseconds.
WITH addresses AS MATERIALIZED (
    SELECT lower(email) AS email FROM users WHERE id = ANY ($1::integer[])
),
found AS MATERIALIZED (
    SELECT b.id
    FROM bookings AS b
    WHERE b.user_id = ANY ($1::integer[]) AND b.ends_at > $4 AND b.starts_at < $5
        AND b.status IN ('accepted', 'pending', 'awaiting_host')
    UNION
    SELECT h.booking_id
    FROM booking_hosts AS h
    WHERE h.host_id = ANY ($1::integer[]) AND h.busy_range && tstzrange($4, $5)
    UNION
    SELECT a.booking_id
    FROM addresses
    JOIN booking_attendees AS a ON lower(a.email) = addresses.email
    UNION
    SELECT b.id
    FROM bookings AS b
    WHERE b.event_type_id = $6::integer AND b.ends_at > $4 AND b.starts_at < $5
        AND b.status IN ('accepted', 'pending', 'awaiting_host')
),
booked AS MATERIALIZED (
    SELECT
        b.id, b.uid, b.event_type_id, b.user_id, b.starts_at, b.ends_at, b.status,
        -- As booked, which is what the database bars others from too, whatever became of the event type since.
        b.before_buffer_minutes AS before_buffer,
        b.after_buffer_minutes AS after_buffer,
        b.status <> 'pending' OR EXISTS (
            SELECT FROM booking_hosts AS h WHERE h.booking_id = b.id AND h.busy_range IS NOT NULL
        ) AS pending_blocks
    FROM found
    JOIN bookings AS b ON b.id = found.id
    WHERE b.status IN ('accepted', 'pending', 'awaiting_host') AND b.ends_at > $4 AND b.starts_at < $5
),
attending AS (
    SELECT
        a.booking_id,
        json_agg(a.email ORDER BY a.position) AS emails,
        json_agg(u.id) FILTER (WHERE u.id IS NOT NULL) AS user_ids
    FROM booked
    JOIN booking_attendees AS a ON a.booking_id = booked.id
    LEFT JOIN users AS u ON lower(u.email) = lower(a.email)
    GROUP BY a.booking_id
),
assigned AS (
    SELECT h.booking_id, json_agg(h.host_id) AS host_ids
    FROM booked
    JOIN booking_hosts AS h ON h.booking_id = booked.id
    GROUP BY h.booking_id
)
SELECT
    (
        SELECT json_agg(json_build_array(
            booked.uid,
            booked.event_type_id,
            booked.user_id,
            CAST(floor(extract(epoch FROM booked.starts_at) * 1000) AS bigint),
            CAST(floor(extract(epoch FROM booked.ends_at) * 1000) AS bigint),
            booked.status,
            booked.before_buffer,
            booked.after_buffer,
            booked.pending_blocks,
            attending.emails,
            attending.user_ids,
            assigned.host_ids
        ) ORDER BY booked.id)
        FROM booked
        LEFT JOIN attending ON attending.booking_id = booked.id
        LEFT JOIN assigned ON assigned.booking_id = booked.id
    ) AS bookings,
    (
        SELECT json_agg(json_build_array(
            t.user_id,
            CAST(floor(extract(epoch FROM t.starts_at) * 1000) AS bigint),
            CAST(floor(extract(epoch FROM t.ends_at) * 1000) AS bigint)
        ) ORDER BY t.id)
        FROM busy_times AS t
        WHERE t.user_id = ANY ($1::integer[]) AND t.ends_at > $2 AND t.starts_at < $3
    ) AS calendars;

-- name: accepted_bookings
-- $1 event types, $2 and $3 a stretch. The accepted bookings that start there, whoever hosts them, in the order they were
-- made. Instants are milliseconds.
SELECT
    b.uid, b.event_type_id,
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
SELECT
    host.id AS host_id,
    count(given.id) AS bookings,
    COALESCE(GREATEST(max(given.id), (
        SELECT max(b.id)
        FROM bookings AS b
        WHERE b.event_type_id = $1::integer AND b.user_id = host.id
    )), 0) AS last_booked
FROM unnest($2::integer[]) AS host (id)
LEFT JOIN LATERAL (
    SELECT b.id
    FROM bookings AS b
    WHERE b.event_type_id = $1 AND b.ends_at > $3 AND b.starts_at >= $3 AND b.starts_at < $4
        AND b.status IN ('accepted', 'pending', 'awaiting_host')
        AND (
            b.user_id = host.id
            OR EXISTS (SELECT FROM booking_hosts AS h WHERE h.booking_id = b.id AND h.host_id = host.id)
        )
) AS given ON true
GROUP BY host.id;
