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

-- name: lock_user
-- $1 user. A row if there is one, who is there until the end.
SELECT id FROM users WHERE id = $1 FOR KEY SHARE;

-- name: organization_run_by
-- $1 user. The organization that a person runs, the first of several.
SELECT min(organization_id) FROM memberships WHERE user_id = $1 AND accepted AND role IN ('ADMIN', 'OWNER');

-- name: create
-- $1 id, $2 hash of the secret, $3 name, $4 owner or null, $5 organization or null, $6 details.
INSERT INTO oauth_clients (id, secret_hash, name, owner_id, organization_id, details) VALUES ($1, $2, $3, $4, $5, $6);

-- name: change
-- $1 client, $2 name or null, $3 details to add.
UPDATE oauth_clients SET name = COALESCE($2, name), details = details || $3 WHERE id = $1;

-- name: lock
-- $1 client. Nobody makes users of it any more.
SELECT id FROM oauth_clients WHERE id = $1 FOR UPDATE;

-- name: hand_over_users
-- $1 client. Of an organization's client the users become the organization's own.
UPDATE users AS u
SET made_by_organization = COALESCE(u.made_by_organization, c.organization_id)
FROM oauth_clients AS c
WHERE c.id = $1 AND u.managed_by = c.id AND c.organization_id IS NOT NULL;

-- name: delete
-- $1 client.
DELETE FROM oauth_clients WHERE id = $1;
