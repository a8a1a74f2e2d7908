-- name: in_organization
-- $1 user, $2 organization.
SELECT EXISTS (SELECT FROM memberships AS m WHERE m.user_id = $1 AND m.organization_id = $2 AND m.accepted)
    OR EXISTS (SELECT FROM profiles AS p WHERE p.user_id = $1 AND p.organization_id = $2);

-- name: team_in_organization
-- $1 team, $2 organization.
SELECT EXISTS (SELECT FROM teams WHERE id = $1 AND parent_organization_id = $2);
