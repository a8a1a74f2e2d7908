-- name: listed
-- $1 client, $2 one user or null for all, $3 lower-case e-mail addresses or null for all, $4 how many, $5 how many to
-- skip. Ids of a client's users.
SELECT id
FROM users
WHERE managed_by = $1 AND ($2::integer IS NULL OR id = $2) AND ($3::text[] IS NULL OR lower(email) = ANY ($3))
ORDER BY id
LIMIT $4 OFFSET $5;

-- name: lock_client
-- $1 client. Its organization, and whether its users begin with event types; nobody deletes it until the end.
SELECT organization_id, details @> '{"areDefaultEventTypesEnabled": true}' AS with_event_types
FROM oauth_clients
WHERE id = $1
FOR KEY SHARE;

-- name: add_membership
-- $1 organization, $2 user.
INSERT INTO memberships (organization_id, user_id, role, accepted) VALUES ($1, $2, 'MEMBER', true);

-- name: add_event_types
-- $1 user.
INSERT INTO event_types (owner_id, slug, title, length_minutes)
VALUES ($1, 'thirty-minutes', '30 minutes', 30), ($1, 'sixty-minutes', '60 minutes', 60);
