-- name: team_role
-- $1 team, $2 user or null, $3 organization or null: the caller.
-- A row if there is such a team: the caller's role in it as a member, and in its organization, each null for none.
SELECT
    (SELECT m.role FROM memberships AS m WHERE m.team_id = t.id AND m.user_id = $2 AND m.accepted) AS in_team,
    (
        SELECT m.role
        FROM memberships AS m
        WHERE m.organization_id = t.parent_organization_id AND m.user_id = $2 AND m.accepted
    ) AS in_organization,
    COALESCE(t.parent_organization_id = $3::integer, false) AS is_organization
FROM teams AS t
WHERE t.id = $1;

-- name: organization_role
-- $1 organization, $2 user or null, $3 organization or null: the caller.
-- A row if there is such an organization: the caller's role in it, null for none. A profile there makes a member.
SELECT
    COALESCE(
        (SELECT m.role FROM memberships AS m WHERE m.organization_id = o.id AND m.user_id = $2 AND m.accepted),
        (SELECT 'MEMBER' FROM profiles AS p WHERE p.organization_id = o.id AND p.user_id = $2)
    ) AS in_organization,
    COALESCE(o.id = $3::integer, false) AS is_organization
FROM organizations AS o
WHERE o.id = $1;

-- name: roles_over
-- $1 people, $2 user or null, $3 organization or null: the caller.
-- A row for every organization that one of the people belongs to and the caller has a role in.
SELECT m.role AS in_organization, COALESCE(o.id = $3::integer, false) AS is_organization
FROM organizations AS o
LEFT JOIN memberships AS m ON m.organization_id = o.id AND m.user_id = $2 AND m.accepted
WHERE o.id IN (
    SELECT organization_id FROM profiles WHERE user_id = ANY ($1::integer[])
    UNION
    SELECT organization_id FROM memberships
    WHERE user_id = ANY ($1) AND organization_id IS NOT NULL AND accepted
);

-- name: teams_of
-- $1 teams, $2 user or null. Those that the user belongs to.
SELECT team_id FROM memberships WHERE team_id = ANY ($1::integer[]) AND user_id = $2::integer AND accepted;
