"""What people settle for themselves: their schedules, their absences and how they are shown."""

from alembic import op

revision = "0007"
down_revision = "0006"

USERS = """
ALTER TABLE users
    ADD time_format smallint NOT NULL DEFAULT 12,
    ADD week_start text NOT NULL DEFAULT 'Sunday',
    ADD locale text,
    ADD avatar_url text,
    ADD bio text,
    ADD metadata jsonb NOT NULL DEFAULT '{}',
    ADD CONSTRAINT users_time_format CHECK (time_format IN (12, 24)),
    ADD CONSTRAINT users_week_start CHECK (
        week_start IN ('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday')
    )
"""

# A request that is sent again makes under the same uid, and so makes nothing twice.
SCHEDULES = """
ALTER TABLE schedules ADD uid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT schedules_uid_key UNIQUE
"""

OUT_OF_OFFICE = """
ALTER TABLE out_of_office
    ADD uid uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT out_of_office_uid_key UNIQUE,
    ADD notes text
"""

# The rule that listings follow (docs/rules.md 2), for all who ask which schedule that is.
DEFAULT_SCHEDULE_OF = """
CREATE FUNCTION default_schedule_of(person users) RETURNS integer LANGUAGE sql STABLE
RETURN COALESCE(person.default_schedule_id, (
    SELECT s.id FROM schedules AS s WHERE s.owner_id = person.id ORDER BY s.is_default DESC, s.made LIMIT 1
))
"""


def upgrade() -> None:
    """Make the columns and the function."""
    op.execute(USERS)
    op.execute(SCHEDULES)
    op.execute(OUT_OF_OFFICE)
    op.execute(DEFAULT_SCHEDULE_OF)
