-- name: listed
-- $1 user, $2 one client or null for all, $3 how many, $4 how many to skip. The clients that a person runs.
SELECT c.id, c.name, c.organization_id, c.created_at, c.details
FROM oauth_clients AS c
WHERE ($2::text IS NULL OR c.id = $2) AND (c.owner_id = $1 OR EXISTS (
    SELECT
    FROM memberships AS m
    WHERE m.organization_id = c.organization_id AND m.user_id = $1 AND m.accepted AND m.role IN ('ADMIN', 'OWNER')
))
ORDER BY c.created_at, c.id
LIMIT $3 OFFSET $4;

-- name: organization_run_by
-- $1 user. The organization that a person runs, the first of several.
SELECT min(organization_id) FROM memberships WHERE user_id = $1 AND accepted AND role IN ('ADMIN', 'OWNER');

-- name: create
-- $1 id, $2 hash of the secret, $3 name, $4 owner or null, $5 organization or null, $6 details.
INSERT INTO oauth_clients (id, secret_hash, name, owner_id, organization_id, details) VALUES ($1, $2, $3, $4, $5, $6);

-- name: change
-- $1 client, $2 name or null, $3 details to add.
UPDATE oauth_clients SET name = COALESCE($2, name), details = details || $3 WHERE id = $1;

-- name: delete
-- $1 client.
DELETE FROM oauth_clients WHERE id = $1;
