-- name: accounts
-- $1 users. A row for each that there is, in the order given.
SELECT
    u.id, u.username, u.email, u.name, u.time_zone, u.week_start, u.time_format, u.locale, u.avatar_url, u.bio,
    u.metadata,
    default_schedule_of(u) AS default_schedule_id,
    (
        SELECT min(belonging.organization_id)
        FROM (
            SELECT m.organization_id FROM memberships AS m WHERE m.user_id = u.id AND m.accepted
            UNION ALL
            SELECT p.organization_id FROM profiles AS p WHERE p.user_id = u.id
        ) AS belonging
    ) AS organization_id,
    u.allow_dynamic_booking, u.created_at, u.details
FROM unnest($1::integer[]) WITH ORDINALITY AS asked (id, position)
JOIN users AS u ON u.id = asked.id
ORDER BY asked.position;

-- name: lock
-- $1 user. Two writes to one account take turns, and with those to its schedules.
SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE;

-- name: change
-- $1 user; then what an account says for itself. In another zone, feeds may mean other times: they are read anew.
WITH feeds_to_read AS (
    UPDATE calendar_feeds AS f
    SET due_at = now()
    FROM calendar_connections AS c, users AS u
    WHERE f.connection_id = c.id AND c.user_id = u.id AND u.id = $1 AND u.time_zone <> $4
)
UPDATE users
SET email = $2, name = $3, time_zone = $4, week_start = $5, time_format = $6, locale = $7, avatar_url = $8, bio = $9,
    metadata = $10
WHERE id = $1;

-- name: schedule_owner
-- $1 schedule.
SELECT owner_id FROM schedules WHERE id = $1;
