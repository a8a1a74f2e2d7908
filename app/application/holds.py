"""Looking at live reservations and ending one."""

from collections.abc import Callable
from contextlib import aclosing

from app.application.stores import StoreUrls, open_stores
from app.application.web import use_cases
from app.domain.reservation import KeptReservation
from app.services.tell_reservations import ReservationTeller
from app.settings import Settings
from app.storage.postgres.outbox import PostgresOutbox


async def live_holds(
    settings: Settings, urls: StoreUrls, *, most: int, of: Callable[[KeptReservation], bool]
) -> list[KeptReservation]:
    """Return live reservations, in the order in which they end; any `most` of them, if there are more.

    Raises
    ------
    StoreUnavailableError
        If Redis does not answer.
    """
    found = list[KeptReservation]()
    async with open_stores(settings, urls) as stores, aclosing(stores.holds.all_live()) as live:
        async for kept in live:
            if of(kept):
                found.append(kept)
            if len(found) == most:
                break
    return sorted(found, key=lambda kept: kept.until)


async def release_hold(settings: Settings, urls: StoreUrls, uid: str) -> bool:
    """End a reservation as `DELETE /v2/slots/reservations/{uid}` does, webhooks told; False if there is none.

    Raises
    ------
    StoreUnavailableError
        If Redis does not answer.
    """
    async with open_stores(settings, urls) as stores:
        keeper = use_cases(settings, stores).slot_keeper
        if await keeper.reservation(uid) is None:
            return False
        outbox = PostgresOutbox(stores.pool)
        async with ReservationTeller(stores.noticeboard, outbox, stores.news).running():
            await keeper.end(uid)
        return True
