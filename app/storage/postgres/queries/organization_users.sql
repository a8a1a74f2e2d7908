-- name: listed
-- $1 organization, $2 one user or null for all, $3 lower-case e-mail addresses or null for all, $4 teams or null for
-- all, $5 how many, $6 how many to skip. Who belongs to it, with the profile that they have there.
WITH people AS (
    SELECT user_id FROM profiles WHERE organization_id = $1
    UNION
    SELECT user_id FROM memberships WHERE organization_id = $1 AND accepted
)
SELECT u.id, p.id AS profile_id, p.username
FROM people
JOIN users AS u ON u.id = people.user_id
LEFT JOIN profiles AS p ON p.user_id = u.id AND p.organization_id = $1
WHERE ($2::integer IS NULL OR u.id = $2)
    AND ($3::text[] IS NULL OR lower(u.email) = ANY ($3))
    AND ($4::integer[] IS NULL OR EXISTS (
        SELECT
        FROM memberships AS other
        JOIN teams AS t ON t.id = other.team_id AND t.parent_organization_id = $1
        WHERE other.user_id = u.id AND other.accepted AND other.team_id = ANY ($4)
    ))
ORDER BY u.id
LIMIT $5 OFFSET $6;

-- name: lock
-- $1 organization. Two changes to who belongs to it, and by what name, take turns.
SELECT id FROM organizations WHERE id = $1 FOR NO KEY UPDATE;

-- name: add_membership
-- $1 organization, $2 user, $3 role, $4 accepted.
INSERT INTO memberships (organization_id, user_id, role, accepted) VALUES ($1, $2, $3, $4);

-- name: add_profile
-- $1 organization, $2 user, $3 username.
INSERT INTO profiles (organization_id, user_id, username) VALUES ($1, $2, $3);

-- name: rename
-- $1 organization, $2 user, $3 username. Whoever has no name there gets one.
INSERT INTO profiles (organization_id, user_id, username) VALUES ($1, $2, $3)
ON CONFLICT (user_id, organization_id) DO UPDATE SET username = excluded.username;

-- name: is_last_owner
-- $1 organization, $2 user.
SELECT
    EXISTS (
        SELECT FROM memberships WHERE organization_id = $1 AND user_id = $2 AND role = 'OWNER' AND accepted
    )
    AND NOT EXISTS (
        SELECT FROM memberships WHERE organization_id = $1 AND user_id <> $2 AND role = 'OWNER' AND accepted
    );

-- name: delete_membership
-- $1 organization, $2 user.
DELETE FROM memberships WHERE organization_id = $1 AND user_id = $2;

-- name: made_by
-- $1 organization, $2 user. Whether the organization, or a client of it, made the account.
SELECT EXISTS (
    SELECT
    FROM users AS u
    LEFT JOIN oauth_clients AS c ON c.id = u.managed_by
    WHERE u.id = $2 AND (u.made_by_organization = $1 OR c.organization_id = $1)
);
