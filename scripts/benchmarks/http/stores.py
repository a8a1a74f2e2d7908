"""The stores as they count what they are asked."""

import asyncio
import re
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import redis

from scripts.benchmarks.http.requests import Request, ask

_STATEMENT = re.compile(rb"LOG:  (?:statement|execute [^:]*): ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one request asks of the stores."""

    statements: float
    """Of PostgreSQL. The pods prepare what they ask, so that each is a round trip."""
    commands: float
    """Of Redis, those inside scripts included."""
    redis_trips: float
    """Round trips to Redis: it reads once what a client sends at once."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Where both are."""

    database_url: str
    redis_url: str
    postgres_log: Path

    def settle(self) -> None:
        """Let PostgreSQL look at what was loaded, as it does by itself a minute later: pods have run for a while."""
        asyncio.run(self._execute("ANALYZE"))

    def put(self, key: str, value: bytes) -> None:
        """Put a value into Redis."""
        with closing(redis.Redis.from_url(self.redis_url)) as client:
            client.set(key, value)

    def asked_by(self, url: str, requests: list[Request]) -> Asked:
        """Send requests one after the other, and return what each of them asks on average.

        What pods ask now and then by themselves is counted too; among many requests it is little.
        """
        self._log_statements("all")
        try:
            with closing(redis.Redis.from_url(self.redis_url)) as client:
                log_size, before = self.postgres_log.stat().st_size, _info(client)
                for request in requests:
                    ask(url, request)
                after = _info(client)
            with self.postgres_log.open("rb") as log:
                log.seek(log_size)
                statements = len(_STATEMENT.findall(log.read()))
        finally:
            self._log_statements("none")

        def each(name: str) -> float:
            # One is our own question.
            return float(after[name] - before[name] - 1) / len(requests)

        return Asked(
            statements=statements / len(requests),
            commands=each("total_commands_processed"),
            redis_trips=each("total_reads_processed"),
        )

    def _log_statements(self, which: str) -> None:
        asyncio.run(self._execute(f"ALTER SYSTEM SET log_statement = '{which}'", "SELECT pg_reload_conf()"))
        # Sessions take note of it before their next statement, once the main process has told them.
        time.sleep(0.2)

    async def _execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.database_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


def _info(client: redis.Redis) -> dict[str, Any]:
    return client.info("stats")
