"""Calendar feeds: the addresses that people's busy times are read from."""

from alembic import op

revision = "0012"
down_revision = "0011"

CONNECTIONS = """
CREATE TABLE calendar_connections (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL CONSTRAINT calendar_connections_user_key UNIQUE REFERENCES users ON DELETE CASCADE,
    read_only boolean NOT NULL
)
"""

# A URL's bytes have a bound because they stand in an index.
FEEDS = """
CREATE TABLE calendar_feeds (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id integer NOT NULL REFERENCES calendar_connections ON DELETE CASCADE,
    url text NOT NULL,
    name text,
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL,
    fault text,
    fault_status integer,
    CONSTRAINT calendar_feeds_url CHECK (octet_length(url) <= 2000),
    CONSTRAINT calendar_feeds_url_key UNIQUE (connection_id, url),
    CONSTRAINT calendar_feeds_status_of_fault CHECK (fault_status IS NULL OR fault IS NOT NULL)
)
"""

FEEDS_DUE = "CREATE INDEX calendar_feeds_due ON calendar_feeds (due_at)"

BUSY_TIMES = """
ALTER TABLE busy_times
    ADD feed_id integer REFERENCES calendar_feeds ON DELETE CASCADE,
    ADD feed_is_dead boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT busy_times_of_dead_feed CHECK (feed_id IS NOT NULL OR NOT feed_is_dead)
"""

BUSY_TIMES_FEED = "CREATE INDEX busy_times_feed ON busy_times (feed_id) WHERE feed_id IS NOT NULL"

COMMENTS = (
    "COMMENT ON TABLE calendar_connections IS 'What clients know as the credential of a person''s feeds'",
    "COMMENT ON COLUMN calendar_feeds.url IS 'Often holds a secret: shown to its owner alone, never logged'",
    "COMMENT ON COLUMN calendar_feeds.refreshed_at IS 'When its busy times were last what it said'",
    """
    COMMENT ON COLUMN calendar_feeds.due_at IS 'When to read it next, or again if that try is never heard of; who took
it tells by this that nobody else has taken it since'
    """,
    "COMMENT ON COLUMN calendar_feeds.fault IS 'Why it could not be read the last time; null: it could'",
    "COMMENT ON COLUMN busy_times.feed_id IS 'The feed that says so; null: another source'",
    """
    COMMENT ON COLUMN busy_times.feed_is_dead IS 'No event of the feed: keeps its owner busy while it cannot be read'
    """,
)


def upgrade() -> None:
    """Make the tables."""
    op.execute(CONNECTIONS)
    op.execute(FEEDS)
    op.execute(FEEDS_DUE)
    op.execute(BUSY_TIMES)
    op.execute(BUSY_TIMES_FEED)
    for comment in COMMENTS:
        op.execute(comment)
