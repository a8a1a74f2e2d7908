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


Make = Callable[[DrawnUid | None], Awaitable[object]]
"""Does what is asked and returns the data to answer.

It gets the uid to make things under, so that a second one cannot make them twice; None where there is no key.
"""


async def created(request: web.Request, make: Make, once: OnceAnswerer | None = None) -> web.Response:
    """Answer 201, as `done` answers 200."""
    return await done(request, make, once, status=201)


async def done(
    request: web.Request, make: Make, once: OnceAnswerer | None = None, *, status: int = 200
) -> web.Response:
    """Answer with the data that `make` returns; with a key, only the first time, and then with that answer.

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
        return rendered(Answer(status, success_body(await make(None))))
    if not 1 <= len(key) <= LONGEST_KEY:
        raise bad_request(f"The header '{KEY}' must have 1 to {LONGEST_KEY} characters.")

    async def answer(drawn: DrawnUid) -> Answer:
        return Answer(status, success_body(await make(drawn)))

    caller = request.get(CALLER)
    client = client_address(request) if caller is None else ""
    repeatable = RepeatableRequest("\n".join((*_scope(request, caller, client), key)), await request.read(), client)
    answered = await (once or request.app[USE_CASES].once_answerer).answer(repeatable, answer)
    response = rendered(answered.answer)
    if answered.replayed:
        response.headers[REPLAYED] = "true"
    return response


def is_again(drawn: DrawnUid | None) -> bool:
    """Say whether an earlier try at the same request may have done it."""
    return drawn is not None and drawn.perhaps_kept


def _scope(request: web.Request, caller: Caller | None, client: str) -> tuple[str, str, str]:
    """Return caller, method and path: the same key elsewhere, or from somebody else, is another key."""
    who = f"address {client}"
    if caller is not None:
        who = f"user {caller.user_id} organization {caller.organization_id}"
    return who, request.method, request.path.removeprefix("/api").rstrip("/")
