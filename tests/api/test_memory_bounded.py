"""What a pod remembers is bounded, however much it is asked for: `scripts/bench memory` shows it at full size."""

import asyncio
import gc
from collections import Counter
from collections.abc import Awaitable, Callable

import asyncpg

from app.api.slots_query import SlotsQuery
from app.domain.reference import ById, ByUser
from app.observing.phases import Spent
from app.services.find_slots import SlotsQuestion
from tests.api.asking import Asking
from tests.api.pods import pod
from tests.api.world import ANA

FIRST = 100_000
MANY = 60
REMEMBERED = 100
"""Two listings, or the rules of some twenty event types."""
PACKAGES = ("app", "asyncio", "asyncpg", "redis")
BOUNDED = (SlotsQuestion, ById, ByUser, SlotsQuery, asyncio.TimerHandle, Spent)
"""Of questions the last thousand are kept as they were read, more than a quick test asks; a loop throws timers that
were called off away when they are many, and each holds what its request had."""


async def test_event_types_asked_for_once_leave_nothing_behind(api: Asking, database: asyncpg.Connection) -> None:
    await database.execute(
        """
        INSERT INTO event_types (id, slug, owner_id, length_minutes)
        SELECT $1::int + n, 'many-' || n, $2::int, 60 FROM generate_series(0, $3::int) AS n
        """,
        FIRST,
        ANA,
        2 * MANY,
    )

    async def ask(asking: Asking, number: int) -> None:
        assert (await asking.slots(eventTypeId=FIRST + number)).data

    left = await left_behind(api, ask)
    assert left.total() < MANY, left


async def test_words_of_strangers_leave_nothing_behind(api: Asking) -> None:
    """Windows, uids and names, of which there is no end."""

    async def ask(asking: Asking, number: int) -> None:
        day = f"2050-{1 + number % 12:02d}-{1 + number % 28:02d}"
        query = {"eventTypeId": 10, "start": day, "end": day, "bookingUidToReschedule": f"uid-{number}"}
        assert (await asking.ask("GET", "/v2/slots", params=query)).status == 200
        assert (await asking.ask("GET", f"/v2/slots/reservations/uid-{number}")).status == 200
        assert (await asking.slots(username=f"name-{number}", eventTypeSlug="none")).status == 404

    left = await left_behind(api, ask)
    assert left.total() < MANY, left


async def test_hosts_that_strangers_name_leave_nothing_behind(api: Asking) -> None:
    """They may be asked for in any number and combination, and need not be any."""

    async def ask(asking: Asking, number: int) -> None:
        made_up = [str(1_000 + 100 * number + other) for other in range(50)]
        query = {"eventTypeId": "26", "start": "2050-09-05", "end": "2050-09-05", "rrHostSubsetIds[]": made_up}
        assert (await asking.ask("GET", "/v2/slots", params=query)).data == {}

    left = await left_behind(api, ask)
    assert left.total() < MANY, left


async def left_behind(api: Asking, ask: Callable[[Asking, int], Awaitable[None]]) -> Counter[str]:
    """Ask a pod that remembers little as many questions again as it was asked before; which objects it has more of."""
    settings = api.settings.model_copy(update={"remembered_items": REMEMBERED})
    async with pod(settings, api.urls) as asking:
        for number in range(MANY):
            await ask(asking, number)
        before = objects()
        for number in range(MANY, 2 * MANY):
            await ask(asking, number)
        return objects() - before


def objects() -> Counter[str]:
    """Count what is there of our own, and of what asks the stores, once all is taken that nobody holds any more."""
    gc.collect()
    kinds = (type(thing) for thing in gc.get_objects())
    return Counter(
        f"{kind.__module__}.{kind.__qualname__}"
        for kind in kinds
        if kind not in BOUNDED and str(kind.__module__).startswith(PACKAGES)
    )
