-- name: of_user
-- $1 user, $2 and $3 the directions by start and by end or null, $4 how many, $5 how many to skip.
SELECT *
FROM out_of_office
WHERE user_id = $1
ORDER BY
    CASE WHEN $2 = 'asc' THEN starts_at END, CASE WHEN $2 = 'desc' THEN starts_at END DESC,
    CASE WHEN $3 = 'asc' THEN ends_at END, CASE WHEN $3 = 'desc' THEN ends_at END DESC,
    id
LIMIT $4 OFFSET $5;

-- name: of_organization
-- $1 organization, $2 and $3 the directions by start and by end or null, $4 how many, $5 how many to skip,
-- $6 a member's e-mail address or null.
SELECT o.*
FROM out_of_office AS o
JOIN users AS u ON u.id = o.user_id
WHERE o.user_id IN (
    SELECT m.user_id FROM memberships AS m WHERE m.organization_id = $1 AND m.accepted
    UNION
    SELECT p.user_id FROM profiles AS p WHERE p.organization_id = $1
)
    AND ($6::text IS NULL OR lower(u.email) = lower($6))
ORDER BY
    CASE WHEN $2 = 'asc' THEN o.starts_at END, CASE WHEN $2 = 'desc' THEN o.starts_at END DESC,
    CASE WHEN $3 = 'asc' THEN o.ends_at END, CASE WHEN $3 = 'desc' THEN o.ends_at END DESC,
    o.id
LIMIT $4 OFFSET $5;

-- name: lock_user
-- $1 user. A row if there is one. Two writes to one person's entries take turns.
SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE;

-- name: made_under
-- $1 uid. What an earlier try at the same request made.
SELECT * FROM out_of_office WHERE uid = $1;

-- name: one
-- $1 entry, $2 user.
SELECT * FROM out_of_office WHERE id = $1 AND user_id = $2;

-- name: counted
-- $1 user. How many entries rules are read with: those that are not over, or only lately.
SELECT count(*) FROM out_of_office WHERE user_id = $1 AND ends_at > now() - interval '400 days';

-- name: twice
-- $1 user, $2 start, $3 end, $4 an entry that does not count or null. Whether another one is the same.
SELECT EXISTS (
    SELECT FROM out_of_office
    WHERE user_id = $1 AND starts_at = $2 AND ends_at = $3 AND id IS DISTINCT FROM $4::integer
);

-- name: may_cover
-- $1 user, $2 who is to cover. Whether the two are different people of one team or organization.
SELECT EXISTS (
    SELECT
    FROM memberships AS own
    JOIN memberships AS theirs
        ON theirs.team_id = own.team_id OR theirs.organization_id = own.organization_id
    WHERE own.user_id = $1 AND theirs.user_id = $2 AND $1 <> $2 AND own.accepted AND theirs.accepted
);

-- name: create
-- $1 user, $2 start, $3 end, $4 reason, $5 notes or null, $6 who covers or null, $7 uid.
INSERT INTO out_of_office (user_id, starts_at, ends_at, reason_id, notes, to_user_id, uid)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING *;

-- name: change
-- $1 user, $2 start, $3 end, $4 reason, $5 notes or null, $6 who covers or null, $7 entry.
UPDATE out_of_office
SET starts_at = $2, ends_at = $3, reason_id = $4, notes = $5, to_user_id = $6
WHERE user_id = $1 AND id = $7
RETURNING *;

-- name: delete
-- $1 entry, $2 user. What was deleted.
DELETE FROM out_of_office WHERE id = $1 AND user_id = $2 RETURNING *;
