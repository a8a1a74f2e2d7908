"""What handlers need: use cases, never pools."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from app.services.find_slots import SlotFinder
from app.services.keep_slots import SlotKeeper
from app.services.ports import Caller, Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """Everything the API can do."""

    slot_finder: SlotFinder
    slot_keeper: SlotKeeper
    credentials: Credentials
    store_states: Callable[[], Awaitable[dict[str, bool]]]
    """Whether each store answers, by name; "postgres" among them."""


USE_CASES = web.AppKey("USE_CASES", UseCases)
_CALLER = "caller"


def set_caller(request: web.Request, caller: Caller | None) -> None:
    """Remember who sends a request."""
    request[_CALLER] = caller


def caller_of(request: web.Request) -> Caller | None:
    """Return who sends a request; None: somebody without credentials."""
    caller = request[_CALLER]
    assert caller is None or isinstance(caller, Caller)  # noqa: S101 - for the type checker
    return caller
