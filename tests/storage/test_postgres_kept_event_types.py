"""Event types as their owners keep them, in PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.domain.booking_window import BookingWindow, DateRange, DaysAhead
from app.domain.errors import EventTypeNotFoundError, Flaw, SettingsRefusedError
from app.domain.event_type import HostEntry, SchedulingType
from app.domain.event_type_settings import ConfirmationPolicy, EventTypeSettings, Notice, Seats
from app.domain.limits import Limit, Period
from app.domain.reference import ById
from app.services.event_types import KeptEventType, PersonName, Wanted
from app.storage.postgres.event_types import PostgresEventTypes
from app.storage.postgres.kept_event_types import PostgresKeptEventTypes
from app.storage.postgres.load import load_world
from app.storage.postgres.pool import Pool
from app.storage.world_files.reading import world_of

ANN, BOB, CREW, ACME = 1, 2, 50, 90
WORLD: dict[str, Any] = {
    "users": [
        {"id": ANN, "username": "ann", "email": "ann@example.com", "timeZone": "UTC"},
        {"id": BOB, "username": "bob", "email": "bob@example.com", "timeZone": "UTC"},
    ],
    "schedules": [{"id": 11, "ownerId": ANN, "timeZone": "UTC", "availability": []}],
    "organizations": [{"id": ACME, "slug": "acme"}],
    "profiles": [{"userId": BOB, "organizationId": ACME, "username": "ann"}],
    "teams": [{"id": CREW, "slug": "crew", "parentOrganizationId": ACME}],
    "memberships": [{"userId": ANN, "teamId": CREW}, {"userId": BOB, "teamId": CREW}],
    "eventTypes": [
        {
            "id": 100,
            "slug": "old",
            "ownerId": ANN,
            "lengthInMinutes": 30,
            "lengthInMinutesOptions": [30, 60],
            "seatsPerTimeSlot": 3,
            "bookingLimitsCount": {"week": 5, "day": 2},
            "bookingWindow": {"type": "range", "value": ["2050-03-01", "2050-03-31"]},
            "confirmationPolicy": {
                "type": "always",
                "noticeThreshold": {"unit": "hours", "count": 2},
                "blockUnconfirmedBookingsInBooker": False,
            },
        }
    ],
}
FULL = EventTypeSettings(
    slug="full",
    title="Full",
    description="All of it",
    length=30,
    lengths=(30, 60),
    slot_interval=15,
    offset_start=5,
    minimum_notice=0,
    before_buffer=10,
    after_buffer=20,
    seats=Seats(per_slot=4, show_attendees=True, show_left=False),
    only_first_slot=True,
    optimized_slots=True,
    schedule_id=11,
    booking_window=DaysAhead(5, business=True, rolling=True),
    count_limits=(Limit(Period.DAY, 2), Limit(Period.YEAR, 9)),
    duration_limits=(Limit(Period.WEEK, 120),),
    confirmation=ConfirmationPolicy(notice=Notice("hours", 2), pending_blocks=False),
    hidden=True,
    booking_fields=({"slug": "size", "type": "text", "required": True},),
    locations=({"type": "attendeePhone"},),
    more={"metadata": {"crm": "17"}},
)
BARE = EventTypeSettings(slug="bare", length=30)


@pytest.fixture
async def kept(database_url: str, pool: Pool) -> PostgresKeptEventTypes:
    await load_world(database_url, world_of(WORLD))
    return PostgresKeptEventTypes(pool)


async def settings_of(kept: PostgresKeptEventTypes, event_type_id: int) -> EventTypeSettings:
    found = await kept.get(event_type_id)
    assert found is not None
    return found.settings


async def change_to(kept: PostgresKeptEventTypes, event_type_id: int, settings: EventTypeSettings) -> KeptEventType:
    return await kept.change(event_type_id, lambda _: settings)


async def test_what_is_kept_is_what_was_given(kept: PostgresKeptEventTypes) -> None:
    one_day = DateRange(date(2050, 3, 1), date(2050, 3, 1))
    for settings in (BARE, FULL, replace(FULL, booking_window=one_day, slug="ranged")):
        made = await kept.add(settings, owner_id=ANN, team_id=None)
        assert made.settings == await settings_of(kept, made.id) == settings
        other = replace(BARE, slug=f"not {settings.slug}")
        assert (await change_to(kept, made.id, other)).settings == other
        assert (await change_to(kept, made.id, settings)).settings == settings


async def test_what_a_file_brought_is_kept_alike(kept: PostgresKeptEventTypes) -> None:
    window: BookingWindow = DateRange(date(2050, 3, 1), date(2050, 3, 31))
    assert await settings_of(kept, 100) == EventTypeSettings(
        slug="old",
        length=30,
        lengths=(30, 60),
        seats=Seats(per_slot=3),
        count_limits=(Limit(Period.DAY, 2), Limit(Period.WEEK, 5)),
        booking_window=window,
        confirmation=ConfirmationPolicy(pending_blocks=False),
    )


async def test_listings_go_by_what_is_kept(kept: PostgresKeptEventTypes, pool: Pool) -> None:
    made = await kept.add(FULL, owner_id=ANN, team_id=None)
    event_type = (await PostgresEventTypes(pool).find(ById(made.id))).event_type
    assert (event_type.length, event_type.lengths, event_type.seats) == (30, (30, 60), 4)
    assert (event_type.booking_window, event_type.limits.count) == (FULL.booking_window, FULL.count_limits)
    assert event_type.schedule_id == 11


async def test_of_two_changes_at_once_neither_is_lost(kept: PostgresKeptEventTypes) -> None:
    async def change(**values: Any) -> KeptEventType:
        return await kept.change(100, lambda before: replace(before, **values))

    for number in range(1, 6):
        await asyncio.gather(change(title=f"Title {number}"), change(after_buffer=number), change(offset_start=number))
        now = await settings_of(kept, 100)
        assert (now.title, now.after_buffer, now.offset_start) == (f"Title {number}", number, number)


async def test_of_two_who_take_a_slug_at_once_one_gets_it(kept: PostgresKeptEventTypes) -> None:
    taking = (kept.add(BARE, owner_id=ANN, team_id=None) for _ in range(4))
    results = await asyncio.gather(*taking, return_exceptions=True)
    refused = [result for result in results if isinstance(result, SettingsRefusedError)]
    assert [error.flaw for error in refused] == [Flaw.SLUG_TAKEN] * 3
    assert len(await kept.of_person(ANN, Wanted(slug="bare"))) == 1


async def test_nothing_is_made_for_who_is_gone(kept: PostgresKeptEventTypes) -> None:
    for owner_id, team_id in ((9, None), (None, 9)):
        with pytest.raises(SettingsRefusedError) as refused:
            await kept.add(BARE, owner_id=owner_id, team_id=team_id)
        assert refused.value.flaw is Flaw.OWNER_GONE


async def test_what_is_not_there_is_not_changed(kept: PostgresKeptEventTypes) -> None:
    with pytest.raises(EventTypeNotFoundError):
        await kept.change(9_999, lambda before: before)
    assert not await kept.remove(9_999)
    assert await kept.get(2**40) is None


async def test_names(kept: PostgresKeptEventTypes) -> None:
    for name, user_id in {
        PersonName("ann"): ANN,
        PersonName("bob"): None,
        PersonName("ann", "acme"): BOB,
        PersonName("ann", None, ACME): BOB,
        PersonName("ann", "acme", ACME): BOB,
        PersonName("ann", "acme", 91): None,
        PersonName("bob", "acme"): None,
    }.items():
        assert await kept.user_named(name) == user_id, name


async def test_a_managed_ones_children_are_made_changed_and_removed_with_it(kept: PostgresKeptEventTypes) -> None:
    hosts = (HostEntry(user_id=ANN), HostEntry(user_id=BOB))
    managed = replace(FULL, schedule_id=None, scheduling=SchedulingType.MANAGED, host_entries=hosts)
    parent = await kept.add(managed, owner_id=None, team_id=CREW)
    children = await kept.children(parent.id)
    assert [child.owner and child.owner.id for child in children] == [ANN, BOB]
    assert {child.settings.count_limits for child in children} == {FULL.count_limits}
    await kept.change(parent.id, lambda before: replace(before, host_entries=hosts[1:], duration_limits=()))
    (left,) = await kept.children(parent.id)
    assert left.id == children[1].id
    assert left.settings.duration_limits == ()
    await kept.remove(parent.id)
    assert await kept.get(left.id) is None
