"""A request knows to whom it gave a booking; and triggers' functions take no table for another."""

from alembic import op

revision = "0018"
down_revision = "0017"

GIVEN_TO = "ALTER TABLE booking_requests ADD COLUMN given_to integer"
BY_UID = "CREATE INDEX booking_requests_uid ON booking_requests (uid)"
COMMENT = "COMMENT ON COLUMN booking_requests.given_to IS 'Who hosts a booking since, by what the request did'"

MORE = """
COMMENT ON COLUMN event_types.more IS 'Fields of the public API that mean nothing to slots, as they were sent; some are
about bookings'
"""

# They have their owner's rights, and temporary tables are found before all others unless a path says otherwise: whoever
# may make some and write a booking could have had them run what is not ours.
TABLES = (
    "users",
    "profiles",
    "memberships",
    "travel_schedules",
    "out_of_office",
    "schedules",
    "schedule_hours",
    "schedule_overrides",
    "event_types",
    "event_type_hosts",
    "event_type_assignees",
    "booking_limits",
    "busy_times",
    "bookings",
    "booking_hosts",
    "booking_attendees",
)
FUNCTIONS = (
    "tell_changes(text[])",
    "tell_of_anything()",
    *(f"tell_of_{table}()" for table in TABLES),
    "derive_takes_until()",
    "derive_takes_until_again()",
)
REMEMBER_PATH = "SELECT set_config('holdfast.search_path', current_setting('search_path'), true)"
SAFE_PATH = "SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"
USUAL_PATH = "SELECT set_config('search_path', current_setting('holdfast.search_path'), true)"


def upgrade() -> None:
    """Add the column, and let the functions look for tables where they were made, and nowhere before."""
    op.execute(GIVEN_TO)
    op.execute(BY_UID)
    op.execute(COMMENT)
    op.execute(MORE)
    op.execute(REMEMBER_PATH)
    op.execute(SAFE_PATH)
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} SET search_path FROM CURRENT")
    op.execute(USUAL_PATH)
