"""Renders revisions as SQL; nothing is executed here (see `app.storage.postgres.migrate`)."""

from alembic import context

# One transaction around all revisions is opened by the caller.
context.configure(dialect_name="postgresql", transactional_ddl=False)
context.run_migrations()
