"""One contract for the ports `EventTypes` and `Calendar`, held to by world files in memory and by PostgreSQL alike."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import pytest

from app.domain.booking_window import BookingWindow, DateRange, DaysAhead
from app.domain.busy import Booking, BookingStatus, BusyTimes
from app.domain.errors import (
    DynamicBookingDisallowedError,
    EventTypeNotFoundError,
    HoldfastError,
    OrganizationNotFoundError,
    TeamNotFoundError,
    UserNotFoundError,
)
from app.domain.event_type import Confirmation, EventType, EventTypeRules, HostEntry, Person, SchedulingType
from app.domain.limits import BookingLimits, Limit, Period
from app.domain.reference import ById, ByTeam, ByUser, ByUserIds, ByUsernames, EventTypeReference
from app.domain.schedule import Absence, Override, Schedule, Travel, WeeklyHours
from app.domain.time_ranges import DAY, Range
from app.fields import parse_instant
from app.services.ports import Calendar, EventTypes
from app.storage.postgres.calendar import PostgresCalendar
from app.storage.postgres.event_types import PostgresEventTypes
from app.storage.postgres.load import load_world
from app.storage.postgres.pool import open_pool
from app.storage.world_files.format import World
from app.storage.world_files.stores import WorldStores
from tests.storage.conftest import TestServer

ANN, BOB, CY, DEE = 1, 2, 3, 4
ACME, SALES, FREE_SALES, LIMITED, STRICT = 50, 60, 61, 62, 63
HOURS = [{"days": ["Monday", "Tuesday"], "startTime": "09:00", "endTime": "17:00"}]

WORLD: dict[str, Any] = {
    "users": [
        {
            "id": ANN,
            "username": "ann",
            "name": "Ann",
            "email": "Ann@example.com",
            "timeZone": "Europe/Rome",
            "travelSchedules": [
                {"timeZone": "Asia/Tokyo", "startDate": "2050-03-01", "endDate": "2050-03-05"},
                {"timeZone": "Asia/Seoul", "startDate": "2050-02-01"},
            ],
        },
        {"id": BOB, "username": "bob", "email": "bob@example.com", "timeZone": "UTC", "defaultScheduleId": 12},
        {"id": CY, "username": "cy", "email": "cy@example.com", "timeZone": "UTC", "allowDynamicBooking": False},
        {"id": DEE, "username": "dee", "email": "dee@example.com", "timeZone": "Asia/Kathmandu"},
    ],
    "schedules": [
        # Ann's default is the one marked, Dee's the first of the list, whatever the ids.
        {"id": 10, "ownerId": ANN, "timeZone": "UTC", "availability": []},
        {
            "id": 11,
            "ownerId": ANN,
            "timeZone": "Europe/Rome",
            "isDefault": True,
            "availability": [*HOURS, {"days": ["Sunday"], "startTime": "22:00", "endTime": "24:00"}],
            "overrides": [
                {"date": "2050-03-02", "startTime": "10:00", "endTime": "11:00"},
                {"date": "2050-03-02", "startTime": "12:00", "endTime": "13:00"},
                {"date": "2050-03-03"},
            ],
        },
        {"id": 12, "ownerId": BOB, "timeZone": "UTC", "availability": HOURS},
        {"id": 20, "ownerId": DEE, "timeZone": "Asia/Tokyo", "availability": HOURS},
        {"id": 19, "ownerId": DEE, "timeZone": "Asia/Seoul", "availability": HOURS},
    ],
    "organizations": [{"id": ACME, "slug": "acme"}],
    "profiles": [{"userId": CY, "organizationId": ACME, "username": "bob"}],
    "teams": [
        {"id": SALES, "slug": "sales", "parentOrganizationId": ACME},
        {"id": FREE_SALES, "slug": "sales"},
        {
            "id": LIMITED,
            "slug": "limited",
            "bookingLimitsCount": {"week": 5, "day": 2},
            "includeManagedEventsInLimits": True,
        },
        {"id": STRICT, "slug": "strict", "bookingLimitsCount": {"day": 2}},
    ],
    "memberships": [
        {"userId": DEE, "teamId": FREE_SALES},
        {"userId": ANN, "teamId": FREE_SALES},
        {"userId": BOB, "teamId": FREE_SALES, "accepted": False},
        {"userId": CY, "teamId": ACME},
    ],
    "eventTypes": [
        {"id": 100, "slug": "intro", "ownerId": ANN, "lengthInMinutes": 30},
        {
            "id": 101,
            "slug": "intro",
            "title": "Introduction",
            "ownerId": CY,
            "lengthInMinutes": 45,
            "lengthInMinutesOptions": [15, 45],
            "slotInterval": 20,
            "offsetStart": 5,
            "minimumBookingNotice": 0,
            "beforeEventBuffer": 10,
            "afterEventBuffer": 20,
            "seatsPerTimeSlot": 3,
            "onlyShowFirstAvailableSlot": True,
            "showOptimizedSlots": True,
            "scheduleId": 12,
            "confirmationPolicy": {
                "type": "time",
                "noticeThreshold": {"unit": "hours", "count": 4},
                "blockUnconfirmedBookingsInBooker": False,
            },
        },
        {
            "id": 110,
            "slug": "round",
            "teamId": SALES,
            "schedulingType": "roundRobin",
            "lengthInMinutes": 30,
            "rrHostSubsetEnabled": True,
            "hosts": [
                {"userId": DEE, "priority": 4, "weight": 50, "groupId": "g", "scheduleId": 12},
                {"userId": ANN, "mandatory": True},
            ],
        },
        {
            "id": 111,
            "slug": "together",
            "teamId": FREE_SALES,
            "schedulingType": "collective",
            "lengthInMinutes": 30,
            "assignAllTeamMembers": True,
        },
        {
            "id": 112,
            "slug": "assigned",
            "teamId": FREE_SALES,
            "schedulingType": "managed",
            "lengthInMinutes": 30,
            "assignedUserIds": [BOB, ANN],
        },
        {"id": 113, "slug": "child", "ownerId": BOB, "parentId": 112, "lengthInMinutes": 30},
        # In a team of its own: limits, with and without the children of a managed type.
        {
            "id": 120,
            "slug": "limited",
            "teamId": LIMITED,
            "schedulingType": "collective",
            "lengthInMinutes": 30,
            "bookingLimitsCount": {"year": 9, "day": 1, "week": 0},
            "bookingLimitsDuration": {"month": 300},
            "bookingWindow": {"type": "businessDays", "value": 3, "rolling": True},
            "hosts": [{"userId": ANN}],
        },
        {"id": 121, "slug": "parent", "teamId": LIMITED, "schedulingType": "managed", "lengthInMinutes": 30},
        {
            "id": 122,
            "slug": "limited-child",
            "ownerId": ANN,
            "parentId": 121,
            "lengthInMinutes": 30,
            "bookingWindow": {"type": "range", "value": ["2050-03-01", "2050-03-31"]},
        },
        {"id": 123, "slug": "parent", "teamId": STRICT, "schedulingType": "managed", "lengthInMinutes": 30},
        {"id": 124, "slug": "free-child", "ownerId": ANN, "parentId": 123, "lengthInMinutes": 30},
    ],
    "outOfOffice": [
        {"userId": ANN, "start": "2050-03-01T23:30:00+01:00", "end": "2050-03-04T00:30:00+01:00"},
        {"id": 1, "userId": ANN, "start": "2050-04-01", "end": "2050-04-01", "toUserId": BOB},
    ],
    "bookings": [
        # In the order they were made, which is not that of their times.
        {"uid": "late", "eventTypeId": 101, "userId": CY, "start": "2050-03-09T12:00Z", "end": "2050-03-09T12:45Z"},
        {
            "uid": "guest",
            "eventTypeId": 113,
            "userId": BOB,
            "start": "2050-03-08T12:00Z",
            "end": "2050-03-08T12:30Z",
            "attendees": [{"email": "x@example.com"}, {"email": "aNN@EXAMPLE.com"}, {"email": "a@example.com"}],
        },
        {
            "uid": "pending",
            "eventTypeId": 101,
            "userId": CY,
            "start": "2050-03-08T12:00Z",
            "end": "2050-03-08T12:45Z",
            "status": "pending",
        },
        {
            "uid": "awaiting",
            "eventTypeId": 100,
            "userId": ANN,
            "start": "2050-03-07T12:00:00.123Z",
            "end": "2050-03-07T12:30Z",
            "status": "awaiting_host",
        },
    ],
    "busyTimes": [
        {"userId": ANN, "start": "2050-03-08T08:00Z", "end": "2050-03-08T09:00Z"},
        {"userId": ANN, "start": "2050-03-07T08:00Z", "end": "2050-03-07T09:00Z"},
        {"userId": BOB, "start": "2050-03-08T08:00Z", "end": "2050-03-08T09:00Z"},
    ],
}


class Stores(EventTypes, Calendar, Protocol):
    """Both ports."""


@dataclass(frozen=True)
class PostgresStores:
    event_types: PostgresEventTypes
    calendar: PostgresCalendar

    async def find(self, reference: EventTypeReference) -> EventTypeRules:
        return await self.event_types.find(reference)

    async def busy_times(self, host_ids: Any, around: Range, seated_type_id: int | None) -> BusyTimes:
        return await self.calendar.busy_times(host_ids, around, seated_type_id)

    async def accepted_bookings(self, event_type_ids: Any, around: Range) -> tuple[Booking, ...]:
        return await self.calendar.accepted_bookings(event_type_ids, around)


MakeStores = Callable[[dict[str, Any]], Awaitable[Stores]]


@pytest.fixture(scope="module", params=["memory", "postgres"])
async def stores(request: pytest.FixtureRequest, postgres_server: TestServer) -> Any:
    world = World.model_validate(WORLD)
    if request.param == "memory":
        yield WorldStores(world, 0)
        return
    url = postgres_server.url_of(await postgres_server.create())
    await load_world(url, world)
    pool = await open_pool(url)
    yield PostgresStores(PostgresEventTypes(pool), PostgresCalendar(pool))
    await pool.close()


# Which event type ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "event_type_id"),
    [
        (ById(100), 100),
        (ById(110), 110),
        (ByUser("intro", "ann"), 100),
        (ByUser("intro", "bob", "acme"), 101),
        (ByUser("child", "bob"), 113),
        (ByTeam("round", "sales", "acme"), 110),
        (ByTeam("together", "sales"), 111),
    ],
)
async def test_a_reference_finds_its_event_type(
    stores: Stores, reference: EventTypeReference, event_type_id: int
) -> None:
    assert (await stores.find(reference)).event_type.id == event_type_id


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        (ById(999), EventTypeNotFoundError(999)),
        (ById(0), EventTypeNotFoundError(0)),
        (ById(-1), EventTypeNotFoundError(-1)),
        (ById(2**31), EventTypeNotFoundError(2**31)),
        (ById(10**30), EventTypeNotFoundError(10**30)),
        (ByUser("none", "ann"), EventTypeNotFoundError()),
        (ByUser("intro", "Ann"), UserNotFoundError("Ann")),
        (ByUser("intro", "nobody"), UserNotFoundError("nobody")),
        (ByUser("intro", ""), UserNotFoundError("")),
        (ByUser("intro", "nul\0"), UserNotFoundError("nul\0")),
        (ByUser("half\ud800", "ann"), EventTypeNotFoundError()),
        # Whoever is in an organization is found in it alone, by the name they have there.
        (ByUser("intro", "cy"), UserNotFoundError("cy")),
        (ByUser("intro", "cy", "acme"), UserNotFoundError("cy")),
        (ByUser("intro", "ann", "acme"), UserNotFoundError("ann")),
        (ByUser("intro", "ann", "nowhere"), OrganizationNotFoundError("nowhere")),
        (ByTeam("round", "sales"), EventTypeNotFoundError()),
        (ByTeam("together", "sales", "acme"), EventTypeNotFoundError()),
        (ByTeam("together", "none"), TeamNotFoundError("none")),
        (ByTeam("round", "none", "acme"), TeamNotFoundError("none")),
        (ByTeam("round", "sales", "nowhere"), OrganizationNotFoundError("nowhere")),
        (ByUsernames(("ann", "nobody", "bob")), UserNotFoundError("nobody")),
        (ByUsernames(("ann", "cy")), UserNotFoundError("cy")),
        (ByUsernames(("bob", "ann"), "acme"), UserNotFoundError("ann")),
        (ByUsernames(("ann", "bob"), "nowhere"), OrganizationNotFoundError("nowhere")),
        (ByUsernames(("bob",), "acme"), DynamicBookingDisallowedError("cy")),
    ],
)
async def test_a_reference_to_nothing_says_what_is_missing(
    stores: Stores, reference: EventTypeReference, error: HoldfastError
) -> None:
    with pytest.raises(type(error)) as raised:
        await stores.find(reference)
    assert vars(raised.value) == vars(error)


# What it says --------------------------------------------------------------------------------------------------------

WEEKDAYS = WeeklyHours(frozenset({1, 2}), 540, 1_020)
ANNS_DEFAULT = Schedule(
    11,
    "Europe/Rome",
    (WEEKDAYS, WeeklyHours(frozenset({7}), 1_320, 1_440)),
    (
        Override(date(2050, 3, 2), 600, 660),
        Override(date(2050, 3, 2), 720, 780),
        Override(date(2050, 3, 3)),
    ),
)
ANN_AS_FOUND = Person(
    id=ANN,
    username="ann",
    email="Ann@example.com",
    name="Ann",
    zone="Europe/Rome",
    default_schedule=ANNS_DEFAULT,
    travels=(
        Travel("Asia/Tokyo", date(2050, 3, 1), date(2050, 3, 5)),
        Travel("Asia/Seoul", date(2050, 2, 1), None),
    ),
)
BOBS_SCHEDULE = Schedule(12, "UTC", (WEEKDAYS,))
DEE_AS_FOUND = Person(
    id=DEE,
    username="dee",
    email="dee@example.com",
    zone="Asia/Kathmandu",
    default_schedule=Schedule(20, "Asia/Tokyo", (WEEKDAYS,)),
)


async def test_a_persons_hours_travels_and_absences_come_along(stores: Stores) -> None:
    found = await stores.find(ById(100))
    absences = {Absence(date(2050, 3, 1), date(2050, 3, 3)), Absence(date(2050, 4, 1), date(2050, 4, 1))}
    ann = found.people[ANN]
    assert set(ann.absences) == absences
    assert found == EventTypeRules(
        event_type=EventType(id=100, title="intro", owner_id=ANN, length=30),
        people={ANN: Person(**{**_fields(ANN_AS_FOUND), "absences": ann.absences})},
    )


def _fields(person: Person) -> dict[str, Any]:
    return {name: getattr(person, name) for name in Person.__dataclass_fields__}


async def test_every_rule_of_an_event_type_is_kept(stores: Stores) -> None:
    found = await stores.find(ById(101))
    assert found.event_type == EventType(
        id=101,
        title="Introduction",
        owner_id=CY,
        length=45,
        lengths=(15, 45),
        slot_interval=20,
        offset_start=5,
        minimum_notice=0,
        before_buffer=10,
        after_buffer=20,
        seats=3,
        only_first_slot=True,
        optimized_slots=True,
        confirmation=Confirmation(notice=240, pending_blocks=False),
        schedule_id=12,
    )
    assert found.schedules == {12: BOBS_SCHEDULE}
    assert not found.people[CY].allow_dynamic_booking
    assert found.people[CY].default_schedule is None


TEAM_COUNT = (Limit(Period.DAY, 2), Limit(Period.WEEK, 5))


@pytest.mark.parametrize(
    ("event_type_id", "limits"),
    [
        (
            120,
            BookingLimits(
                count=(Limit(Period.DAY, 1), Limit(Period.YEAR, 9)),
                duration=(Limit(Period.MONTH, 300),),
                team_count=TEAM_COUNT,
                team_id=62,
                team_event_type_ids=frozenset({120, 121, 122}),
            ),
        ),
        (122, BookingLimits(team_count=TEAM_COUNT, team_id=62, team_event_type_ids=frozenset({120, 121, 122}))),
        (124, BookingLimits()),
        (100, BookingLimits()),
    ],
)
async def test_limits_are_the_types_own_and_its_teams(
    stores: Stores, event_type_id: int, limits: BookingLimits
) -> None:
    """A managed type's child is under the team's limit only where that includes children."""
    assert (await stores.find(ById(event_type_id))).event_type.limits == limits


@pytest.mark.parametrize(
    ("event_type_id", "window"),
    [
        (120, DaysAhead(3, business=True, rolling=True)),
        (122, DateRange(date(2050, 3, 1), date(2050, 3, 31))),
        (100, None),
    ],
)
async def test_the_booking_window_is_kept(stores: Stores, event_type_id: int, window: BookingWindow | None) -> None:
    assert (await stores.find(ById(event_type_id))).event_type.booking_window == window


async def test_hosts_stay_in_order_with_their_schedules(stores: Stores) -> None:
    found = await stores.find(ById(110))
    assert found.event_type.host_entries == (
        HostEntry(user_id=DEE, priority=4, weight=50, group="g", schedule_id=12),
        HostEntry(user_id=ANN, mandatory=True),
    )
    assert found.event_type.scheduling is SchedulingType.ROUND_ROBIN
    assert found.event_type.subset_enabled
    assert found.schedules == {12: BOBS_SCHEDULE}
    assert found.people.keys() == {ANN, DEE}
    assert found.people[DEE] == DEE_AS_FOUND


async def test_accepted_members_are_people_where_all_are_assigned(stores: Stores) -> None:
    found = await stores.find(ById(111))
    assert found.member_ids == (ANN, DEE)
    assert found.people.keys() == {ANN, DEE}


async def test_assigned_users_stay_in_order(stores: Stores) -> None:
    found = await stores.find(ById(112))
    assert found.event_type.assigned_user_ids == (BOB, ANN)
    assert found.event_type.scheduling is SchedulingType.MANAGED
    assert found.member_ids == (ANN, DEE)
    assert found.people.keys() == {ANN, BOB}


async def test_a_dynamic_event_of_people_known_by_id(stores: Stores) -> None:
    found = await stores.find(ByUserIds((DEE, ANN)))
    assert [entry.user_id for entry in found.event_type.host_entries] == [DEE, ANN]


async def test_a_dynamic_event_is_of_each_person_once_in_order(stores: Stores) -> None:
    found = await stores.find(ByUsernames(("dee", "bob", "dee")))
    assert [entry.user_id for entry in found.event_type.host_entries] == [DEE, BOB]
    assert found.people[DEE] == DEE_AS_FOUND
    assert found.people[BOB].default_schedule == BOBS_SCHEDULE


# What takes time -----------------------------------------------------------------------------------------------------

MARCH = (parse_instant("2050-03-01"), parse_instant("2050-04-01"))
GUEST = Booking(
    uid="guest",
    event_type_id=113,
    host_ids=frozenset({ANN, BOB}),
    start=parse_instant("2050-03-08T12:00Z"),
    end=parse_instant("2050-03-08T12:30Z"),
    attendee_emails=("x@example.com", "aNN@EXAMPLE.com", "a@example.com"),
)
LATE = Booking(
    uid="late",
    event_type_id=101,
    host_ids=frozenset({CY}),
    start=parse_instant("2050-03-09T12:00Z"),
    end=parse_instant("2050-03-09T12:45Z"),
    before_buffer=10,
    after_buffer=20,
    seated=True,
)
AWAITING = Booking(
    uid="awaiting",
    event_type_id=100,
    host_ids=frozenset({ANN}),
    start=parse_instant("2050-03-07T12:00:00.123Z"),
    end=parse_instant("2050-03-07T12:30Z"),
    status=BookingStatus.AWAITING_HOST,
)


def of(busy: BusyTimes, *host_ids: int) -> list[Booking]:
    """Return the hosts' bookings: what a store returns beside them means nothing."""
    return [booking for booking in busy.bookings if booking.host_ids & set(host_ids)]


async def test_bookings_come_in_the_order_they_were_made(stores: Stores) -> None:
    busy = await stores.busy_times([ANN, CY], MARCH, None)
    assert [booking.uid for booking in of(busy, ANN, CY)] == ["late", "guest", "pending", "awaiting"]


async def test_a_guest_whose_address_is_a_users_is_a_host(stores: Stores) -> None:
    for host_id in (ANN, BOB):
        assert GUEST in (await stores.busy_times([host_id], MARCH, None)).bookings


async def test_bookings_have_the_buffers_and_policy_of_their_type(stores: Stores) -> None:
    busy = await stores.busy_times([CY], MARCH, None)
    late, pending = of(busy, CY)
    assert late == LATE
    assert not pending.blocks


async def test_instants_are_whole_milliseconds(stores: Stores) -> None:
    assert AWAITING in (await stores.busy_times([ANN], MARCH, None)).bookings


async def test_a_seated_types_bookings_come_whoever_hosts_them(stores: Stores) -> None:
    assert LATE in (await stores.busy_times([ANN], MARCH, 101)).bookings


async def test_accepted_bookings_of_a_type_come_whoever_hosts_them(stores: Stores) -> None:
    year = (parse_instant("2050-01-01"), parse_instant("2051-01-01"))
    everything = await stores.busy_times([ANN, BOB, CY, DEE], year, None)
    expected = [
        (booking.uid, booking.host_ids, booking.start, booking.end)
        for booking in everything.bookings
        if booking.event_type_id in {100, 101} and booking.status is BookingStatus.ACCEPTED
    ]
    found = await stores.accepted_bookings({100, 101}, year)
    assert expected
    assert [(b.uid, b.host_ids, b.start, b.end) for b in found] == expected
    first = found[0].start
    assert (await stores.accepted_bookings({100, 101}, (first + 1, year[1]))) == found[1:]
    assert len(await stores.accepted_bookings({100, 101}, (first, first + 1))) >= 1


async def test_calendars_are_told_apart(stores: Stores) -> None:
    busy = await stores.busy_times([ANN, BOB], MARCH, None)
    day, hour = parse_instant("2050-03-08"), DAY // 24
    monday, tuesday = (day - DAY + 8 * hour, day - DAY + 9 * hour), (day + 8 * hour, day + 9 * hour)
    assert busy.calendars == {ANN: (tuesday, monday), BOB: (tuesday,)}


@pytest.mark.parametrize("around", [(LATE.end + DAY, LATE.end + DAY), (LATE.start - DAY - 1, LATE.start - DAY)])
async def test_what_may_reach_in_by_its_buffers_comes_along(stores: Stores, around: Range) -> None:
    # The largest buffer is a day.
    widened = (around[0] - 1, around[1] + 1)
    assert LATE in (await stores.busy_times([CY], widened, None)).bookings


async def test_the_ends_of_time_are_no_error(stores: Stores) -> None:
    around = (parse_instant("1900-01-02"), parse_instant("9998-12-31") + DAY)
    assert len(of(await stores.busy_times([CY], around, None), CY)) == 2
