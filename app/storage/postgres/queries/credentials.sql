-- name: owner_of_token
-- $1 hash of a token. The user whose live API key or access token it is; a refresh token opens nothing by itself.
SELECT user_id, kind = 'api_key' AS is_api_key
FROM credentials
WHERE secret_hash = $1 AND kind <> 'refresh_token'
    AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());

-- name: create
-- $1 kind, $2 user, $3 hash, $4 hint, $5 expiry or null. No row where there is no such user.
INSERT INTO credentials (kind, user_id, secret_hash, hint, expires_at)
SELECT $1, id, $3, $4, $5
FROM users
WHERE id = $2
RETURNING id;

-- name: revoke
-- $1 credential. A row if there is a live one.
UPDATE credentials SET revoked_at = now()
WHERE id = $1 AND revoked_at IS NULL
RETURNING id;

-- name: list
-- $1 user or null for everybody.
SELECT id, kind, user_id, hint, created_at, expires_at, revoked_at
FROM credentials
WHERE $1::integer IS NULL OR user_id = $1
ORDER BY id;

-- name: oauth_client
-- $1 the client's id.
SELECT secret_hash, owner_id, organization_id
FROM oauth_clients
WHERE id = $1;

-- name: has_tie
-- $1 event type, $2 user or null, $3 organization or null: the caller.
-- Whether the caller owns the event type, shares a team or organization with its owner, or belongs to its team or that
-- team's organization. A profile in an organization counts as belonging to it.
WITH event_type AS (
    SELECT e.owner_id, e.team_id, t.parent_organization_id
    FROM event_types AS e
    LEFT JOIN teams AS t ON t.id = e.team_id
    WHERE e.id = $1
),
belongs AS (
    SELECT user_id, team_id, organization_id FROM memberships WHERE accepted
    UNION ALL
    SELECT user_id, NULL, organization_id FROM profiles
),
callers AS (
    SELECT team_id, organization_id FROM belongs WHERE user_id = $2
    UNION ALL
    SELECT NULL, $3::integer
),
theirs AS (
    SELECT belongs.team_id, belongs.organization_id
    FROM event_type
    JOIN belongs ON belongs.user_id = event_type.owner_id
    UNION ALL
    SELECT team_id, NULL FROM event_type
    UNION ALL
    SELECT NULL, parent_organization_id FROM event_type
)
SELECT
    EXISTS (SELECT FROM event_type WHERE owner_id = $2::integer)
    OR EXISTS (SELECT FROM callers JOIN theirs USING (team_id))
    OR EXISTS (SELECT FROM callers JOIN theirs USING (organization_id));

-- name: exchange
-- $1 hash of a live API key, which ends, $2 hash of the new one, $3 hint, $4 expiry or null. No row where there is none.
WITH ended AS (
    UPDATE credentials SET revoked_at = now()
    WHERE secret_hash = $1 AND kind = 'api_key' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    RETURNING user_id
)
INSERT INTO credentials (kind, user_id, secret_hash, hint, expires_at)
SELECT 'api_key', user_id, $2, $3, $4 FROM ended
RETURNING id;

-- name: end_tokens
-- $1 client, $2 user. Tokens of clients live for an hour and come by the thousand: none is kept after its end.
DELETE FROM credentials WHERE client_id = $1 AND user_id = $2;

-- name: create_token
-- $1 kind, $2 user, $3 hash, $4 hint, $5 expiry, $6 client.
INSERT INTO credentials (kind, user_id, secret_hash, hint, expires_at, client_id) VALUES ($1, $2, $3, $4, $5, $6);

-- name: user_of_refresh_token
-- $1 client, $2 hash. The user whose live refresh token it is.
SELECT user_id
FROM credentials
WHERE client_id = $1 AND secret_hash = $2 AND kind = 'refresh_token' AND expires_at > now();
