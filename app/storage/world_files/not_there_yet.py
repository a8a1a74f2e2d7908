"""The rules of a world file that this version does not have: they are refused, never ignored."""

from app.storage.world_files.format import EventType, Team


def missing_rules(event_type: EventType, team: Team | None) -> list[str]:
    """Return the fields of an event type and its team whose rules (docs/rules.md 9 and 10) are not there yet.

    `team` is the event type's own or, of a managed type's child, its parent's.
    """
    missing = []
    if event_type.booking_window is not None:
        missing.append("bookingWindow")
    if event_type.booking_limits_count:
        missing.append("bookingLimitsCount")
    if event_type.booking_limits_duration:
        missing.append("bookingLimitsDuration")
    if team is not None and team.booking_limits_count:
        counts = event_type.parent_id is None or team.include_managed_events_in_limits
        missing += ["the team's bookingLimitsCount"] if counts else []
    return missing
