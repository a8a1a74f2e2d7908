"""Webhooks, and what is told to them: written with the change that it tells of, sent afterwards."""

from alembic import op

revision = "0011"
down_revision = "0010"

# A URL's bytes have a bound because they stand in an index. Secrets are kept as they are, because bodies are signed
# with them.
WEBHOOKS = """
CREATE TABLE webhooks (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uid text NOT NULL CONSTRAINT webhooks_uid_key UNIQUE,
    user_id integer REFERENCES users ON DELETE CASCADE,
    event_type_id integer REFERENCES event_types ON DELETE CASCADE,
    subscriber_url text NOT NULL,
    receiver text NOT NULL,
    active boolean NOT NULL,
    triggers text[] NOT NULL,
    payload_template text,
    secret text,
    CONSTRAINT webhooks_of_one CHECK (num_nonnulls(user_id, event_type_id) = 1),
    CONSTRAINT webhooks_subscriber_url CHECK (octet_length(subscriber_url) <= 2000),
    CONSTRAINT webhooks_user_url_key UNIQUE (user_id, subscriber_url),
    CONSTRAINT webhooks_event_type_url_key UNIQUE (event_type_id, subscriber_url)
)
"""

# json, not jsonb: it is sent as it was written.
DELIVERIES = """
CREATE TABLE webhook_deliveries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    webhook_id integer NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    trigger text NOT NULL,
    payload json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz DEFAULT now(),
    tries integer NOT NULL DEFAULT 0,
    outcome text,
    last_try text,
    reservation_uid text,
    CONSTRAINT webhook_deliveries_outcome CHECK (outcome IN ('delivered', 'dead')),
    CONSTRAINT webhook_deliveries_due_until_over CHECK ((due_at IS NULL) = (outcome IS NOT NULL))
)
"""

DELIVERIES_INDEXES = (
    "CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX webhook_deliveries_webhook ON webhook_deliveries (webhook_id)",
    "CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at)",
    """
    CREATE INDEX webhook_deliveries_reservation ON webhook_deliveries (reservation_uid)
    WHERE reservation_uid IS NOT NULL
    """,
)

COMMENTS = (
    "COMMENT ON COLUMN webhooks.uid IS 'Drawn beforehand: a request that is sent again finds what it made'",
    "COMMENT ON COLUMN webhooks.receiver IS 'host:port of the URL; each has only so many deliveries under way'",
    "COMMENT ON COLUMN webhook_deliveries.due_at IS 'When to try next, or again if that try is never heard of'",
    "COMMENT ON COLUMN webhook_deliveries.reservation_uid IS 'Whose end it tells of, before that has come'",
    "COMMENT ON COLUMN webhook_deliveries.last_try IS 'What became of it: a status, or what went wrong'",
)


def upgrade() -> None:
    """Make the tables."""
    op.execute(WEBHOOKS)
    op.execute(DELIVERIES)
    for index in DELIVERIES_INDEXES:
        op.execute(index)
    for comment in COMMENTS:
        op.execute(comment)
