"""`/health/live` and `/health/ready`: what a balancer asks."""

from typing import Literal

from aiohttp import web
from typing_extensions import TypedDict

from app.api.bodies import json_response
from app.api.state import USE_CASES
from app.api.under_way import UNDER_WAY


class Live(TypedDict):
    """The process runs."""

    status: Literal["ok"]


class Ready(TypedDict):
    """Whether requests should come here, and which stores answer."""

    status: Literal["ok", "unavailable", "stopping"]
    stores: dict[str, Literal["up", "down"]]


async def get_live(_: web.Request) -> web.Response:
    """Say that the process runs."""
    answer: Live = {"status": "ok"}
    return json_response(answer)


async def get_ready(request: web.Request) -> web.Response:
    """Say whether requests should come here: 200 while PostgreSQL answers and the process is not asked to stop.

    Redis being away does not take a pod out: listing goes on without it, and no other pod would do better.
    """
    states = await request.app[USE_CASES].store_states()
    stopping = request.app[UNDER_WAY].stopping
    ready = states["postgres"] and not stopping
    answer: Ready = {
        "status": "ok" if ready else "stopping" if stopping else "unavailable",
        "stores": {name: "up" if answers else "down" for name, answers in states.items()},
    }
    return json_response(answer, status=200 if ready else 503)
