"""The floor: a server on the same kind of worker that does the least with which a client would get its answer.

A listing is one `GET`, whose bytes are sent as they are. A reservation parses its body, makes one `SET NX PX` and
answers what a reservation looks like. No rules, no bookings, no calendars: there is nothing below it.

Under `/steps` a reservation makes the service's round trips and nothing else: it claims, reads bookings and confirms,
which is what keeps a slot from being given to two. So much of the way from the floor to the service is the price of the
promise. Each request makes them by itself, while in the service those of the same moment share theirs.
"""

import asyncio
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import click
import orjson
import uvloop
from aiohttp import web

from app.storage.holds.connection import Client, open_redis
from app.storage.holds.scripts import script
from app.storage.postgres.named_sql import queries

LISTING = "floor:listing"
"""The key of the bytes that a listing is."""
STEPS = "/steps"
"""What paths begin with that make a reservation's round trips."""
_KEPT_MS = 300_000
_LONGEST_LINE = 32 * 1024
"""As the service allows."""
_LENGTH = timedelta(hours=1)
_A_DAY = timedelta(days=1)
_PROVISIONAL_MS = 5_000
_CONNECT_S = 5
_MOST_OF_A_CLIENT = 10
_BUSY_TIMES = queries("calendar")["busy_times"]
_REDIS: web.AppKey[Client] = web.AppKey("_REDIS")
_POOL: web.AppKey["asyncpg.Pool[asyncpg.Record]"] = web.AppKey("_POOL")


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
    return _kept(uid, wanted)


async def post_reservation_in_steps(request: web.Request) -> web.Response:
    """Claim a slot, look whether it is booked, and keep it."""
    wanted = orjson.loads(await request.read())
    host_id, start, uid = wanted["eventTypeId"], datetime.fromisoformat(wanted["slotStart"]), str(uuid.uuid4())
    claim, redis = secrets.token_urlsafe(12), request.app[_REDIS]
    lane, record = f"floor:h:{host_id}", orjson.dumps({"uid": uid, "claim": claim, **wanted})
    # A lane's three and, as every stranger needs a place in a quota, that one's.
    keys = [f"{lane}:holds", f"{lane}:about", f"{lane}:hold:{claim}", f"floor:q:{request.headers['X-Forwarded-For']}"]
    begins, ends = (round(at.timestamp() * 1_000) for at in (start, start + _LENGTH))
    own: list[str | bytes | int] = [claim, "", _PROVISIONAL_MS, record, 1, f"{lane}:hold:", "-", _MOST_OF_A_CLIENT]
    verdict, *_ = await redis.evalsha(script("claim").digest, len(keys), *keys, begins, ends, *own)
    if verdict != b"claimed":
        return web.Response(status=422)
    async with request.app[_POOL].acquire() as connection:
        around = start, start + _LENGTH, start - _A_DAY, start + _LENGTH + _A_DAY
        await connection.fetchrow(_BUSY_TIMES, [host_id], *around, None)
    until = round(time.time() * 1_000) + _KEPT_MS
    keys.append(f"floor:reservation:{uid}")
    if not await redis.evalsha(script("confirm").digest, len(keys), *keys, until, record, 1, 0, 1, claim):
        return web.Response(status=503)
    return _kept(uid, wanted)


def _kept(uid: str, wanted: dict[str, Any]) -> web.Response:
    data = {
        "reservationUid": uid,
        "eventTypeId": wanted["eventTypeId"],
        "slotStart": wanted["slotStart"],
        "slotEnd": wanted["slotStart"],
        "slotDuration": 60,
        "reservationDuration": 5,
        "reservationUntil": wanted["slotStart"],
    }
    body = orjson.dumps({"status": "success", "data": data})
    return web.Response(body=body, status=201, content_type="application/json", charset="utf-8")


async def get_ready(_: web.Request) -> web.Response:
    """Say that it serves."""
    return web.Response()


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--redis", "redis_url", envvar="REDIS_URL", required=True)
@click.option("--database", "database_url", envvar="DATABASE_URL", required=True)
def main(port: int, redis_url: str, database_url: str) -> None:
    """Serve until somebody ends the process."""
    uvloop.run(_serve(port, redis_url, database_url))


async def _serve(port: int, redis_url: str, database_url: str) -> None:
    app = web.Application()
    app.add_routes(
        [
            web.get("/v2/slots", get_slots),
            web.post("/v2/slots/reservations", post_reservation),
            web.post(f"{STEPS}/v2/slots/reservations", post_reservation_in_steps),
            web.get("/health/ready", get_ready),
        ]
    )

    async def stores(app: web.Application) -> AsyncIterator[None]:
        # The service's own client, which is faster than redis-py alone. But a floor has no deadlines, which cost a task
        # and a timer a command, and leaves its connections as they are.
        async with (
            open_redis(redis_url, deadline_s=_CONNECT_S) as redis,
            asyncpg.create_pool(database_url, reset=_as_it_is) as pool,
        ):
            for name in ("claim", "confirm"):
                await redis.script_load(script(name).text)
            app[_REDIS], app[_POOL] = redis, pool
            yield

    app.cleanup_ctx.append(stores)
    runner = web.AppRunner(app, access_log=None, max_line_size=_LONGEST_LINE, max_field_size=_LONGEST_LINE)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


async def _as_it_is(_: object) -> None:
    """Leave a connection that was given back alone."""


if __name__ == "__main__":
    main()
