-- name: create
-- $1 uid, $2 username, which gets an ending if another has it, $3 email, $4 time zone, $5 client that manages it or
-- null, $6 organization that makes it or null.
INSERT INTO users (uid, username, email, time_zone, managed_by, made_by_organization)
VALUES (
    $1::uuid,
    CASE
        WHEN EXISTS (SELECT FROM users WHERE username = $2) THEN $2 || '-' || left($1::uuid::text, 8)
        ELSE $2
    END,
    $3, $4, $5, $6
)
RETURNING id;

-- name: made_under
-- $1 uid. The id of what an earlier try at the same request made.
SELECT id FROM users WHERE uid = $1;

-- name: add_details
-- $1 user, $2 details; those not named stay.
UPDATE users SET details = details || $2 WHERE id = $1;

-- name: lock
-- $1 user. Until the end nobody books them, nor changes their schedules.
SELECT id FROM users WHERE id = $1 FOR UPDATE;

-- name: has_bookings_ahead
-- $1 user. Whether appointments with them are not over yet.
SELECT EXISTS (
    SELECT
    FROM bookings AS b
    WHERE b.ends_at > now() AND b.status IN ('accepted', 'pending', 'awaiting_host')
        AND (b.user_id = $1 OR EXISTS (SELECT FROM booking_hosts AS h WHERE h.booking_id = b.id AND h.host_id = $1))
);

-- name: delete_bookings
-- $1 user. Those that they hosted first; they leave the others that they hosted too.
WITH shared AS (
    DELETE FROM booking_hosts WHERE host_id = $1
)
DELETE FROM bookings WHERE user_id = $1;

-- name: delete
-- $1 user.
DELETE FROM users WHERE id = $1;
