"""Whether everything that the service stands on is as it must be: what the command `doctor` says."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_network

from app.application.clock import now
from app.application.stores import StoreUrls
from app.domain.errors import HoldfastError
from app.domain.time_ranges import Instant
from app.services.errors import StoreUnavailableError
from app.settings import Settings
from app.storage.holds.checkup import RedisState, redis_states
from app.storage.holds.connection import open_redis
from app.storage.postgres.changes import PostgresChanges
from app.storage.postgres.checkup import PostgresState, postgres_state

_OLDEST_POSTGRES, _OLDEST_REDIS = 15, 7
_SKEW_MS = 1_000
"""Between two clocks, what it takes to ask for the time included."""
_LARGE_SKEW_MS = 60_000
_ANYWHERE = {ip_network("0.0.0.0/0"), ip_network("::/0")}


class Verdict(Enum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    """It serves, but something is lost."""
    WRONG = "wrong"
    """It does not serve, or not safely."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it."""

    check: str
    verdict: Verdict
    found: str
    advice: str = ""


async def check_up(settings: Settings, urls: StoreUrls) -> list[Finding]:
    """Look at the settings and at both stores, and change nothing. Each is asked for a bounded time."""
    findings = list(_settings(settings))
    # One after the other: each server's clock is compared with ours as its answer arrives.
    findings += await _postgres(settings, urls)
    findings += await _redis(settings, urls)
    return findings


def _settings(settings: Settings) -> Iterator[Finding]:
    if _ANYWHERE & set(settings.trusted_proxies):
        yield Finding(
            "settings",
            Verdict.WARNING,
            "HOLDFAST_TRUSTED_PROXIES trusts every address: anybody can choose the address that quotas count",
            "Name your proxies' addresses or networks only.",
        )
    else:
        yield Finding("settings", Verdict.OK, "all can be read")


# PostgreSQL ------------------------------------------------------------------------------------------------------


async def _postgres(settings: Settings, urls: StoreUrls) -> list[Finding]:
    try:
        state = await postgres_state(urls.database, deadline_s=settings.store_deadline_s)
        at = now()
    except StoreUnavailableError as error:
        advice = "Check DATABASE_URL, and that the server runs and lets this host in."
        return [Finding("postgres", Verdict.WRONG, f"does not answer: {_reason(error)}", advice)]
    except HoldfastError as error:
        return [Finding("migrations", Verdict.WRONG, str(error), "Run the version of Holdfast that made the schema.")]
    hears = await _hears(settings, urls)
    return [
        _version("postgres", f"PostgreSQL {state.version}", state.major, _OLDEST_POSTGRES),
        _writable(state),
        _connections(settings, state),
        _btree_gist(state),
        _migrations(state),
        _listen(hears=hears),
        _clock("postgres clock", state.clock, at),
    ]


def _version(check: str, name: str, major: int, oldest: int) -> Finding:
    if major < oldest:
        return Finding(check, Verdict.WRONG, f"{name} is too old", f"Upgrade it to {oldest} or later.")
    return Finding(check, Verdict.OK, name)


def _writable(state: PostgresState) -> Finding:
    if state.read_only:
        advice = "Let DATABASE_URL lead to the primary."
        return Finding("postgres writes", Verdict.WRONG, "it is a replica or read-only", advice)
    return Finding("postgres writes", Verdict.OK, "it takes writes")


def _connections(settings: Settings, state: PostgresState) -> Finding:
    # Each process listens on one more.
    wanted = settings.workers * (settings.database_pool_size + 1)
    found = f"a pod may open {wanted} of max_connections {state.max_connections}"
    if wanted > state.max_connections:
        advice = "Lower HOLDFAST_DATABASE_POOL_SIZE or HOLDFAST_WORKERS, or raise max_connections."
        return Finding("postgres connections", Verdict.WARNING, found, advice)
    return Finding("postgres connections", Verdict.OK, found)


def _btree_gist(state: PostgresState) -> Finding:
    if state.btree_gist is None:
        advice = "Install PostgreSQL's contrib modules (postgresql-contrib)."
        return Finding("btree_gist", Verdict.WRONG, "the extension cannot be had", advice)
    return Finding("btree_gist", Verdict.OK, f"the extension is {state.btree_gist}")


def _migrations(state: PostgresState) -> Finding:
    if state.pending:
        found, advice = f"still to come: {', '.join(state.pending)}", "Run `migrate`; the next `serve` does it too."
        return Finding("migrations", Verdict.WARNING, found, advice)
    return Finding("migrations", Verdict.OK, "the schema is up to date")


async def _hears(settings: Settings, urls: StoreUrls) -> bool:
    listen_url = urls.database if settings.listen_url is None else settings.listen_url.get_secret_value()
    changes = PostgresChanges(listen_url, urls.database, lambda _: None)
    async with changes.heard():
        return await changes.can_hear(settings.store_deadline_s)


def _listen(*, hears: bool) -> Finding:
    if not hears:
        return Finding(
            "listen",
            Verdict.WARNING,
            "changes cannot be heard, so nothing is remembered and listings are slower",
            "Behind a pooler, let HOLDFAST_LISTEN_URL lead to PostgreSQL itself, to the same database.",
        )
    return Finding("listen", Verdict.OK, "changes are heard")


# Redis -----------------------------------------------------------------------------------------------------------


async def _redis(settings: Settings, urls: StoreUrls) -> list[Finding]:
    try:
        async with open_redis(urls.redis, deadline_s=settings.store_deadline_s) as redis:
            states = await redis_states(redis, deadline_s=settings.store_deadline_s)
            at = now()
    except StoreUnavailableError as error:
        advice = "Check REDIS_URL, and that the server runs and lets this host in."
        return [Finding("redis", Verdict.WRONG, f"does not answer: {_reason(error)}", advice)]
    except HoldfastError as error:
        return [Finding("redis", Verdict.WRONG, str(error), "Correct REDIS_URL.")]
    return [finding for state in states for finding in _of_server(state, at)]


def _of_server(state: RedisState, at: Instant) -> list[Finding]:
    return [
        _version("redis", f"{state.name} {state.version}", state.major, _OLDEST_REDIS),
        _eviction(state),
        _persistence(state),
        _clock("redis clock", state.clock, at),
    ]


def _eviction(state: RedisState) -> Finding:
    if state.eviction_policy != "noeviction":
        found = f"maxmemory-policy {state.eviction_policy} may evict holds, and a slot would be given to two"
        return Finding("redis eviction", Verdict.WRONG, found, "Set maxmemory-policy to noeviction.")
    return Finding("redis eviction", Verdict.OK, "maxmemory-policy is noeviction")


def _persistence(state: RedisState) -> Finding:
    if not state.appendonly:
        found = "appendonly is off: holds do not outlive a restart"
        return Finding("redis persistence", Verdict.WARNING, found, "Turn appendonly on.")
    return Finding("redis persistence", Verdict.OK, "appendonly is on")


# Shared ----------------------------------------------------------------------------------------------------------


def _clock(check: str, theirs: Instant, ours: Instant) -> Finding:
    skew = abs(theirs - ours)
    if skew <= _SKEW_MS:
        return Finding(check, Verdict.OK, f"within {_SKEW_MS // 1_000} s of this host's")
    # What is listed is judged by the pod's clock and what is held by Redis's.
    verdict = Verdict.WRONG if skew > _LARGE_SKEW_MS else Verdict.WARNING
    return Finding(check, verdict, f"{skew / 1_000:.1f} s from this host's", "Keep all hosts' clocks together by NTP.")


def _reason(error: StoreUnavailableError) -> str:
    cause = error.__cause__
    return type(cause).__name__ if cause is None or not str(cause) else str(cause)
