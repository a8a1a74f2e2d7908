-- name: find
-- $1 team.
SELECT id, parent_organization_id, COALESCE(name, slug) AS name, slug, details FROM teams WHERE id = $1;

-- name: of_member
-- $1 user, $2 organization or null for all, $3 how many, $4 how many to skip.
SELECT t.id, t.parent_organization_id, COALESCE(t.name, t.slug) AS name, t.slug, t.details
FROM teams AS t
JOIN memberships AS m ON m.team_id = t.id
WHERE m.user_id = $1 AND m.accepted AND ($2::integer IS NULL OR t.parent_organization_id = $2)
ORDER BY t.id
LIMIT $3 OFFSET $4;

-- name: of_organization
-- $1 organization, $2 how many, $3 how many to skip.
SELECT id, parent_organization_id, COALESCE(name, slug) AS name, slug, details
FROM teams
WHERE parent_organization_id = $1
ORDER BY id
LIMIT $2 OFFSET $3;

-- name: made_under
-- $1 uid. The id of what an earlier try at the same request made.
SELECT id FROM teams WHERE uid = $1;

-- name: create
-- $1 uid, $2 slug, $3 name, $4 organization or null, $5 details. No row where another one has the slug.
INSERT INTO teams (uid, slug, name, parent_organization_id, details)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT teams_slug_key DO NOTHING
RETURNING id;

-- name: add_owner
-- $1 team, $2 user, $3 whether they accept. No row where there is no such user.
INSERT INTO memberships (team_id, user_id, role, accepted)
SELECT $1, id, 'OWNER', $3 FROM users WHERE id = $2 FOR KEY SHARE
RETURNING id;

-- name: change
-- $1 team, $2 name or null, $3 slug or null, $4 details, $5 whether limits include managed event types, or null.
-- A row if there is one.
UPDATE teams
SET
    name = COALESCE($2, name),
    slug = COALESCE($3, slug),
    details = details || $4,
    include_managed_events_in_limits = COALESCE($5, include_managed_events_in_limits)
WHERE id = $1
RETURNING id;

-- name: delete_limits
DELETE FROM booking_limits WHERE team_id = $1;

-- name: add_limit
-- $1 team, $2 period, $3 how many bookings at most.
INSERT INTO booking_limits (team_id, counts, period, most) VALUES ($1, 'bookings', $2, $3);

-- name: delete
-- $1 team. What it was, if there was one.
DELETE FROM teams WHERE id = $1
RETURNING id, parent_organization_id, COALESCE(name, slug) AS name, slug, details;
