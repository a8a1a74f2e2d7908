"""What handlers need: use cases, never pools."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from app.services.answer_once import OnceAnswerer
from app.services.book_slots import SlotBooker
from app.services.bookings import Bookings
from app.services.cancel_bookings import BookingCanceller
from app.services.decide_bookings import BookingDecider
from app.services.explain_slots import SlotExplainer
from app.services.find_slots import SlotFinder
from app.services.keep_batch import BatchKeeper
from app.services.keep_slots import SlotKeeper
from app.services.move_bookings import BookingMover
from app.services.ports import Caller, Clock, Credentials
from app.services.run_bookings import BookingRunners
from app.services.webhooks import WebhookKeeper

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """Everything the API can do."""

    slot_finder: SlotFinder
    slot_explainer: SlotExplainer
    slot_keeper: SlotKeeper
    batch_keeper: BatchKeeper
    reservation_answerer: OnceAnswerer
    booking_answerer: OnceAnswerer
    slot_booker: SlotBooker
    booking_mover: BookingMover
    booking_canceller: BookingCanceller
    booking_decider: BookingDecider
    booking_runners: BookingRunners
    bookings: Bookings
    webhook_keeper: WebhookKeeper
    credentials: Credentials
    clock: Clock
    store_states: Callable[[], Awaitable[dict[str, bool]]]
    """Whether each store answers, by name; "postgres" among them."""


USE_CASES = web.AppKey("USE_CASES", UseCases)
CALLER = web.RequestKey("CALLER", Caller)
"""Who sends the request; not there: somebody without credentials."""
