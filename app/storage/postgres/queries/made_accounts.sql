-- name: create
-- $1 uid, $2 username, which gets an ending if another has it, $3 email, $4 name, $5 bio, $6 avatar, $7 time zone,
-- $8 start of the week, $9 time format, $10 locale, $11 metadata, $12 details, $13 client that manages it,
-- $14 organization that makes it; from $4 on each may be null.
INSERT INTO users (
    uid, username, email, name, bio, avatar_url, time_zone, week_start, time_format, locale, metadata, details,
    managed_by, made_by_organization
)
VALUES (
    $1::uuid,
    CASE
        WHEN EXISTS (SELECT FROM users WHERE username = $2) THEN $2 || '-' || left($1::uuid::text, 8)
        ELSE $2
    END,
    $3, $4, $5, $6, COALESCE($7, 'Europe/London'), COALESCE($8, 'Sunday'), COALESCE($9::smallint, 12), $10,
    COALESCE($11::jsonb, '{}'), $12, $13, $14
)
RETURNING id;

-- name: made_under
-- $1 uid. The id of what an earlier try at the same request made.
SELECT id FROM users WHERE uid = $1;

-- name: change
-- $1 user, $2 email, $3 name, $4 bio, $5 avatar, $6 time zone, $7 start of the week, $8 time format, $9 locale,
-- $10 metadata, each null where it stays, $11 details to add.
UPDATE users
SET
    email = COALESCE($2, email),
    name = COALESCE($3, name),
    bio = COALESCE($4, bio),
    avatar_url = COALESCE($5, avatar_url),
    time_zone = COALESCE($6, time_zone),
    week_start = COALESCE($7, week_start),
    time_format = COALESCE($8::smallint, time_format),
    locale = COALESCE($9, locale),
    metadata = COALESCE($10::jsonb, metadata),
    details = details || $11
WHERE id = $1;

-- name: accounts
-- $1 ids. A row for each that there is, in that order.
SELECT
    u.id, u.username, u.name, u.email, u.bio, u.avatar_url, u.time_zone, u.week_start, u.time_format, u.locale,
    default_schedule_of(u) AS default_schedule_id, u.allow_dynamic_booking, u.created_at, u.metadata, u.details
FROM unnest($1::integer[]) WITH ORDINALITY AS asked (id, position)
JOIN users AS u ON u.id = asked.id
ORDER BY asked.position;

-- name: lock
-- $1 user. Until the end nobody books them, nor changes their schedules.
SELECT id FROM users WHERE id = $1 FOR UPDATE;

-- name: owns_schedule
-- $1 user, $2 schedule.
SELECT EXISTS (SELECT FROM schedules WHERE id = $2 AND owner_id = $1);

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
