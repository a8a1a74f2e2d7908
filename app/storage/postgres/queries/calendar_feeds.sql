-- name: zone_of
-- $1 user.
SELECT time_zone FROM users WHERE id = $1;

-- name: lock_user
-- $1 user. A row if it is there; who saves its feeds takes turns.
SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE;

-- name: connect
-- $1 user, $2 whether nothing is to be written to its calendars.
INSERT INTO calendar_connections (user_id, read_only) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE SET read_only = excluded.read_only
RETURNING id, user_id, read_only;

-- name: drop_others
-- $1 connection, $2 URLs. Feeds that are no longer meant, with their busy times.
DELETE FROM calendar_feeds WHERE connection_id = $1 AND url <> ALL ($2::text[]);

-- name: note
-- $1 connection, $2 URL, $3 what was wrong, $4 the status answered or null. When it is read next stays as it was.
UPDATE calendar_feeds SET fault = $3, fault_status = $4 WHERE connection_id = $1 AND url = $2;

-- name: keep
-- $1 connection, $2 URL, $3 name or null, $4 minutes until it is read again; some more, lest feeds that were saved
-- together be read together for ever.
INSERT INTO calendar_feeds (connection_id, url, name, due_at)
VALUES ($1, $2, $3, now() + $4 * (1 + random() / 10) * interval '1 minute')
ON CONFLICT (connection_id, url) DO UPDATE
SET name = excluded.name, refreshed_at = now(), due_at = excluded.due_at, fault = NULL, fault_status = NULL
RETURNING id;

-- name: drop_busy
-- $1 feed, $2 beginnings and $3 ends of its busy times. What else was known of it, in whatever way.
DELETE FROM busy_times
WHERE feed_id = $1 AND (
    feed_is_dead
    OR (starts_at, ends_at) NOT IN (SELECT told.* FROM unnest($2::timestamptz[], $3::timestamptz[]) AS told)
);

-- name: add_busy
-- $1 feed, $2 beginnings and $3 ends of its busy times. Those that are not known yet.
INSERT INTO busy_times (user_id, feed_id, starts_at, ends_at)
SELECT c.user_id, f.id, told.starts_at, told.ends_at
FROM calendar_feeds AS f
JOIN calendar_connections AS c ON c.id = f.connection_id
CROSS JOIN (
    SELECT * FROM unnest($2::timestamptz[], $3::timestamptz[])
    EXCEPT
    SELECT starts_at, ends_at FROM busy_times WHERE feed_id = $1
) AS told (starts_at, ends_at)
WHERE f.id = $1;

-- name: connection
-- $1 user.
SELECT id, user_id, read_only FROM calendar_connections WHERE user_id = $1;

-- name: feeds
-- $1 connection.
SELECT
    f.id, f.url, f.name, f.refreshed_at, f.fault, f.fault_status,
    EXISTS (SELECT FROM busy_times AS b WHERE b.feed_id = f.id AND b.feed_is_dead) AS closes
FROM calendar_feeds AS f
WHERE f.connection_id = $1
ORDER BY f.id;

-- name: lock_connection
-- $1 connection, $2 user. A row if it is theirs.
SELECT id, user_id, read_only FROM calendar_connections WHERE id = $1 AND user_id = $2 FOR UPDATE;

-- name: disconnect
-- $1 connection.
DELETE FROM calendar_connections WHERE id = $1;

-- name: busy
-- $1 user, $2 and $3 a stretch.
SELECT starts_at, ends_at, feed_id, feed_is_dead
FROM busy_times
WHERE user_id = $1 AND ends_at > $2 AND starts_at < $3
ORDER BY starts_at, ends_at, id;

-- name: take
-- $1 seconds that it is put off. In whole milliseconds, as its taker remembers it.
WITH due AS (
    SELECT id FROM calendar_feeds WHERE due_at <= now() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE calendar_feeds AS f
SET due_at = date_trunc('milliseconds', now()) + $1 * interval '1 second'
FROM due, calendar_connections AS c, users AS u
WHERE f.id = due.id AND c.id = f.connection_id AND u.id = c.user_id
RETURNING f.id, f.url, f.due_at, u.time_zone;

-- name: lock_owner
-- $1 feed. Before the feed, in the order in which they go when somebody is deleted.
SELECT FROM users AS u
JOIN calendar_connections AS c ON c.user_id = u.id
JOIN calendar_feeds AS f ON f.connection_id = c.id
WHERE f.id = $1
FOR KEY SHARE OF u;

-- name: refreshed
-- $1 feed, $2 until when it was taken, $3 name or null, $4 minutes until it is read again. A row if nobody took or
-- saved it since.
UPDATE calendar_feeds
SET
    name = $3, refreshed_at = now(), fault = NULL, fault_status = NULL,
    due_at = now() + $4 * (1 + random() / 10) * interval '1 minute'
WHERE id = $1 AND due_at = $2
RETURNING id;

-- name: failed
-- $1 feed, $2 until when it was taken, $3 what was wrong, $4 the status answered or null, $5 minutes until it is read
-- again, which become more the longer it cannot be read, up to six hours; $6 after how many hours it is dead. A row if
-- nobody took or saved it since; whether it is dead.
UPDATE calendar_feeds
SET
    fault = $3, fault_status = $4,
    due_at = now() + (1 + random() / 10)
        * greatest($5 * interval '1 minute', least((now() - refreshed_at) / 4, interval '6 hours'))
WHERE id = $1 AND due_at = $2
RETURNING refreshed_at <= now() - $6 * interval '1 hour' AS is_dead;

-- name: open
-- $1 feed. Its owner is no longer busy throughout.
DELETE FROM busy_times WHERE feed_id = $1 AND feed_is_dead;

-- name: close
-- $1 feed. Its owner is busy throughout: from the first to the last moment that a listing can ask about.
INSERT INTO busy_times (user_id, feed_id, starts_at, ends_at, feed_is_dead)
SELECT c.user_id, f.id, now() - interval '1 day', '9000-01-01 00:00Z', true
FROM calendar_feeds AS f
JOIN calendar_connections AS c ON c.id = f.connection_id
WHERE f.id = $1 AND NOT EXISTS (SELECT FROM busy_times AS b WHERE b.feed_id = f.id AND b.feed_is_dead);
