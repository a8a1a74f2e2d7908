"""What somebody who just started the demo world may try: three requests as they stand, and the page at `/`."""

from app.api.instants import date_text, utc_text
from app.application.clock import now
from app.application.stores import StoreUrls, open_stores
from app.application.web import use_cases
from app.domain.errors import HoldfastError
from app.domain.reference import ById
from app.domain.time_ranges import DAY
from app.domain.window import asked_window
from app.services.event_types import PersonName, Wanted
from app.services.find_slots import SlotsQuestion
from app.settings import Settings

_EVENT_TYPE = 1
_SLUG, _OWNER = "intro", "ada"
_USERNAMES, _TEAM_IDS = ("ada", "ben"), (50, 51)
"""Who has event types in the demo world."""
_DAYS = 7


async def welcome(settings: Settings, urls: StoreUrls) -> str:
    """Return three curl lines on the first free slot of the demo world; other worlds get their dates alone."""
    base = f"http://{settings.address}/v2"
    today = now() // DAY
    first_day, last_day = date_text(today + 1), date_text(today + _DAYS)
    listing = f"curl '{base}/slots?eventTypeId={_EVENT_TYPE}&start={first_day}&end={last_day}'"
    start = await _first_start(settings, urls, today)
    if start is None:
        return f"List slots (put in an event type of yours):\n  {listing}"
    body = f'{{"eventTypeId": {_EVENT_TYPE}, "slotStart": "{start}"}}'
    return (
        f"Try, in another terminal:\n"
        f"  {listing}\n"
        f"  curl -X POST {base}/slots/reservations -H 'Content-Type: application/json' -d '{body}'\n"
        f"  curl -X DELETE {base}/slots/reservations/RESERVATION_UID\n"
        f"Or book something in a browser: http://{settings.address}/"
    )


async def offering_demo(settings: Settings, urls: StoreUrls) -> Settings:
    """Return settings by which the page at `/` offers the demo world, if that is there and nothing else was set."""
    if settings.page_usernames or settings.page_team_ids or not await _is_there(settings, urls):
        return settings
    return settings.model_copy(update={"page_usernames": _USERNAMES, "page_team_ids": _TEAM_IDS})


async def _is_there(settings: Settings, urls: StoreUrls) -> bool:
    async with open_stores(settings, urls) as stores:
        keeper = use_cases(settings, stores).event_type_keeper
        found = await keeper.of_person(PersonName(_OWNER), Wanted(slug=_SLUG), None)
    return [one.id for one in found] == [_EVENT_TYPE]


async def _first_start(settings: Settings, urls: StoreUrls, today: int) -> str | None:
    window = asked_window((today + 1) * DAY, (today + _DAYS) * DAY)
    async with open_stores(settings, urls) as stores:
        finder = use_cases(settings, stores).slot_finder
        try:
            found = await finder.find(SlotsQuestion(reference=ById(_EVENT_TYPE), window=window))
        except HoldfastError:
            return None
    return utc_text(found.starts[0]) if found.starts else None
