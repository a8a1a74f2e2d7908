"""The Lua scripts, run by their digests and sent again to a server that has lost them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1
from importlib.resources import files
from typing import Any, TypeAlias

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import NoScriptError, ResponseError

Value: TypeAlias = bytes | str | int


@dataclass(frozen=True, slots=True)
class Script:
    """One script of the folder `lua`."""

    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Call:
    """A script with its keys and arguments."""

    script: str
    """Its name."""
    keys: Sequence[str]
    arguments: Sequence[Value]


@lru_cache
def script(name: str) -> Script:
    """Return the script `lua/<name>.lua`."""
    text = files(__package__).joinpath("lua", f"{name}.lua").read_text("utf-8")
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


async def run(redis: Redis | RedisCluster, call: Call) -> Any:
    """Run one script, in one round trip unless the server has lost it."""
    known = script(call.script)
    try:
        return await redis.evalsha(known.digest, len(call.keys), *call.keys, *call.arguments)
    except NoScriptError:
        return await redis.eval(known.text, len(call.keys), *call.keys, *call.arguments)


async def run_all(redis: Redis | RedisCluster, calls: Sequence[Call]) -> list[Any]:
    """Run scripts in order, in one round trip unless the server has lost one.

    The server runs each on its own: what one does stands whatever the next ones do.
    """
    if not calls:
        return []
    if len(calls) == 1:
        return [await run(redis, calls[0])]
    return list(map(value_of, await results(redis, calls)))


async def results(redis: Redis | RedisCluster, calls: Sequence[Call]) -> list[Any]:
    """Run scripts as `run_all` does, and return what the server says of each, errors included."""
    pipeline = redis.pipeline(transaction=False)
    for call in calls:
        # Not .evalsha(), which the pipelines of clusters refuse, though they route it well: redis-py #2914.
        _ = pipeline.execute_command("EVALSHA", script(call.script).digest, len(call.keys), *call.keys, *call.arguments)
    told = await pipeline.execute(raise_on_error=False)
    return [
        await _again(redis, call) if isinstance(result, NoScriptError) else result
        for call, result in zip(calls, told, strict=True)
    ]


async def _again(redis: Redis | RedisCluster, call: Call) -> Any:
    try:
        return await run(redis, call)
    except ResponseError as error:
        return error


def value_of(result: Any) -> Any:
    """Return what a script returned, or raise what the server says."""
    if isinstance(result, Exception):
        raise result
    return result
