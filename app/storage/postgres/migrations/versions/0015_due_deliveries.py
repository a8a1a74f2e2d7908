"""What is due to be sent is found webhook by webhook: one that has much of it costs no more than another."""

from alembic import op

revision = "0015"
down_revision = "0014"

DUE_OF_WEBHOOK = """
CREATE INDEX webhook_deliveries_due_of_webhook ON webhook_deliveries (webhook_id, due_at) WHERE due_at IS NOT NULL
"""


def upgrade() -> None:
    """Make one index in the place of another."""
    op.execute(DUE_OF_WEBHOOK)
    op.execute("DROP INDEX webhook_deliveries_due")
