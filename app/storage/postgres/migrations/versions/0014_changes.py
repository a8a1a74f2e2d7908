"""Every change of what listings are computed from is told to whoever listens, by triggers: straight SQL is told too.

The notification names what changed, as `services.remembered` calls it: e an event type's rules, u a person, s a
schedule, g what counts by team, b what takes a person's time, t an event type's bookings, * anything. Statements tell,
not rows, and one that changes very much says *.
"""

from alembic import op

revision = "0014"
down_revision = "0013"

# Whoever may write a table tells of it, whatever else they may read and wherever they look for names.
WITH_OWN_RIGHTS = "SECURITY DEFINER SET search_path FROM CURRENT"

TELL = f"""
CREATE FUNCTION tell_changes(names text[]) RETURNS void LANGUAGE plpgsql {WITH_OWN_RIGHTS} AS $$
BEGIN
    -- A notification has at most 8,000 bytes.
    IF cardinality(names) > 400 THEN
        PERFORM pg_notify('holdfast_changes', '*');
    ELSIF cardinality(names) > 0 THEN
        PERFORM pg_notify('holdfast_changes', array_to_string(names, ' '));
    END IF;
END
$$
"""

TELL_ALL = f"""
CREATE FUNCTION tell_of_anything() RETURNS trigger LANGUAGE plpgsql {WITH_OWN_RIGHTS} AS $$
BEGIN
    PERFORM pg_notify('holdfast_changes', '*');
    RETURN NULL;
END
$$
"""

OF_BOOKINGS = """
    SELECT 't' || b.event_type_id FROM bookings AS b WHERE b.id = r.booking_id
    UNION ALL SELECT 'b' || b.user_id FROM bookings AS b WHERE b.id = r.booking_id
    UNION ALL SELECT 'b' || h.host_id FROM booking_hosts AS h WHERE h.booking_id = r.booking_id
"""

# ruff: noqa: S608 - put together of what stands here.
NAMES = {
    # Bookings with an attendee of their address are theirs, and count as such where limits count.
    "users": """
        VALUES ('u' || r.id), ('b' || r.id)
        UNION ALL
        SELECT 't' || b.event_type_id
        FROM booking_attendees AS a
        JOIN bookings AS b ON b.id = a.booking_id
        WHERE lower(a.email) = lower(r.email)
    """,
    "profiles": "VALUES ('u' || r.user_id)",
    "memberships": "VALUES ('g' || r.team_id)",
    "travel_schedules": "VALUES ('u' || r.user_id)",
    "out_of_office": "VALUES ('u' || r.user_id)",
    "schedules": "VALUES ('s' || r.id), ('u' || r.owner_id)",
    "schedule_hours": "VALUES ('s' || r.schedule_id)",
    "schedule_overrides": "VALUES ('s' || r.schedule_id)",
    # A managed type's child counts for the limits of its parent's team.
    "event_types": """
        VALUES ('e' || r.id), ('g' || r.team_id)
        UNION ALL SELECT 'g' || parent.team_id FROM event_types AS parent WHERE parent.id = r.parent_id
        UNION ALL SELECT 'e' || child.id FROM event_types AS child WHERE child.parent_id = r.id
    """,
    "event_type_hosts": "VALUES ('e' || r.event_type_id)",
    "event_type_assignees": "VALUES ('e' || r.event_type_id)",
    "booking_limits": "VALUES ('e' || r.event_type_id), ('g' || r.team_id)",
    "busy_times": "VALUES ('b' || r.user_id)",
    "bookings": """
        VALUES ('t' || r.event_type_id), ('b' || r.user_id)
        UNION ALL SELECT 'b' || h.host_id FROM booking_hosts AS h WHERE h.booking_id = r.id
        UNION ALL
        SELECT 'b' || u.id
        FROM booking_attendees AS a
        JOIN users AS u ON lower(u.email) = lower(a.email)
        WHERE a.booking_id = r.id
    """,
    "booking_hosts": f"VALUES ('b' || r.host_id) UNION ALL {OF_BOOKINGS}",
    "booking_attendees": f"""
        SELECT 'b' || u.id FROM users AS u WHERE lower(u.email) = lower(r.email)
        UNION ALL {OF_BOOKINGS}
    """,
}
"""By table, what a row `r` that was there before, or is there now, is part of."""

ANYTHING = ("organizations", "teams")
"""Tables of which a changed or deleted row may mean anything. What is new there nobody has looked at yet."""

LISTENED_TO = (*NAMES, *ANYTHING)


def _function(table: str, names: str) -> str:
    """Return a function that names what a statement touched, in no particular order."""
    named = f"SELECT DISTINCT told.name FROM {{rows}} AS r, LATERAL ({names}) AS told (name)"
    told = f"ARRAY({named} WHERE told.name IS NOT NULL)"
    both = "(SELECT * FROM before UNION ALL SELECT * FROM changed)"
    return f"""
CREATE FUNCTION tell_of_{table}() RETURNS trigger LANGUAGE plpgsql {WITH_OWN_RIGHTS} AS $$
BEGIN
    IF (SELECT count(*) FROM (SELECT FROM changed LIMIT 401) AS touched) > 400 THEN
        PERFORM pg_notify('holdfast_changes', '*');
    ELSIF TG_OP = 'UPDATE' THEN
        PERFORM tell_changes({told.format(rows=both)});
    ELSE
        PERFORM tell_changes({told.format(rows="changed")});
    END IF;
    RETURN NULL;
END
$$
"""


def _triggers(table: str) -> list[str]:
    tell = f"FOR EACH STATEMENT EXECUTE FUNCTION tell_of_{table}()"
    return [
        f"CREATE TRIGGER tell_inserted AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed {tell}",
        f"CREATE TRIGGER tell_deleted AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed {tell}",
        f"""
CREATE TRIGGER tell_updated AFTER UPDATE ON {table} REFERENCING OLD TABLE AS before NEW TABLE AS changed {tell}
""",
    ]


def upgrade() -> None:
    """Tell."""
    op.execute(TELL)
    op.execute(TELL_ALL)
    for table, names in NAMES.items():
        op.execute(_function(table, names))
        for trigger in _triggers(table):
            op.execute(trigger)
    for table in ANYTHING:
        op.execute(f"CREATE TRIGGER tell_changed AFTER UPDATE OR DELETE ON {table} EXECUTE FUNCTION tell_of_anything()")
    for table in LISTENED_TO:
        op.execute(f"CREATE TRIGGER tell_truncated AFTER TRUNCATE ON {table} EXECUTE FUNCTION tell_of_anything()")
