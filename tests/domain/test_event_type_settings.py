"""What must fit together in the settings of an event type."""

from dataclasses import replace

import pytest

from app.domain.errors import Flaw, SettingsRefusedError
from app.domain.event_type import HostEntry, SchedulingType
from app.domain.event_type_settings import EventTypeSettings, check, check_change, check_child_change, of_child

PLAIN = EventTypeSettings(slug="talk", length=30)
MANAGED = replace(PLAIN, scheduling=SchedulingType.MANAGED)


@pytest.mark.parametrize(
    ("settings", "flaw"),
    [
        (replace(PLAIN, lengths=(15, 60)), Flaw.LENGTH_NOT_OFFERED),
        (replace(MANAGED, schedule_id=1), Flaw.MANAGED_SCHEDULE),
    ],
)
def test_settings_that_contradict_each_other(settings: EventTypeSettings, flaw: Flaw) -> None:
    with pytest.raises(SettingsRefusedError) as refused:
        check(settings)
    assert refused.value.flaw is flaw


@pytest.mark.parametrize("settings", [PLAIN, MANAGED, replace(PLAIN, lengths=(15, 30)), replace(PLAIN, schedule_id=1)])
def test_settings_that_fit(settings: EventTypeSettings) -> None:
    check(settings)
    check_change(settings, replace(settings, title="Renamed"))


@pytest.mark.parametrize("other", [SchedulingType.COLLECTIVE, SchedulingType.ROUND_ROBIN])
def test_managed_is_for_good(other: SchedulingType) -> None:
    for before, after in ((MANAGED.scheduling, other), (other, MANAGED.scheduling)):
        with pytest.raises(SettingsRefusedError) as refused:
            check_change(replace(PLAIN, scheduling=before), replace(PLAIN, scheduling=after))
        assert refused.value.flaw is Flaw.MANAGED_FOR_GOOD
    check_change(replace(PLAIN, scheduling=SchedulingType.COLLECTIVE), replace(PLAIN, scheduling=other))


def test_a_childs_person_chooses_its_schedule_alone() -> None:
    check_child_change(PLAIN, replace(PLAIN, schedule_id=1))
    with pytest.raises(SettingsRefusedError):
        check_child_change(PLAIN, replace(PLAIN, length=60))


def test_a_child_takes_over_everything_but_the_staffing() -> None:
    parent = replace(MANAGED, host_entries=(HostEntry(user_id=1),), assign_all_members=True, hidden=True, title="Talk")
    assert of_child(parent) == replace(PLAIN, hidden=True, title="Talk")
