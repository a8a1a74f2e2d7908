"""What happens between a claim and the look that judges it. Stores are in memory and do just what a test says."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field, replace
from functools import partial

import fakeredis
import pytest
from typing_extensions import override

from app.domain.availability import Refusal
from app.domain.booking_window import DaysAhead
from app.domain.busy import Booking, BusyTimes
from app.domain.event_type import EventType, EventTypeRules, HostEntry, Person, SchedulingType, staff
from app.domain.limits import BookingLimits, Limit, Period
from app.domain.reservation import Claim, Claimed, Contended, Held, KeptReservation, QuotaFull, Workload
from app.domain.schedule import Schedule, WeeklyHours
from app.domain.time_ranges import DAY, MINUTE, Range
from app.services.booking_errors import BookingRefusedError, OtherSlotReservedError
from app.services.claim_reserved import ReservedSlots
from app.services.claim_slots import SlotClaimer, WantedSlot
from app.services.errors import NotReservableError, SlotRefusedError, StoreUnavailableError
from app.services.look_at_calendars import Looker, Viewpoint
from app.services.tell_reservations import Noticeboard
from app.storage.holds.redis_holds import RedisHolds

MONDAY = 2_545_948_800_000
"""2050-09-05T00:00Z."""
TEN = MONDAY + 600 * MINUTE
ALWAYS = Schedule(1, "UTC", (WeeklyHours(frozenset(range(1, 8)), 0, 1_440),))


@dataclass
class Calendars:
    """Answers looks one after the other; the last answer stays."""

    looks: list[BusyTimes | Exception] = field(default_factory=lambda: [BusyTimes()])
    loads: dict[int, Workload] = field(default_factory=dict)
    pause_s: float = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def busy_times(self, host_ids: Collection[int], around: Range, seated_type_id: int | None) -> BusyTimes:
        del host_ids, around, seated_type_id
        self.asked.set()
        await asyncio.sleep(self.pause_s)
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return look

    async def accepted_bookings(self, event_type_ids: Collection[int], around: Range) -> tuple[Booking, ...]:
        del event_type_ids, around
        return ()

    async def workloads(self, event_type_id: int, host_ids: Collection[int], month: Range) -> dict[int, Workload]:
        del event_type_id, host_ids, month
        return self.loads


@pytest.fixture
async def holds() -> AsyncIterator[RedisHolds]:
    async with fakeredis.FakeAsyncRedis() as redis:
        await redis.flushall()
        yield RedisHolds(redis, deadline_s=5)


def wanted(*hosts: HostEntry, scheduling: SchedulingType = SchedulingType.ROUND_ROBIN, **more: object) -> WantedSlot:
    """An hour at ten, of an event type of these hosts."""
    event_type = EventType(id=7, scheduling=scheduling, team_id=1, length=60, host_entries=hosts)
    people = {
        entry.user_id: Person(
            id=entry.user_id,
            username=f"u{entry.user_id}",
            email=f"u{entry.user_id}@example.com",
            zone="UTC",
            default_schedule=ALWAYS,
        )
        for entry in hosts
    }
    rules = EventTypeRules(event_type=replace(event_type, **more), people=people)  # type: ignore[arg-type]
    return WantedSlot(staffed=staff(rules), start=TEN, length=60, rescheduling=None, own=None)


def host(user_id: int, *, mandatory: bool = False, priority: int = 2, group: str | None = None) -> HostEntry:
    return HostEntry(user_id=user_id, mandatory=mandatory, priority=priority, group=group)


def booked(*host_ids: int, start: int = TEN, emails: tuple[str, ...] = ()) -> BusyTimes:
    booking = Booking(
        uid="b",
        event_type_id=7,
        host_ids=frozenset(host_ids),
        start=start,
        end=start + 60 * MINUTE,
        attendee_emails=emails,
    )
    return BusyTimes(bookings=(booking,))


def claimer(holds: RedisHolds, *looks: BusyTimes | Exception, loads: dict[int, Workload] | None = None) -> SlotClaimer:
    calendars = Calendars(list(looks) or [BusyTimes()], loads or {})
    return SlotClaimer(calendars, calendars, holds, lambda: MONDAY - 7 * DAY)


async def hosts_claimed(claimer: SlotClaimer, slot: WantedSlot, name: str = "c") -> tuple[int, ...]:
    return (await claimer.claim(slot, f"uid-{name}")).claim.host_ids


async def is_free(holds: RedisHolds, *host_ids: int) -> bool:
    """Whether nothing is left of a claim."""
    one = wanted(*map(host, host_ids), scheduling=SchedulingType.COLLECTIVE)
    outcome = await holds.claim(one.claim("probe", list(host_ids)), None)
    return isinstance(outcome, Claimed)


# Seats ---------------------------------------------------------------------------------------------------------


async def test_a_further_seat_of_a_start_that_is_only_held_is_judged_as_it_is_listed(holds: RedisHolds) -> None:
    """Where a calendar reports something there, that is not the class, of which it cannot know yet."""
    slot = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, seats=3)
    first = await claimer(holds).claim(slot, "first")
    assert await holds.keep(first.claim, first.at + 300_000)
    busy = BusyTimes(calendars={1: ((TEN, TEN + 30 * MINUTE),)})
    looker = Looker(Calendars([busy]), holds, lambda: MONDAY - 7 * DAY)
    seen = await looker.see(slot.staffed, (MONDAY, MONDAY + DAY), Viewpoint(length=60))
    assert TEN not in seen.availability().starts((MONDAY, MONDAY + DAY))
    with pytest.raises(SlotRefusedError):
        await claimer(holds, busy).claim(slot, "second")


async def test_a_seat_goes_to_the_hosts_of_one_that_was_booked_since_hosts_were_chosen(holds: RedisHolds) -> None:
    slot = wanted(host(1, priority=3), host(2), seats=3)
    looks = BusyTimes(), booked(2, emails=("guest@example.org",))
    assert await hosts_claimed(claimer(holds, *looks), slot) == (2,)


# A look that comes too late --------------------------------------------------------------------------------------


async def test_a_booking_made_meanwhile_refuses_and_frees_the_claim(holds: RedisHolds) -> None:
    """The look before any claim is skipped for single hosts: what counts is the one after it."""
    alone = wanted(host(1), scheduling=SchedulingType.COLLECTIVE)
    with pytest.raises(SlotRefusedError) as refused:
        await claimer(holds, booked(1)).claim(alone, "uid")
    assert refused.value.refusal is Refusal.BOOKED
    assert await is_free(holds, 1)


async def test_round_robin_goes_to_the_next_when_a_booking_was_made_meanwhile(holds: RedisHolds) -> None:
    team = wanted(host(1, priority=3), host(2))
    assert await hosts_claimed(claimer(holds, BusyTimes(), booked(1), BusyTimes()), team) == (2,)
    assert await is_free(holds, 1)


async def test_round_robin_is_refused_when_none_is_left(holds: RedisHolds) -> None:
    team = wanted(host(1), host(2))
    with pytest.raises(SlotRefusedError) as refused:
        await claimer(holds, BusyTimes(), booked(1, 2)).claim(team, "uid")
    assert refused.value.refusal is Refusal.BOOKED
    assert await is_free(holds, 1, 2)


async def test_a_lost_database_gives_the_claim_back(holds: RedisHolds) -> None:
    alone = wanted(host(1), scheduling=SchedulingType.COLLECTIVE)
    with pytest.raises(StoreUnavailableError):
        await claimer(holds, StoreUnavailableError("postgres")).claim(alone, "uid")
    assert await is_free(holds, 1)


async def test_a_caller_who_leaves_gives_the_claim_back(holds: RedisHolds) -> None:
    calendars = Calendars(pause_s=60)
    claiming = asyncio.create_task(
        SlotClaimer(calendars, calendars, holds, lambda: MONDAY - DAY).claim(
            wanted(host(1), scheduling=SchedulingType.COLLECTIVE), "uid"
        )
    )
    await calendars.asked.wait()
    claiming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await claiming
    assert await is_free(holds, 1)


async def test_an_event_type_of_nobody_is_refused_before_any_claim(holds: RedisHolds) -> None:
    listed = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, host_entries=(), assigned_user_ids=(1,))
    with pytest.raises(NotReservableError):
        await claimer(holds).claim(listed, "uid")
    with pytest.raises(SlotRefusedError):
        await claimer(holds, booked(1)).claim(listed, "uid")


class Outrun(RedisHolds):
    """Refuses some hosts, or a seat, for what has ended by the time that anybody looks."""

    def __init__(self, holds: RedisHolds, *refused: int | None) -> None:
        super().__init__(holds._redis, deadline_s=5)
        self._refused = [*refused]

    @override
    async def claim(self, claim: Claim, ignoring: KeptReservation | None) -> Claimed | Held | Contended | QuotaFull:
        return Held(self._refused.pop(0)) if self._refused else await super().claim(claim, ignoring)


@pytest.mark.parametrize("scheduling", [SchedulingType.COLLECTIVE, SchedulingType.ROUND_ROBIN])
async def test_a_host_whose_hold_ended_just_now_is_passed_over_all_the_same(
    holds: RedisHolds, scheduling: SchedulingType
) -> None:
    """Nobody is asked for again and again; who tries once more finds the host free."""
    alone = wanted(host(1), scheduling=scheduling)
    with pytest.raises(SlotRefusedError) as refused:
        await claimer(Outrun(holds, 1)).claim(alone, "uid")
    assert (refused.value.refusal, refused.value.host_ids) == (Refusal.RESERVED, (1,))
    assert await hosts_claimed(claimer(holds), alone) == (1,)


async def test_a_last_seat_that_went_meanwhile_is_told_as_such(holds: RedisHolds) -> None:
    alone = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, seats=1)
    for claiming in (claimer(Outrun(holds, None)).claim, partial(claimer(Outrun(holds, None)).claim_for, host_ids=[1])):
        with pytest.raises(SlotRefusedError) as refused:
            await claiming(alone, "uid")
        assert refused.value.refusal is Refusal.SEATS_FULL


async def test_a_further_seat_whose_hosts_are_not_asked_for_any_more_is_refused(holds: RedisHolds) -> None:
    """Nobody has looked whether they are free: the first seat was taken when they still hosted it."""
    before = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, seats=2)
    first = await holds.claim(before.claim("first", [1]), None)
    assert isinstance(first, Claimed)
    assert await holds.keep(first.claim, first.at + 60_000)
    with pytest.raises(SlotRefusedError) as refused:
        await claimer(holds).claim(wanted(host(2), scheduling=SchedulingType.COLLECTIVE, seats=2), "second")
    assert refused.value.refusal is Refusal.RESERVED
    assert await is_free(holds, 2)


async def test_each_try_has_a_claim_of_its_own(holds: RedisHolds, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends one, and comes late, must not end the next."""
    claim, ids = holds.claim, list[str]()

    async def contended_once(wanted: Claim, ignoring: KeptReservation | None) -> Claimed | Held | Contended | QuotaFull:
        ids.append(wanted.id)
        return Contended() if len(ids) in {1, 3} else await claim(wanted, ignoring)

    monkeypatch.setattr(holds, "claim", contended_once)
    alone = wanted(host(1), scheduling=SchedulingType.COLLECTIVE)
    await claimer(holds).claim(alone, "u1")
    await claimer(holds).claim_for(replace(alone, start=TEN + 120 * MINUTE), "u2", [1])
    assert len(ids) == len(set(ids)) == 4


async def test_a_store_that_goes_away_while_limits_are_judged_gives_the_claim_back(holds: RedisHolds) -> None:
    limited = BookingLimits(count=(Limit(Period.DAY, 1),))
    alone = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, limits=limited)
    with pytest.raises(StoreUnavailableError):
        await claimer(holds, StoreUnavailableError("postgres")).claim_for(alone, "uid", [1], limited=True)
    assert await is_free(holds, 1)


# Who is chosen ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hosts", "loads", "chosen"),
    [
        ((host(2), host(1)), {}, (1,)),
        ((host(1), host(2, priority=3)), {1: Workload(), 2: Workload(9, 9)}, (2,)),
        ((host(1), host(2)), {1: Workload(1, 5), 2: Workload(0, 9)}, (2,)),
        ((host(1), host(2)), {1: Workload(1, 9), 2: Workload(1, 5)}, (2,)),
        ((replace(host(1), weight=300), host(2)), {1: Workload(2, 9), 2: Workload(1, 5)}, (1,)),
        ((replace(host(1), weight=0), host(2)), {2: Workload(50, 50)}, (2,)),
        ((host(1, mandatory=True), host(2), host(3)), {2: Workload(1, 1)}, (1, 3)),
        ((host(1, group="a"), host(2, group="a"), host(3, group="b"), host(4)), {}, (1, 3, 4)),
    ],
)
async def test_who_should_get_the_next_slot(
    holds: RedisHolds, hosts: tuple[HostEntry, ...], loads: dict[int, Workload], chosen: tuple[int, ...]
) -> None:
    assert await hosts_claimed(claimer(holds, loads=loads), wanted(*hosts)) == chosen


async def test_live_reservations_count_as_bookings(holds: RedisHolds) -> None:
    team = wanted(host(1), host(2))
    claiming = claimer(holds)
    for hour, expected in ((0, (1,)), (2, (2,)), (4, (1,))):
        claimed = await claiming.claim(replace(team, start=TEN + hour * 60 * MINUTE), f"u{hour}")
        assert claimed.claim.host_ids == expected
        assert await holds.keep(claimed.claim, claimed.at + 60_000)


async def test_a_held_host_is_passed_over(holds: RedisHolds) -> None:
    team = wanted(host(1), host(2))
    claiming = claimer(holds)
    first = await claiming.claim(team, "u1")
    assert await holds.keep(first.claim, first.at + 60_000)
    assert await hosts_claimed(claiming, team, "c2") == (2,)


async def test_a_mandatory_host_is_not_passed_over(holds: RedisHolds) -> None:
    team = wanted(host(1, mandatory=True), host(2), host(3))
    claiming = claimer(holds)
    first = await claiming.claim(team, "u1")
    assert await holds.keep(first.claim, first.at + 60_000)
    with pytest.raises(SlotRefusedError) as refused:
        await claiming.claim(team, "u2")
    assert refused.value.refusal is Refusal.RESERVED


async def test_somebody_elses_unfinished_claim_is_waited_out(holds: RedisHolds) -> None:
    alone = wanted(host(1), scheduling=SchedulingType.COLLECTIVE)
    first = await holds.claim(alone.claim("other", [1]), None)
    assert isinstance(first, Claimed)
    second = asyncio.create_task(hosts_claimed(claimer(holds), alone))
    await asyncio.sleep(0.05)
    assert not second.done()
    await holds.release(first.claim)
    assert await second == (1,)


async def test_nobody_waits_for_a_host_while_another_is_free(holds: RedisHolds) -> None:
    """Not even for the one who should get it: that claim may be of a booking under way, or of a pod that died."""
    team = wanted(host(1, priority=3), host(2))
    unfinished = await holds.claim(team.claim("other", [1]), None)
    assert isinstance(unfinished, Claimed)
    assert await hosts_claimed(claimer(holds), team) == (2,)


# Booking what is reserved ----------------------------------------------------------------------------------------


async def test_what_is_kept_longer_meanwhile_is_booked_all_the_same(
    holds: RedisHolds, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = wanted(host(1), scheduling=SchedulingType.COLLECTIVE)
    claimed = await claimer(holds).claim(slot, "uid-a")
    assert await holds.keep(claimed.claim, claimed.at + 60_000)
    claim, moves = holds.claim, ["a2", "a3"]

    async def after_a_move(wanted: Claim, ignoring: KeptReservation | None) -> Claimed | Held | Contended | QuotaFull:
        if moves and ignoring is not None:
            longer = await claim(replace(slot.claim("uid-a", [1]), id=moves.pop()), ignoring)
            assert isinstance(longer, Claimed)
            assert await holds.move(ignoring, longer.claim, longer.at + 120_000)
        return await claim(wanted, ignoring)

    monkeypatch.setattr(holds, "claim", after_a_move)
    booking = await ReservedSlots(claimer(holds), holds, Noticeboard()).claim("uid-a", slot.staffed, TEN, None)
    assert booking is not None
    assert booking.reserved is not None
    assert booking.reserved.claim.id == "a2"


async def test_what_is_moved_meanwhile_is_refused_and_stands(
    holds: RedisHolds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps another slot by the time that its claim is protected: nothing else is booked in its place."""
    slot = wanted(host(1), scheduling=SchedulingType.COLLECTIVE)
    claimed = await claimer(holds).claim(slot, "uid-a")
    assert await holds.keep(claimed.claim, claimed.at + 60_000)
    own = await holds.reservation("uid-a")
    assert own is not None
    later = await holds.claim(replace(slot, start=TEN + 240 * MINUTE).claim("uid-a", [1]), own)
    assert isinstance(later, Claimed)

    extend, move = holds.extend, partial(holds.move, own, later.claim, later.at + 60_000)

    async def after_the_move(claim: Claim, duration_ms: int, **more: int) -> bool:
        await move()
        return await extend(claim, duration_ms, **more)

    monkeypatch.setattr(holds, "extend", after_the_move)
    with pytest.raises(OtherSlotReservedError):
        await ReservedSlots(claimer(holds), holds, Noticeboard()).claim("uid-a", slot.staffed, TEN, None)
    kept = await holds.reservation("uid-a")
    assert kept is not None
    assert kept.claim == later.claim


async def test_others_who_have_the_time_refuse_it(holds: RedisHolds) -> None:
    """A second booking with the same reservation, as while the first one is written down."""
    slot = wanted(host(1), scheduling=SchedulingType.COLLECTIVE)
    claimed = await claimer(holds).claim(slot, "uid-a")
    assert await holds.keep(claimed.claim, claimed.at + 60_000)
    reserved = ReservedSlots(claimer(holds), holds, Noticeboard())
    assert await reserved.claim("uid-a", slot.staffed, TEN, None) is not None
    with pytest.raises(BookingRefusedError):
        await reserved.claim("uid-a", slot.staffed, TEN, None)


# Seats -----------------------------------------------------------------------------------------------------------


async def test_a_seat_at_a_booked_start_takes_the_bookings_hosts(holds: RedisHolds) -> None:
    team = wanted(host(1), host(2), seats=3)
    busy = booked(2, emails=("guest@example.org",))
    assert await hosts_claimed(claimer(holds, busy), team) == (2,)


async def test_seats_of_bookings_made_meanwhile_are_counted(holds: RedisHolds) -> None:
    """Two seats: one is held, and one was booked after the look; nothing is left for a second hold."""
    alone = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, seats=2)
    first = await claimer(holds).claim(alone, "u1")
    assert await holds.keep(first.claim, first.at + 60_000)
    meanwhile = booked(1, emails=("guest@example.org",))
    with pytest.raises(SlotRefusedError) as refused:
        await claimer(holds, BusyTimes(), meanwhile).claim(alone, "u2")
    assert refused.value.refusal is Refusal.SEATS_FULL


async def test_the_own_seat_is_left_out_when_it_moves(holds: RedisHolds) -> None:
    alone = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, seats=1)
    first = await claimer(holds).claim(alone, "u1")
    assert await holds.keep(first.claim, first.at + 60_000)
    own = KeptReservation(claim=first.claim, until=first.at + 60_000)
    assert await hosts_claimed(claimer(holds), replace(alone, own=own), "c2") == (1,)


# Booking windows and limits --------------------------------------------------------------------------------------


async def test_a_day_that_is_wholly_held_leaves_a_rolling_window_one_day_longer(holds: RedisHolds) -> None:
    """A listing does not count the day either: what it lists of the next can be reserved."""
    tomorrow_only = DaysAhead(1, rolling=True)
    alone = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, booking_window=tomorrow_only)
    claiming = SlotClaimer(calendars := Calendars(), calendars, holds, lambda: MONDAY)
    with pytest.raises(SlotRefusedError) as refused:
        await claiming.claim(replace(alone, start=TEN + DAY), "u1")
    assert refused.value.refusal is Refusal.WINDOW
    all_of_monday = replace(alone.claim("u2", [1]), start=MONDAY, end=MONDAY + DAY)
    held = await holds.claim(all_of_monday, None)
    assert isinstance(held, Claimed)
    assert await holds.keep(held.claim, held.at + 60_000)
    assert await hosts_claimed(claiming, replace(alone, start=TEN + DAY), "c3") == (1,)


async def test_reservations_of_hosts_who_are_not_asked_for_fill_a_limit(holds: RedisHolds) -> None:
    one_a_day = BookingLimits(count=(Limit(Period.DAY, 1),))
    team = wanted(host(1), host(2), limits=one_a_day, subset_enabled=True)
    only_one = replace(team.staffed, hosts=team.staffed.hosts[1:])
    claimed = await claimer(holds).claim(replace(team, staffed=only_one), "u1")
    assert claimed.claim.host_ids == (2,)
    assert await holds.keep(claimed.claim, claimed.at + 60_000)
    only_the_other = replace(team.staffed, hosts=team.staffed.hosts[:1])
    with pytest.raises(SlotRefusedError) as refused:
        await claimer(holds).claim(replace(team, staffed=only_the_other, start=TEN + 120 * MINUTE), "u2")
    assert refused.value.refusal is Refusal.LIMIT


async def test_a_seat_that_is_being_moved_counts_where_it_comes_to(holds: RedisHolds) -> None:
    """Where it leaves somebody else's seat behind, two starts are taken, whichever of its two claims is read last."""
    two_a_day = BookingLimits(count=(Limit(Period.DAY, 2),))
    seated = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, limits=two_a_day, seats=3)
    for name in ("a", "b"):
        claimed = await claimer(holds).claim(seated, f"uid-{name}")
        assert await holds.keep(claimed.claim, claimed.at + 60_000)
    own = await holds.reservation("uid-a")
    assert own is not None
    earlier = replace(seated, start=TEN - 120 * MINUTE, own=own)
    moving = await claimer(holds).claim(earlier, "uid-a")
    third = asyncio.create_task(claimer(holds).claim(replace(seated, start=TEN + 120 * MINUTE), "uid-c"))
    await asyncio.sleep(0.1)
    assert not third.done()
    assert await holds.move(own, moving.claim, moving.at + 60_000)
    with pytest.raises(SlotRefusedError) as refused:
        await third
    assert refused.value.refusal is Refusal.LIMIT


async def test_a_reservation_that_moves_to_another_type_counts_for_both_until_it_has(holds: RedisHolds) -> None:
    """At the same start too, where its claims are alike but for the type, whichever of them is read last."""
    team = BookingLimits(team_count=(Limit(Period.DAY, 9),), team_id=9, team_event_type_ids=frozenset({1, 2}))
    one_a_day = replace(team, count=(Limit(Period.DAY, 1),))
    first, second = (
        wanted(host(number), id=number, scheduling=SchedulingType.COLLECTIVE, limits=limits)
        for number, limits in ((1, team), (2, one_a_day))
    )
    claimed = await claimer(holds).claim(first, "uid-a")
    assert await holds.keep(claimed.claim, claimed.at + 60_000)
    own = await holds.reservation("uid-a")
    assert own is not None
    moving = await claimer(holds).claim(replace(second, own=own), "uid-a")
    other = asyncio.create_task(claimer(holds).claim(replace(second, start=TEN + 240 * MINUTE), "uid-c"))
    await asyncio.sleep(0.1)
    assert not other.done()
    assert await holds.move(own, moving.claim, moving.at + 60_000)
    with pytest.raises(SlotRefusedError) as refused:
        await other
    assert refused.value.refusal is Refusal.LIMIT


async def test_a_reservation_that_is_being_booked_counts_though_it_has_ended(holds: RedisHolds) -> None:
    """Also for who came before the claim that protects its time from then on: nobody looks again when it is booked."""
    one_a_day = BookingLimits(count=(Limit(Period.DAY, 1),))
    limited = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, limits=one_a_day)
    claimed = await claimer(holds).claim(limited, "uid-a")
    assert await holds.keep(claimed.claim, claimed.at + 60_000)
    earlier = await holds.claim(replace(limited, start=TEN + 240 * MINUTE).claim("uid-c", [1]), None)
    assert isinstance(earlier, Claimed)
    reserved = ReservedSlots(claimer(holds), holds, Noticeboard())
    assert await reserved.claim("uid-a", limited.staffed, TEN, None) is not None
    assert await holds.end("uid-a")
    day = (MONDAY, MONDAY + DAY)
    entered = await holds.entered(limited.staffed.event_type, day, earlier)
    assert [(one.uid, one.start) for one in entered] == [("uid-a", TEN)]


async def test_a_seat_that_is_being_booked_is_one_seat(holds: RedisHolds) -> None:
    """Of its two claims; whoever wants the next one gets it, at the latest when it is booked."""
    seated = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, seats=2)
    claimed = await claimer(holds).claim(seated, "uid-a")
    assert await holds.keep(claimed.claim, claimed.at + 60_000)
    reserved = ReservedSlots(claimer(holds), holds, Noticeboard())
    slot = await reserved.claim("uid-a", seated.staffed, TEN, None)
    assert slot is not None
    next_one = asyncio.create_task(claimer(holds).claim(seated, "uid-b"))
    await asyncio.sleep(0.1)
    await holds.release(slot.claim)
    assert (await next_one).claim.reservation_uid == "uid-b"


async def test_a_seat_that_was_booked_just_now_is_one_seat(holds: RedisHolds) -> None:
    """The booking stands, and the reservation that it was made of has not ended yet."""
    seated = wanted(host(1), scheduling=SchedulingType.COLLECTIVE, seats=2)
    claimed = await claimer(holds).claim(seated, "uid-a")
    assert await holds.keep(claimed.claim, claimed.at + 60_000)
    sitting = claimer(holds, booked(1, emails=("guest@example.org",)))
    next_one = asyncio.create_task(sitting.claim(seated, "uid-b"))
    await asyncio.sleep(0.01)
    assert await holds.end("uid-a")
    assert (await next_one).claim.reservation_uid == "uid-b"


async def test_what_was_claimed_for_a_booking_is_given_up_if_its_reservation_cannot_be_asked_for(
    holds: RedisHolds, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = wanted(host(1), scheduling=SchedulingType.COLLECTIVE)
    claimed = await claimer(holds).claim(slot, "uid-a")
    assert await holds.keep(claimed.claim, claimed.at + 60_000)
    extend = holds.extend

    async def mute(claim: Claim, duration_ms: int, **more: int) -> bool:
        if claim == claimed.claim:
            raise StoreUnavailableError("redis")
        return await extend(claim, duration_ms, **more)

    monkeypatch.setattr(holds, "extend", mute)
    with pytest.raises(StoreUnavailableError):
        await ReservedSlots(claimer(holds), holds, Noticeboard()).claim("uid-a", slot.staffed, TEN, None)
    assert await holds.end("uid-a")
    assert await is_free(holds, 1)
