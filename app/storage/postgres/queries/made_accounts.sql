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

-- name: lock_organizations
-- $1 user, $2 one more organization or null. Two changes to who belongs where the user does take turns.
SELECT id
FROM organizations
WHERE id = $2 OR id IN (SELECT organization_id FROM memberships WHERE user_id = $1)
ORDER BY id
FOR NO KEY UPDATE;

-- name: lock_teams
-- $1 user. As lock_organizations.
SELECT id FROM teams WHERE id IN (SELECT team_id FROM memberships WHERE user_id = $1) ORDER BY id FOR NO KEY UPDATE;

-- name: owns_alone
-- $1 user. Whether an organization, or a team of none that others belong to, has no other owner. Who runs an
-- organization runs its teams, which so need none of their own.
SELECT EXISTS (
    SELECT
    FROM memberships AS mine
    LEFT JOIN teams AS t ON t.id = mine.team_id
    WHERE mine.user_id = $1 AND mine.role = 'OWNER' AND mine.accepted AND t.parent_organization_id IS NULL
        AND (mine.organization_id IS NOT NULL OR EXISTS (
            SELECT
            FROM memberships AS other
            WHERE other.team_id = mine.team_id AND other.user_id <> $1 AND other.accepted
        ))
        AND NOT EXISTS (
            SELECT
            FROM memberships AS other
            WHERE (other.team_id = mine.team_id OR other.organization_id = mine.organization_id)
                AND other.user_id <> $1 AND other.accepted AND other.role = 'OWNER'
        )
);

-- name: has_bookings_ahead
-- $1 user. Whether appointments with them are not over yet.
SELECT EXISTS (
    SELECT
    FROM bookings AS b
    WHERE b.ends_at > now() AND b.status IN ('accepted', 'pending', 'awaiting_host')
        AND (b.user_id = $1 OR EXISTS (SELECT FROM booking_hosts AS h WHERE h.booking_id = b.id AND h.host_id = $1))
);

-- name: hand_over_bookings
-- $1 user. What others hosted too is theirs from now on.
UPDATE bookings AS b
SET user_id = shared.host_id, updated_at = now()
FROM (SELECT booking_id, min(host_id) AS host_id FROM booking_hosts WHERE host_id <> $1 GROUP BY booking_id) AS shared
WHERE b.user_id = $1 AND shared.booking_id = b.id;

-- name: delete_bookings
-- $1 user. Those that they hosted alone; they leave the others.
WITH shared AS (
    DELETE FROM booking_hosts WHERE host_id = $1
)
DELETE FROM bookings WHERE user_id = $1;

-- name: delete_teams
-- $1 user. Teams of no organization that nobody else belongs to.
DELETE FROM teams AS t
WHERE t.parent_organization_id IS NULL
    AND EXISTS (SELECT FROM memberships AS m WHERE m.team_id = t.id AND m.user_id = $1 AND m.accepted)
    AND NOT EXISTS (SELECT FROM memberships AS m WHERE m.team_id = t.id AND m.user_id <> $1 AND m.accepted);

-- name: delete
-- $1 user.
DELETE FROM users WHERE id = $1;
