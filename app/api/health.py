"""`/health/live` and `/health/ready`: what a balancer asks."""

from aiohttp import web

from app.api.bodies import json_response
from app.api.state import USE_CASES


async def get_live(_: web.Request) -> web.Response:
    """Say that the process runs."""
    return json_response({"status": "ok"})


async def get_ready(request: web.Request) -> web.Response:
    """Say whether requests should come here: 200 while PostgreSQL answers.

    Redis being away does not take a pod out: listing goes on without it, and no other pod would do better.
    """
    states = await request.app[USE_CASES].store_states()
    ready = states["postgres"]
    stores = {name: "up" if answers else "down" for name, answers in states.items()}
    return json_response({"status": "ok" if ready else "unavailable", "stores": stores}, status=200 if ready else 503)
