"""`POST /v2/api-keys/refresh`."""

from typing import Annotated

from aiohttp import web
from pydantic import Field, StrictBool
from typing_extensions import TypedDict

from app.api.bodies import Body, read_body, success
from app.api.credentials import caller_of
from app.api.state import USE_CASES
from app.fields import WholeNumber

LONGEST_DAYS = 3_650


class KeyRefreshBody(Body):
    """For how long the new key is to live."""

    days: Annotated[WholeNumber, Field(ge=1, le=LONGEST_DAYS)] = Field(30, alias="apiKeyDaysValid")
    never_expires: StrictBool = Field(False, alias="apiKeyNeverExpires")


class NewKeyData(TypedDict):
    """The new key, told once."""

    apiKey: str


async def post_refresh(request: web.Request) -> web.Response:
    """Give a new API key in the place of the caller's.

    There is no Idempotency-Key here, nor wherever else a secret is told: the answer would have to be kept.
    """
    caller_of(request)
    body = await read_body(request, KeyRefreshBody)
    _, _, key = request.headers.get("Authorization", "").partition(" ")
    days = None if body.never_expires else body.days
    shown: NewKeyData = {"apiKey": await request.app[USE_CASES].api_key_refresher.refresh(key.strip(), days)}
    return success(shown)
