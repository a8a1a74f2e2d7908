"""Teams, members, OAuth clients and the users they manage, as they are made through the API."""

from alembic import op

revision = "0009"
down_revision = "0008"

# A request that is sent again makes under the same uid, and so makes nothing twice.
TEAMS = """
ALTER TABLE teams
    ADD uid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT teams_uid_key UNIQUE,
    ADD details jsonb NOT NULL DEFAULT '{}'
"""

MEMBERSHIPS = """
ALTER TABLE memberships
    ADD uid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT memberships_uid_key UNIQUE,
    ADD disable_impersonation boolean NOT NULL DEFAULT false
"""

PROFILES = "ALTER TABLE profiles ADD id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT profiles_id_key UNIQUE"

OAUTH_CLIENTS = """
ALTER TABLE oauth_clients
    ADD created_at timestamptz NOT NULL DEFAULT now(),
    ADD details jsonb NOT NULL DEFAULT '{}'
"""

# A client that goes leaves the people it managed, without tokens of its making.
USERS = """
ALTER TABLE users
    ADD uid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT users_uid_key UNIQUE,
    ADD created_at timestamptz NOT NULL DEFAULT now(),
    ADD details jsonb NOT NULL DEFAULT '{}',
    ADD managed_by text REFERENCES oauth_clients ON DELETE SET NULL,
    ADD made_by_organization integer REFERENCES organizations ON DELETE SET NULL
"""

USERS_INDEXES = (
    "CREATE INDEX users_managed_by ON users (managed_by, id)",
    "CREATE INDEX users_made_by_organization ON users (made_by_organization)",
)

CREDENTIALS = """
ALTER TABLE credentials
    ADD client_id text REFERENCES oauth_clients ON DELETE CASCADE,
    DROP CONSTRAINT credentials_kind,
    ADD CONSTRAINT credentials_kind CHECK (kind IN ('api_key', 'access_token', 'refresh_token')),
    ADD CONSTRAINT credentials_refresh_token CHECK (
        kind <> 'refresh_token' OR (client_id IS NOT NULL AND expires_at IS NOT NULL)
    )
"""

CREDENTIALS_CLIENT = "CREATE INDEX credentials_client ON credentials (client_id, user_id)"

COMMENTS = (
    "COMMENT ON COLUMN teams.details IS 'Fields without a meaning here, as they were sent'",
    "COMMENT ON COLUMN oauth_clients.details IS 'Fields without a meaning here, as they were sent'",
    "COMMENT ON COLUMN users.details IS 'Fields without a meaning here, as they were sent'",
    "COMMENT ON COLUMN users.managed_by IS 'The OAuth client that made the account, and acts on it'",
    "COMMENT ON COLUMN users.made_by_organization IS 'The organization that made the account, and may end it'",
    "COMMENT ON COLUMN credentials.client_id IS 'The OAuth client that got the token'",
)


def upgrade() -> None:
    """Make the columns."""
    op.execute(TEAMS)
    op.execute(MEMBERSHIPS)
    op.execute(PROFILES)
    op.execute(OAUTH_CLIENTS)
    op.execute(USERS)
    for index in USERS_INDEXES:
        op.execute(index)
    op.execute(CREDENTIALS)
    op.execute(CREDENTIALS_CLIENT)
    for comment in COMMENTS:
        op.execute(comment)
