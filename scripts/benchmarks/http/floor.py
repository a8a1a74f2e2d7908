"""The floor: a server on the same kind of worker that does the least with which a client would get its answer.

A listing is one `GET`, whose bytes are sent as they are. A reservation parses its body, makes one `SET NX PX` and
answers what a reservation looks like. No rules, no bookings, no calendars: there is nothing below it.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator

import click
import orjson
import uvloop
from aiohttp import web
from redis.asyncio import Redis

LISTING = "floor:listing"
"""The key of the bytes that a listing is."""
_KEPT_MS = 300_000
_LONGEST_LINE = 32 * 1024
"""As the service allows."""
_REDIS = web.AppKey("_REDIS", Redis)


async def get_slots(request: web.Request) -> web.Response:
    """Answer a listing."""
    body = await request.app[_REDIS].get(LISTING)
    return web.Response(body=body, content_type="application/json", charset="utf-8")


async def post_reservation(request: web.Request) -> web.Response:
    """Keep a slot."""
    wanted = orjson.loads(await request.read())
    event_type_id, start, uid = wanted["eventTypeId"], wanted["slotStart"], str(uuid.uuid4())
    if not await request.app[_REDIS].set(f"floor:{event_type_id}:{start}", uid, nx=True, px=_KEPT_MS):
        return web.Response(status=422)
    data = {
        "reservationUid": uid,
        "eventTypeId": event_type_id,
        "slotStart": start,
        "slotEnd": start,
        "slotDuration": 60,
        "reservationDuration": 5,
        "reservationUntil": start,
    }
    body = orjson.dumps({"status": "success", "data": data})
    return web.Response(body=body, status=201, content_type="application/json", charset="utf-8")


async def get_ready(_: web.Request) -> web.Response:
    """Say that it serves."""
    return web.Response()


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--redis", "redis_url", envvar="REDIS_URL", required=True)
def main(port: int, redis_url: str) -> None:
    """Serve until somebody ends the process."""
    uvloop.run(_serve(port, redis_url))


async def _serve(port: int, redis_url: str) -> None:
    app = web.Application()
    app.add_routes(
        [
            web.get("/v2/slots", get_slots),
            web.post("/v2/slots/reservations", post_reservation),
            web.get("/health/ready", get_ready),
        ]
    )

    async def redis(app: web.Application) -> AsyncIterator[None]:
        # A floor has no deadlines, which cost a task and a timer a command.
        async with Redis.from_url(redis_url, socket_timeout=None) as client:
            app[_REDIS] = client
            yield

    app.cleanup_ctx.append(redis)
    runner = web.AppRunner(app, access_log=None, max_line_size=_LONGEST_LINE, max_field_size=_LONGEST_LINE)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
