"""The names of what answers are read from: changes are told by them, and what was read from something else stands."""

from app.domain.event_type import EventTypeRules

ANYTHING = "*"
"""A source that stands for all of them."""


# In the database, as its triggers name them --------------------------------------------------------------------------


def time_of_host(user_id: int) -> str:
    """Name what takes a person's time."""
    return f"b{user_id}"


def bookings_of_type(event_type_id: int | None) -> str:
    """Name an event type's bookings; nothing ever changes those of none."""
    return f"t{event_type_id}"


def sources_of_rules(rules: EventTypeRules) -> list[str]:
    """Name what rules are read from: event type, people, schedules, and the teams whose members or limits count."""
    event_type = rules.event_type
    schedules = {schedule.id for person in rules.people.values() if (schedule := person.default_schedule)}
    teams = {event_type.team_id, event_type.limits.team_id} - {None}
    return [
        f"e{event_type.id}",
        *(f"u{user_id}" for user_id in rules.people),
        *(f"s{schedule_id}" for schedule_id in schedules | set(rules.schedules)),
        *(f"g{team_id}" for team_id in teams),
    ]


# In the store of holds -----------------------------------------------------------------------------------------------


def holds_of_host(user_id: int) -> str:
    """Name the holds that take a person's time."""
    return f"h:{user_id}"


def holds_in_ledger(ledger: str) -> str:
    """Name the holds that are entered in a ledger."""
    return f"l:{ledger}"
