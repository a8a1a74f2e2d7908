"""Rules 2, 6 and 13, and lengths: what can be booked, and who hosts it by which schedule."""

from typing import Any

import pytest

from app.domain.errors import (
    DurationNotOfferedError,
    DynamicBookingDisallowedError,
    DynamicDurationError,
    EventTypeManagedError,
    FixedLengthError,
)
from app.domain.event_type import (
    EventTypeRules,
    HostEntry,
    Person,
    SchedulingType,
    StaffedEventType,
    dynamic,
    staff,
)
from app.domain.schedule import Schedule, office_hours
from tests.domain.builders import either, event_type, host, person, schedule, travel
from tests.domain.builders import staffed as staffed_with

DEFAULT, OF_TYPE, OF_ENTRY = (
    schedule("09:00-12:00", zone="Europe/Rome", schedule_id=1),
    schedule("13:00-17:00", zone="America/New_York", schedule_id=2),
    schedule("18:00-20:00", zone="Asia/Tokyo", schedule_id=3),
)


def staffed(
    *people: Person,
    subset: tuple[int, ...] = (),
    schedules: tuple[Schedule, ...] = (),
    members: tuple[int, ...] = (),
    **fields: Any,
) -> StaffedEventType:
    """Decide who hosts an event type of these people."""
    rules = EventTypeRules(
        event_type=event_type(**fields),
        people={one.id: one for one in people},
        schedules={one.id: one for one in schedules if one.id is not None},
        member_ids=members,
    )
    return staff(rules, subset)


def ids(found: StaffedEventType) -> list[int]:
    """Return who hosts it."""
    return [one.id for one in found.hosts]


def entries(*user_ids: int) -> tuple[HostEntry, ...]:
    """Return plain rows of `hosts`."""
    return tuple(HostEntry(user_id=user_id) for user_id in user_ids)


class TestSchedules:
    """The type's schedule, else the host entry's, else the user's default, else office hours."""

    @pytest.mark.parametrize(
        ("type_schedule", "entry_schedule", "default", "expected"),
        [
            pytest.param(2, 3, DEFAULT, OF_TYPE, id="the type's"),
            pytest.param(None, 3, DEFAULT, OF_ENTRY, id="else the entry's"),
            pytest.param(None, None, DEFAULT, DEFAULT, id="else the default"),
            pytest.param(None, None, None, office_hours("Asia/Kathmandu"), id="else office hours at home"),
        ],
    )
    def test_the_schedule_of_a_host(
        self, type_schedule: int | None, entry_schedule: int | None, default: Schedule | None, expected: Schedule
    ) -> None:
        found = staffed(
            person(1, zone="Asia/Kathmandu", default_schedule=default),
            scheduling=SchedulingType.COLLECTIVE,
            schedule_id=type_schedule,
            host_entries=(HostEntry(user_id=1, schedule_id=entry_schedule),),
            schedules=(OF_TYPE, OF_ENTRY),
        )
        assert found.hosts[0].schedule == expected
        assert found.zone == expected.zone

    @pytest.mark.parametrize(
        ("type_schedule", "follows"),
        [
            pytest.param(None, True, id="the default, named by nobody"),
            pytest.param(1, True, id="the default, named by the type"),
            pytest.param(2, False, id="another schedule"),
        ],
    )
    def test_travel_is_followed_by_the_default_schedule_whoever_names_it(
        self, type_schedule: int | None, *, follows: bool
    ) -> None:
        journeys = (travel("Asia/Tokyo", "2050-09-01"),)
        found = staffed(
            person(1, default_schedule=DEFAULT, travels=journeys),
            owner_id=1,
            schedule_id=type_schedule,
            schedules=(DEFAULT, OF_TYPE),
        )
        assert found.hosts[0].travels == (journeys if follows else ())


class TestStaffing:
    """`hosts`, else `assignedUserIds`, else with `assignAllTeamMembers` the accepted members."""

    people = tuple(person(user_id) for user_id in (1, 2, 3, 4))

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            pytest.param({"owner_id": 3}, [3], id="a person's own"),
            pytest.param({"host_entries": entries(2, 1), "assigned_user_ids": (3,)}, [2, 1], id="hosts, in order"),
            pytest.param({"assigned_user_ids": (3, 1), "assign_all_members": True}, [3, 1], id="assigned users"),
            pytest.param({"assign_all_members": True}, [1, 4], id="all members"),
            pytest.param({}, [], id="nobody"),
        ],
    )
    def test_who_hosts_a_team_s_event_type(self, fields: dict[str, Any], expected: list[int]) -> None:
        if "owner_id" not in fields:
            fields = {"scheduling": SchedulingType.COLLECTIVE, "team_id": 7, **fields}
        assert ids(staffed(*self.people, members=(1, 4), **fields)) == expected

    @pytest.mark.parametrize(
        ("fields", "reservable"),
        [
            pytest.param({"owner_id": 3}, True, id="a person's own"),
            pytest.param({"owner_id": 3, "assigned_user_ids": (1,)}, True, id="a person's own, whoever is assigned"),
            pytest.param({"host_entries": entries(1)}, True, id="hosts"),
            pytest.param(
                {"host_entries": entries(1), "assigned_user_ids": (3,)}, True, id="hosts, whoever is assigned"
            ),
            pytest.param({"assign_all_members": True}, True, id="all members"),
            pytest.param({"assigned_user_ids": (3,)}, False, id="assigned users are listed, not reserved"),
            pytest.param({}, False, id="nobody"),
        ],
    )
    def test_who_can_be_reserved(self, fields: dict[str, Any], *, reservable: bool) -> None:
        assert (
            staffed(*self.people, members=(1, 4), scheduling=SchedulingType.COLLECTIVE, **fields).reservable
            is reservable
        )

    @pytest.mark.parametrize("scheduling", [SchedulingType.COLLECTIVE, SchedulingType.INDIVIDUAL])
    def test_every_host_is_mandatory_unless_they_take_turns(self, scheduling: SchedulingType) -> None:
        found = staffed(*self.people, scheduling=scheduling, host_entries=entries(1, 2))
        assert [one.id for one in found.mandatory] == [1, 2]
        assert found.groups == []

    def test_round_robin_hosts_are_mandatory_or_in_groups(self) -> None:
        found = staffed(
            *self.people,
            scheduling=SchedulingType.ROUND_ROBIN,
            host_entries=(
                HostEntry(user_id=1, group="B"),
                HostEntry(user_id=2),
                HostEntry(user_id=3, mandatory=True),
                HostEntry(user_id=4, group="B"),
            ),
        )
        assert [one.id for one in found.mandatory] == [3]
        assert [[one.id for one in group] for group in found.groups] == [[1, 4], [2]]

    def test_rows_keep_priority_and_weight(self) -> None:
        row = HostEntry(user_id=1, priority=4, weight=50)
        (one,) = staffed(*self.people, scheduling=SchedulingType.ROUND_ROBIN, host_entries=(row,)).hosts
        assert (one.priority, one.weight) == (4, 50)

    def test_a_managed_event_type_has_no_slots_of_its_own(self) -> None:
        with pytest.raises(EventTypeManagedError) as refused:
            staffed(*self.people, scheduling=SchedulingType.MANAGED, id=100)
        assert refused.value.event_type_id == 100


class TestSubset:
    """`rrHostSubsetIds` narrows round robin, where the event type allows it."""

    rows = (HostEntry(user_id=1), HostEntry(user_id=2), HostEntry(user_id=3, mandatory=True))

    @pytest.mark.parametrize(
        ("subset", "enabled", "scheduling", "expected"),
        [
            pytest.param((2,), True, SchedulingType.ROUND_ROBIN, [2, 3], id="those and the mandatory ones"),
            pytest.param((), True, SchedulingType.ROUND_ROBIN, [1, 2, 3], id="none named: all"),
            pytest.param((9,), True, SchedulingType.ROUND_ROBIN, [3], id="nobody of the type named"),
            pytest.param((2,), False, SchedulingType.ROUND_ROBIN, [1, 2, 3], id="not allowed"),
            pytest.param((2,), True, SchedulingType.COLLECTIVE, [1, 2, 3], id="not round robin"),
        ],
    )
    def test_who_is_left(
        self, subset: tuple[int, ...], scheduling: SchedulingType, expected: list[int], *, enabled: bool
    ) -> None:
        people = (person(1), person(2), person(3))
        found = staffed(*people, subset=subset, scheduling=scheduling, host_entries=self.rows, subset_enabled=enabled)
        assert ids(found) == expected


class TestEventZone:
    """The zone of the type's schedule, else of the first host's; hosts that are not mandatory come first."""

    people = (
        person(1, zone="Europe/Rome"),
        person(2, zone="America/New_York"),
        person(3, zone="Asia/Tokyo", default_schedule=OF_TYPE),
    )

    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            pytest.param(entries(1, 2), "Europe/Rome", id="the first host"),
            pytest.param(entries(3, 1), "America/New_York", id="by their schedule, not their account"),
            pytest.param((HostEntry(user_id=1, mandatory=True), *entries(2)), "America/New_York", id="not mandatory"),
            pytest.param((HostEntry(user_id=1, mandatory=True),), "Europe/Rome", id="unless there is nobody else"),
            pytest.param((), "UTC", id="nobody"),
        ],
    )
    def test_the_zone_of_round_robin_hosts(self, rows: tuple[HostEntry, ...], expected: str) -> None:
        found = staffed(*self.people, scheduling=SchedulingType.ROUND_ROBIN, host_entries=rows)
        assert found.zone == expected

    def test_whoever_is_asked_for(self) -> None:
        rows, type_ = entries(1, 2), SchedulingType.ROUND_ROBIN
        found = staffed(*self.people, subset=(2,), scheduling=type_, host_entries=rows, subset_enabled=True)
        assert (ids(found), found.zone) == ([2], "Europe/Rome")

    def test_the_type_s_schedule_comes_first(self) -> None:
        found = staffed(
            *self.people,
            scheduling=SchedulingType.COLLECTIVE,
            host_entries=entries(1, 2),
            schedule_id=3,
            schedules=(OF_ENTRY,),
        )
        assert found.zone == "Asia/Tokyo"


class TestLengths:
    """The length is `duration` if asked and offered, else the type's."""

    @pytest.mark.parametrize(
        ("fields", "duration", "expected"),
        [
            ({"length": 30}, None, 30),
            ({"length": 30}, 30, 30),
            ({"length": 30, "lengths": (15, 30, 60)}, None, 30),
            ({"length": 30, "lengths": (15, 30, 60)}, 60, 60),
            ({"length": 30, "id": None}, None, 30),
            ({"length": 30, "id": None}, 1, 1),
            ({"length": 30, "id": None}, 1_440, 1_440),
        ],
    )
    def test_a_length_that_is_offered(self, fields: dict[str, Any], duration: int | None, expected: int) -> None:
        assert event_type(**fields).length_asked(duration) == expected

    @pytest.mark.parametrize("duration", [0, -30, 15, 29, 60])
    def test_a_type_of_one_length_has_no_other(self, duration: int) -> None:
        with pytest.raises(FixedLengthError) as refused:
            event_type(length=30).length_asked(duration)
        assert (refused.value.duration, refused.value.length) == (duration, 30)

    @pytest.mark.parametrize("duration", [0, 45, 61])
    def test_a_type_of_several_lengths_has_no_other(self, duration: int) -> None:
        with pytest.raises(DurationNotOfferedError) as refused:
            event_type(length=30, lengths=(15, 30, 60)).length_asked(duration)
        assert (refused.value.duration, refused.value.lengths) == (duration, (15, 30, 60))

    def test_its_own_length_is_told_among_those_it_offers(self) -> None:
        with pytest.raises(DurationNotOfferedError) as refused:
            event_type(length=45, lengths=(60, 15)).length_asked(30)
        assert refused.value.lengths == (15, 45, 60)

    @pytest.mark.parametrize("duration", [0, -1, 1_441])
    def test_a_dynamic_event_takes_a_minute_to_a_day(self, duration: int) -> None:
        with pytest.raises(DynamicDurationError) as refused:
            event_type(id=None).length_asked(duration)
        assert (refused.value.duration, refused.value.longest) == (duration, 1_440)


class TestDynamic:
    """People with no event type in common meet for half an hour, with two hours' notice."""

    def test_it_is_a_collective_of_their_default_schedules(self) -> None:
        found = staff(dynamic((person(1, default_schedule=DEFAULT), person(2, zone="Asia/Tokyo"))))
        assert [one.schedule for one in found.mandatory] == [DEFAULT, office_hours("Asia/Tokyo")]
        assert (found.event_type.length, found.event_type.minimum_notice, found.zone) == (30, 120, "Europe/Rome")
        assert found.reservable

    def test_nobody_is_booked_that_way_who_does_not_allow_it(self) -> None:
        with pytest.raises(DynamicBookingDisallowedError) as refused:
            dynamic((person(1), person(2, allow_dynamic_booking=False)))
        assert refused.value.username == "user2"


def test_groups_stand_in_the_order_of_their_first_hosts() -> None:
    found = staffed_with(either(1, group="B"), either(2, group="A"), host(3), either(4, group="B"))
    assert [[one.id for one in group] for group in found.groups] == [[1, 4], [2]]
