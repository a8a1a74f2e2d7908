"""Who hosts what is asked for, remembered."""

from dataclasses import replace
from typing import Any

from app.domain.event_type import EventType, EventTypeRules, HostEntry, Person, SchedulingType
from app.domain.reference import ById, EventTypeReference
from app.domain.time_ranges import Instant
from app.services.claim_slots import WantedSlot
from app.services.keep_slots import KeepingRules, SlotKeeper, SlotRequest
from app.services.staffing import Staffing

START: Instant = 2_545_984_800_000


def rules_of(event_type_id: int, hosts: int = 1) -> EventTypeRules:
    people = {n: Person(id=n, username=f"p{n}", email=f"p{n}@example.com", zone="Europe/Rome") for n in range(hosts)}
    event_type = EventType(
        id=event_type_id,
        scheduling=SchedulingType.ROUND_ROBIN,
        subset_enabled=True,
        length=30,
        host_entries=tuple(HostEntry(user_id=n) for n in people),
    )
    return EventTypeRules(event_type=event_type, people=people)


def test_the_same_rules_are_staffed_once() -> None:
    staffing, rules = Staffing(10), rules_of(1)
    staffed = staffing.of(rules, ById(1))
    assert staffing.of(rules, ById(1)) is staffed


def test_rules_that_were_read_anew_are_staffed_anew() -> None:
    staffing, rules = Staffing(10), rules_of(1)
    staffing.of(rules, ById(1))
    longer = replace(rules, event_type=replace(rules.event_type, length=60))
    assert staffing.of(longer, ById(1)).event_type.length == 60
    assert staffing.of(rules, ById(1)).event_type.length == 30


def test_some_of_the_hosts_are_not_all_of_them() -> None:
    staffing, rules = Staffing(10), rules_of(1, hosts=3)
    assert [host.id for host in staffing.of(rules, ById(1)).hosts] == [0, 1, 2]
    assert [host.id for host in staffing.of(rules, ById(1), frozenset({1})).hosts] == [1]
    assert [host.id for host in staffing.of(rules, ById(1)).hosts] == [0, 1, 2]


def test_it_is_bounded_by_hosts() -> None:
    staffing, few, many = Staffing(7), rules_of(1, hosts=2), rules_of(2, hosts=4)
    kept = staffing.of(few, ById(1))
    assert staffing.of(many, ById(2)) is not staffing.of(many, ById(2)), "more than there is room for"
    assert staffing.of(few, ById(1)) is kept
    staffing.of(rules_of(3), ById(3))
    assert staffing.of(few, ById(1)) is not kept


def test_hosts_that_were_not_asked_for_count_and_so_do_numbers_that_are_no_hosts() -> None:
    """A stranger may name any, and what is kept about two hosts of a team knows all of the team."""
    staffing, team = Staffing(100), rules_of(1, hosts=20)
    asked = [frozenset({1, 1_000 + number}) for number in range(5)]
    kept = {subset: staffing.of(team, ById(1), subset) for subset in asked}
    assert sum(staffing.of(team, ById(1), subset) is kept[subset] for subset in reversed(asked)) == 4
    made_up = frozenset(range(1_000, 1_100))
    assert staffing.of(team, ById(1), made_up) is not staffing.of(team, ById(1), made_up)


def test_with_no_room_nothing_is_kept() -> None:
    staffing, rules = Staffing(0), rules_of(1)
    assert staffing.of(rules, ById(1)) == staffing.of(rules, ById(1))
    assert staffing.of(rules, ById(1)) is not staffing.of(rules, ById(1))


class _EventTypes:
    def __init__(self) -> None:
        self.rules = rules_of(1)

    async def find(self, reference: EventTypeReference) -> EventTypeRules:  # noqa: ARG002 - there is one
        return self.rules


class _Claimer:
    """Takes down what is wanted."""

    def __init__(self) -> None:
        self.wanted: list[WantedSlot] = []

    async def rehearse(self, wanted: WantedSlot) -> None:
        self.wanted.append(wanted)


async def test_whoever_wants_a_slot_kept_asks_for_hosts_that_a_listing_may_have_named() -> None:
    nothing: Any = None
    claimer: Any = _Claimer()
    event_types, staffing = _EventTypes(), Staffing(10)
    keeping = KeepingRules(longest_minutes=60, longest_in_all_minutes=60, most_of_a_client=0, most_of_an_event_type=0)
    keeper = SlotKeeper(event_types, nothing, claimer, nothing, nothing, keeping, staffing)
    listed = staffing.of(event_types.rules, ById(1))
    await keeper.rehearse(SlotRequest(reference=ById(1), start=START), None)
    [wanted] = claimer.wanted
    assert wanted.staffed is listed
