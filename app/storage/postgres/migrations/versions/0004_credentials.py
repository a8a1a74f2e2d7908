"""Who may ask: API keys, access tokens and OAuth clients. Of a secret only its SHA-256 is kept."""

from alembic import op

revision = "0004"
down_revision = "0003"

CREDENTIALS = """
CREATE TABLE credentials (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    secret_hash bytea NOT NULL CONSTRAINT credentials_secret_hash_key UNIQUE,
    hint text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT credentials_kind CHECK (kind IN ('api_key', 'access_token')),
    CONSTRAINT credentials_secret_hash CHECK (length(secret_hash) = 32)
)
"""

CREDENTIALS_USER = "CREATE INDEX credentials_user ON credentials (user_id)"

OAUTH_CLIENTS = """
CREATE TABLE oauth_clients (
    id text PRIMARY KEY,
    secret_hash bytea NOT NULL,
    name text,
    owner_id integer REFERENCES users ON DELETE CASCADE,
    organization_id integer REFERENCES organizations ON DELETE CASCADE,
    CONSTRAINT oauth_clients_of_one CHECK (num_nonnulls(owner_id, organization_id) = 1),
    CONSTRAINT oauth_clients_secret_hash CHECK (length(secret_hash) = 32)
)
"""

OAUTH_CLIENTS_INDEXES = (
    "CREATE INDEX oauth_clients_owner ON oauth_clients (owner_id)",
    "CREATE INDEX oauth_clients_organization ON oauth_clients (organization_id)",
)


def upgrade() -> None:
    """Make the tables."""
    op.execute(CREDENTIALS)
    op.execute("COMMENT ON COLUMN credentials.secret_hash IS 'SHA-256 of the token without its prefix cal_'")
    op.execute("COMMENT ON COLUMN credentials.hint IS 'The token''s first characters, to tell keys apart by'")
    op.execute(CREDENTIALS_USER)
    op.execute(OAUTH_CLIENTS)
    for index in OAUTH_CLIENTS_INDEXES:
        op.execute(index)
