"""What somebody who just started the demo world may try: three requests that work as they stand."""

from app.api.instants import date_text, utc_text
from app.application.clock import now
from app.application.stores import StoreUrls, open_stores
from app.application.web import use_cases
from app.domain.errors import HoldfastError
from app.domain.reference import ById
from app.domain.time_ranges import DAY
from app.domain.window import asked_window
from app.services.find_slots import SlotsQuestion
from app.settings import Settings

_EVENT_TYPE = 1
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
        f"  curl -X DELETE {base}/slots/reservations/RESERVATION_UID"
    )


async def _first_start(settings: Settings, urls: StoreUrls, today: int) -> str | None:
    window = asked_window((today + 1) * DAY, (today + _DAYS) * DAY)
    async with open_stores(settings, urls) as stores:
        finder = use_cases(settings, stores).slot_finder
        try:
            found = await finder.find(SlotsQuestion(reference=ById(_EVENT_TYPE), window=window))
        except HoldfastError:
            return None
    return utc_text(found.starts[0]) if found.starts else None
