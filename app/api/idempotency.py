"""`Idempotency-Key`: a POST that is sent again gets the first answer, and does nothing again."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from app.api.bodies import rendered, success_body
from app.api.clients import client_address
from app.api.errors import bad_request
from app.api.state import CALLER, USE_CASES
from app.services.answer_once import OnceAnswerer, RepeatableRequest
from app.services.ports import Answer, Caller, DrawnUid

KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 255


async def created(
    request: web.Request, make: Callable[[DrawnUid | None], Awaitable[object]], once: OnceAnswerer | None = None
) -> web.Response:
    """Answer 201 with the data that `make` returns; with a key, only the first time, and then with that answer.

    `make` gets the uid to make things under, so that a second one cannot make them twice; None where there is no key.
    `once` remembers the requests, unless that is the usual one's.

    Raises
    ------
    RequestError
        If the key is none (400).
    HoldfastError
        As `OnceAnswerer.answer` and `make`.
    """
    key = request.headers.get(KEY)
    if key is None:
        return rendered(_answer(await make(None)))
    if not 1 <= len(key) <= LONGEST_KEY:
        raise bad_request(f"The header '{KEY}' must have 1 to {LONGEST_KEY} characters.")

    async def answer(drawn: DrawnUid) -> Answer:
        return _answer(await make(drawn))

    caller = request.get(CALLER)
    client = client_address(request) if caller is None else ""
    repeatable = RepeatableRequest("\n".join((*_scope(request, caller, client), key)), await request.read(), client)
    answered = await (once or request.app[USE_CASES].once_answerer).answer(repeatable, answer)
    response = rendered(answered.answer)
    if answered.replayed:
        response.headers[REPLAYED] = "true"
    return response


def _answer(data: object) -> Answer:
    return Answer(201, success_body(data))


def _scope(request: web.Request, caller: Caller | None, client: str) -> tuple[str, str, str]:
    """Return caller, method and path: the same key elsewhere, or from somebody else, is another key."""
    who = f"address {client}"
    if caller is not None:
        who = f"user {caller.user_id} organization {caller.organization_id}"
    return who, request.method, request.path.removeprefix("/api").rstrip("/")
