"""`GET /v2/slots/stream`: a listing, and every change of it as it happens."""

import asyncio
from contextlib import suppress

from aiohttp import hdrs, web

from app.api import streams
from app.api.listing import writable_2024_09_04
from app.api.slots import DEGRADED, read_question, worded
from app.api.slots_query import SlotsQuery
from app.api.state import USE_CASES
from app.api.streams import LAST_EVENT_ID, STREAMS, EventStream
from app.api.under_way import UNDER_WAY
from app.api.written_listings import written_event
from app.services.find_slots import FoundSlots
from app.services.watch_slots import View


async def get_slots_stream(request: web.Request) -> web.StreamResponse:
    """Tell the slots of an event type, and every change of them as it happens.

    Server-sent events: each `slots` event has the whole answer of `GET /v2/slots` as its data and its tag as its id.
    The first comes at once, unless the listing is still the one that `Last-Event-ID` names. So nothing is missed by
    whoever comes back.
    """
    query, question = read_question(request)
    with (
        request.app[USE_CASES].slot_watcher.watching(question) as view,
        request.app[STREAMS].place(request, view.end),
    ):
        found = await worded(view.look())
        stream = await EventStream.begin(request, {DEGRADED: "holds"} if found.without_holds else {})
        if request.method != hdrs.METH_HEAD:
            # It may go on for days: nobody is to wait for its end, nor to take it for work.
            with request.app[UNDER_WAY].set_aside(), suppress(ConnectionError):
                await _tell(stream, view, found, query, request.headers.get(LAST_EVENT_ID) or None)
        return stream.response


async def _tell(stream: EventStream, view: View, found: FoundSlots, query: SlotsQuery, known: str | None) -> None:
    """Write what was found, and whatever is found next, until nothing more comes; what is known is not told again."""
    await stream.say_when_to_come_back()
    latest: FoundSlots | None = found
    while latest is not None:
        event = written_event(latest, writable_2024_09_04, query.time_zone, query.format)
        if event.tag != known:
            await stream.write(event.body)
            known = event.tag
        latest = await _next(stream, view)


async def _next(stream: EventStream, view: View) -> FoundSlots | None:
    """Wait for what is found next; meanwhile, now and then, write a comment."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(streams.HEARTBEAT_S):
                return await view.next()
        await stream.write(b":\n\n")
