"""The composition root: the one place that knows every part."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web
from pydantic import SecretStr

from app.api.app import LoadLimits, web_application
from app.api.errors import RequestError, error_object
from app.api.explain import Explanation, explanation
from app.api.listing import Listing, listing_2024_09_04
from app.api.refusals import request_error
from app.api.slots import find
from app.api.slots_query import read_explain_query, read_slots_query
from app.api.state import UseCases
from app.api.streams import StreamLimits
from app.delivery.feed_reader import HttpFeedReader, open_feed_reader
from app.delivery.sender import open_sender
from app.domain.errors import HoldfastError
from app.domain.reservation import KeptReservation
from app.domain.schedule import zone
from app.domain.time_ranges import Instant
from app.fields import instant_from
from app.observing.logs import AccessLog
from app.observing.measured import MeasuredCalendar, MeasuredChanges, MeasuredEventTypes, MeasuredHolds
from app.observing.metrics import Readings, exposition
from app.observing.metrics_server import serving_metrics
from app.services.accounts import AccountKeeper
from app.services.answer_once import OnceAnswerer
from app.services.api_keys import ApiKeyRefresher
from app.services.book_slots import SlotBooker
from app.services.calendar_feeds import FeedKeeper, FeedRules
from app.services.cancel_bookings import BookingCanceller
from app.services.claim_reserved import ReservedSlots
from app.services.claim_slots import SlotClaimer
from app.services.commit_bookings import BookingCommitter
from app.services.decide_bookings import BookingDecider
from app.services.deliver_webhooks import WebhookDeliverer
from app.services.errors import StoreUnavailableError
from app.services.event_types import EventTypeKeeper
from app.services.explain_slots import SlotExplainer
from app.services.find_batch import BatchFinder
from app.services.find_slots import SlotFinder
from app.services.keep_batch import BatchKeeper
from app.services.keep_slots import KeepingRules, SlotKeeper
from app.services.managed_users import ManagedUserKeeper
from app.services.member_access import MemberAccess
from app.services.memberships import MembershipKeeper
from app.services.memory import Memory
from app.services.move_bookings import BookingMover
from app.services.oauth_clients import OAuthClientKeeper
from app.services.organization_users import OrganizationUserKeeper
from app.services.out_of_office import OutOfOfficeKeeper
from app.services.ports import EventTypes
from app.services.refresh_feeds import FeedRefresher
from app.services.remembered import RememberedCalendar, RememberedEventTypes
from app.services.run_bookings import BookingRunners
from app.services.schedules import ScheduleKeeper
from app.services.team_event_types import TeamEventTypeKeeper
from app.services.teams import TeamKeeper
from app.services.tell_reservations import Noticeboard, ReservationTeller
from app.services.watch_slots import SlotWatcher
from app.services.watchlist import Watchlist
from app.services.webhooks import WebhookKeeper
from app.settings import Settings
from app.storage.breaker import Breaker
from app.storage.calcom.reading import CalcomReader
from app.storage.calcom.report import Findings
from app.storage.calcom.source import open_source
from app.storage.holds.connection import Client, open_redis, redis_breaker, refuse_eviction
from app.storage.holds.connection import use as redis_use
from app.storage.holds.hold_changes import RedisHoldChanges
from app.storage.holds.redis_holds import RedisHolds
from app.storage.holds.replays import RedisReplays
from app.storage.postgres.accounts import PostgresAccounts
from app.storage.postgres.booking_requests import PostgresBookingRequests
from app.storage.postgres.bookings import PostgresBookings
from app.storage.postgres.calcom import ImportReport, import_calcom
from app.storage.postgres.calendar import PostgresCalendar
from app.storage.postgres.calendar_feeds import PostgresCalendarFeeds
from app.storage.postgres.changes import PostgresChanges
from app.storage.postgres.credentials import PostgresCredentials
from app.storage.postgres.event_types import PostgresEventTypes
from app.storage.postgres.kept_event_types import PostgresKeptEventTypes
from app.storage.postgres.load import LoadReport, Mode, Progress, load_world
from app.storage.postgres.managed_users import PostgresManagedUsers
from app.storage.postgres.members import PostgresMembers
from app.storage.postgres.memberships import PostgresMemberships
from app.storage.postgres.migrate import migrate
from app.storage.postgres.oauth_clients import PostgresOAuthClients
from app.storage.postgres.organization_users import PostgresOrganizationUsers
from app.storage.postgres.out_of_office import PostgresOutOfOffice
from app.storage.postgres.outbox import PostgresOutbox
from app.storage.postgres.pool import Pool, open_pool
from app.storage.postgres.roles import PostgresRoles
from app.storage.postgres.schedules import PostgresSchedules
from app.storage.postgres.teams import PostgresTeams
from app.storage.postgres.webhooks import PostgresWebhooks
from app.storage.world_files.checks import KnownIds, WorldProblem, WorldRefusedError, problems
from app.storage.world_files.format import World
from app.storage.world_files.holds import HoldsToLoad
from app.storage.world_files.stores import WorldStores

if TYPE_CHECKING:
    from app.observing.tracing import Tracing

Result = TypeVar("Result")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoreUrls:
    """Where the stores are; both may hold passwords."""

    database: str
    redis: str


@dataclass(frozen=True, slots=True)
class Stores:
    """Open connections to both stores, and what reads feeds."""

    pool: Pool
    redis: Client
    redis_breaker: Breaker | None
    holds: RedisHolds
    memory: Memory
    changes: PostgresChanges
    hold_changes: RedisHoldChanges
    watchlist: Watchlist
    feed_reader: HttpFeedReader
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when this process has written something to send to webhooks, so that it need not wait to be found."""
    noticeboard: Noticeboard = field(default_factory=Noticeboard)
    """What happened to reservations, until it is written."""

    async def states(self) -> dict[str, bool]:
        """Say of each store whether it answers."""
        postgres, redis = await asyncio.gather(_answers(self.pool.ping()), _answers(self.holds.ping()))
        return {"postgres": postgres, "redis": redis}


def now() -> Instant:
    """Read the clock, here and nowhere else."""
    return instant_from(datetime.now(UTC))


@asynccontextmanager
async def open_stores(settings: Settings, urls: StoreUrls) -> AsyncIterator[Stores]:
    """Open both stores. Neither is connected to before it is used, so that a process can start without them."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(
            urls.database,
            max_size=settings.database_pool_size,
            deadline_s=settings.store_deadline_s,
            statement_cache_size=100 if settings.database_prepared_statements else 0,
        )
        stack.push_async_callback(pool.close)
        redis = await stack.enter_async_context(open_redis(urls.redis, deadline_s=settings.store_deadline_s))
        memory = Memory(settings.remembered_items)
        watchlist = Watchlist()

        def tell(sources: Collection[str]) -> None:
            memory.forget(sources)
            watchlist.tell(sources)

        changes = PostgresChanges(_revealed(settings.listen_url) or urls.database, urls.database, tell)
        await stack.enter_async_context(changes.heard())
        hold_changes = RedisHoldChanges(redis, watchlist.tell)
        await stack.enter_async_context(hold_changes.heard())
        reader = open_feed_reader(private_addresses=settings.webhook_private_addresses)
        feed_reader = await stack.enter_async_context(reader)
        breaker = redis_breaker(redis, settings.store_deadline_s)
        if breaker is not None:
            stack.callback(breaker.close)
        holds = RedisHolds(redis, deadline_s=settings.store_deadline_s, breaker=breaker)
        yield Stores(pool, redis, breaker, holds, memory, changes, hold_changes, watchlist, feed_reader)


def use_cases(settings: Settings, stores: Stores) -> UseCases:
    """Put the use cases together over open stores."""
    event_types, calendar = PostgresEventTypes(stores.pool), PostgresCalendar(stores.pool)
    holds = MeasuredHolds(stores.holds)
    bookings = PostgresBookings(stores.pool, stores.news)
    credentials, roles = PostgresCredentials(stores.pool), PostgresRoles(stores.pool)
    kept_event_types = PostgresKeptEventTypes(stores.pool)
    finder = reading_finder = SlotFinder(event_types, calendar, holds, now)
    known_event_types: EventTypes = event_types
    if settings.remembered_items:
        changes = MeasuredChanges(stores.changes)
        known_event_types = MeasuredEventTypes(RememberedEventTypes(event_types, stores.memory, changes))
        finder = SlotFinder(
            known_event_types,
            MeasuredCalendar(RememberedCalendar(calendar, stores.memory, changes)),
            holds,
            now,
            most=settings.remembered_items,
        )
    claimer = SlotClaimer(calendar, calendar, holds, now)
    committer = BookingCommitter(bookings, holds)
    reserved_slots = ReservedSlots(claimer, holds, stores.noticeboard)
    runners = BookingRunners(roles)
    keeper = SlotKeeper(
        known_event_types,
        credentials,
        claimer,
        holds,
        stores.noticeboard,
        KeepingRules(
            longest_minutes=settings.reservation_max_minutes,
            longest_in_all_minutes=settings.renewal_max_minutes,
            most_of_a_client=settings.holds_per_client,
            most_of_an_event_type=settings.holds_per_event_type,
        ),
    )
    roles, members = PostgresRoles(stores.pool), PostgresMembers(stores.pool)
    member_access = MemberAccess(roles, members)
    return UseCases(
        slot_finder=finder,
        slot_watcher=SlotWatcher(finder, now, stores.watchlist, (stores.changes, stores.hold_changes)),
        # The other half of the connections is left to single requests.
        batch_finder=BatchFinder(finder, at_once=max(1, settings.database_pool_size // 2)),
        slot_explainer=SlotExplainer(reading_finder, credentials),
        slot_keeper=keeper,
        batch_keeper=BatchKeeper(keeper),
        once_answerer=OnceAnswerer(
            RedisReplays(stores.redis, deadline_s=settings.store_deadline_s, breaker=stores.redis_breaker),
            store_deadline_s=settings.store_deadline_s,
        ),
        booking_answerer=OnceAnswerer(PostgresBookingRequests(stores.pool), store_deadline_s=settings.store_deadline_s),
        slot_booker=SlotBooker(event_types, credentials, claimer, reserved_slots, bookings, committer, now),
        booking_mover=BookingMover(event_types, claimer, reserved_slots, bookings, committer, now),
        booking_canceller=BookingCanceller(bookings, runners),
        booking_decider=BookingDecider(event_types, claimer, bookings, committer, runners),
        booking_runners=runners,
        bookings=bookings,
        account_keeper=AccountKeeper(PostgresAccounts(stores.pool)),
        schedule_keeper=ScheduleKeeper(PostgresSchedules(stores.pool), member_access),
        out_of_office_keeper=OutOfOfficeKeeper(PostgresOutOfOffice(stores.pool), member_access),
        member_access=member_access,
        event_type_keeper=EventTypeKeeper(kept_event_types, event_types, roles),
        team_event_type_keeper=TeamEventTypeKeeper(kept_event_types, roles),
        team_keeper=TeamKeeper(PostgresTeams(stores.pool), roles, member_access),
        membership_keeper=MembershipKeeper(PostgresMemberships(stores.pool), roles, members),
        organization_user_keeper=OrganizationUserKeeper(PostgresOrganizationUsers(stores.pool), roles, member_access),
        oauth_client_keeper=OAuthClientKeeper(PostgresOAuthClients(stores.pool)),
        managed_user_keeper=ManagedUserKeeper(PostgresManagedUsers(stores.pool), credentials, now),
        api_key_refresher=ApiKeyRefresher(credentials, now),
        webhook_keeper=WebhookKeeper(
            PostgresWebhooks(stores.pool), roles, private_addresses=settings.webhook_private_addresses
        ),
        feed_keeper=FeedKeeper(_calendar_feeds(settings, stores), stores.feed_reader, now),
        credentials=credentials,
        clock=now,
        store_states=stores.states,
        written=stores.changes.written,
    )


def _calendar_feeds(settings: Settings, stores: Stores) -> PostgresCalendarFeeds:
    rules = FeedRules(
        refresh_minutes=settings.feed_refresh_minutes,
        dead_after_hours=settings.dead_feed_hours,
        dead_is_busy=settings.dead_feeds == "closed",
    )
    return PostgresCalendarFeeds(stores.pool, rules)


async def build(settings: Settings, urls: StoreUrls) -> web.Application:
    """Return a fresh web application; its clean-up closes the stores.

    While it runs it sends webhooks and reads calendar feeds.
    """
    stack = AsyncExitStack()
    stores = await stack.enter_async_context(open_stores(settings, urls))
    limits = StreamLimits(settings.streams, settings.streams_per_client)
    cases, tracing = use_cases(settings, stores), _tracing(settings)
    access_log = AccessLog(settings.log_format)
    app = web_application(
        cases,
        settings.trusted_proxies,
        load_limits=LoadLimits(settings.requests_at_once, settings.turn_wait_s, settings.client_s),
        stream_limits=limits,
        page_usernames=settings.page_usernames,
        access_log=access_log,
        more=() if tracing is None else (tracing.traced,),
    )
    if tracing is not None:
        app.cleanup_ctx.append(lambda _: tracing.tracing())
    if settings.metrics_port:
        app.cleanup_ctx.append(lambda _: measuring(settings, stores, cases))
    app.cleanup_ctx.append(lambda _: delivering(settings, stores))
    app.cleanup_ctx.append(lambda _: refreshing(settings, stores))

    async def close(_: web.Application) -> None:
        await stack.aclose()
        access_log.flush()

    app.on_cleanup.append(close)
    return app


def _tracing(settings: Settings) -> "Tracing | None":
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    # Only here: the libraries are an extra, and patch others.
    from app.observing.tracing import Tracing  # noqa: PLC0415

    return Tracing(settings.otel_exporter_otlp_endpoint)


@asynccontextmanager
async def measuring(settings: Settings, stores: Stores, cases: UseCases) -> AsyncIterator[None]:
    """Tell the metrics of this process to whoever asks on their port, until the block ends."""

    async def told() -> bytes:
        return exposition(await _readings(stores, cases.slot_finder))

    ports = range(settings.metrics_port, settings.metrics_port + settings.workers)
    async with serving_metrics(settings.metrics_host, ports, told):
        yield


async def _readings(stores: Stores, finder: SlotFinder) -> Readings:
    try:
        live_holds = await stores.holds.count()
    except StoreUnavailableError:
        live_holds = None
    uses = {"postgres": stores.pool.use(), "redis": redis_use(stores.redis)}
    return Readings(
        live_holds=live_holds,
        connections={(store, state): count for store, use in uses.items() for state, count in use.items()},
        cache={
            ("rows", "hit"): stores.memory.hits,
            ("rows", "miss"): stores.memory.misses,
            ("answers", "hit"): finder.hits,
            ("answers", "miss"): finder.misses,
        },
        cache_weight=stores.memory.weight,
    )


@asynccontextmanager
async def delivering(settings: Settings, stores: Stores) -> AsyncIterator[None]:
    """Send webhooks what is due, as every pod does, until the block ends."""
    outbox = PostgresOutbox(stores.pool)
    async with (
        open_sender(private_addresses=settings.webhook_private_addresses) as sender,
        WebhookDeliverer(outbox, sender, stores.news).running(),
        ReservationTeller(stores.noticeboard, outbox, stores.news).running(),
    ):
        yield


@asynccontextmanager
async def refreshing(settings: Settings, stores: Stores) -> AsyncIterator[None]:
    """Read calendar feeds that are due, as every pod does, until the block ends."""
    async with FeedRefresher(_calendar_feeds(settings, stores), stores.feed_reader, now).running():
        yield


async def _answers(ping: Awaitable[None]) -> bool:
    try:
        await ping
    except StoreUnavailableError:
        return False
    return True


async def answers(world: World, *, explain: bool = False) -> list[dict[str, Any]]:
    """Answer the queries of a world file, by its own clock, as `GET /v2/slots`, or its `/explain`, would.

    Raises
    ------
    WorldRefusedError
        If the file does not make sense.
    """
    found = problems(world, KnownIds())
    if found:
        raise WorldRefusedError(found)
    instant = now() if world.now is None else instant_from(world.now)
    stores = WorldStores(world, instant)
    finder = SlotFinder(stores, stores, stores, lambda: instant)
    answer = partial(_explanation, SlotExplainer(finder, ties=None)) if explain else partial(_listing, finder)
    return [await _answer(answer, query) for query in world.queries]


async def _listing(finder: SlotFinder, parameters: dict[str, Any]) -> Listing:
    query = read_slots_query(parameters)
    return listing_2024_09_04(await find(finder, query.question()), query.time_zone, query.format)


async def _explanation(explainer: SlotExplainer, parameters: dict[str, Any]) -> Explanation:
    query = read_explain_query(parameters)
    asker = zone(query.time_zone or "UTC")
    explained = await explainer.explain(query.question(), asker, at=query.at, caller=None)
    return explanation(explained, query.time_zone)


async def _answer(answer: Callable[[dict[str, Any]], Awaitable[object]], parameters: dict[str, Any]) -> dict[str, Any]:
    try:
        data = await answer({name: value for name, value in parameters.items() if name != "name"})
    except RequestError as error:
        return {"status": "error", "error": error_object(error)}
    except HoldfastError as error:
        return {"status": "error", "error": error_object(request_error(error))}
    return {"status": "success", "data": data}


@contextmanager
def reachable(settings: Settings) -> Iterator[StoreUrls]:
    """Say where the stores are; those without a URL are embedded servers, used until the block ends.

    It blocks: call it before the event loop starts.

    Raises
    ------
    EmbeddedServersError
        If an embedded server is not installed or does not start.
    """
    database, redis = _revealed(settings.database_url), _revealed(settings.redis_url)
    if database and redis:
        yield StoreUrls(database, redis)
        return
    # Only here: the production image does not carry the embedded servers.
    from app.storage.embedded import EmbeddedServers  # noqa: PLC0415

    with EmbeddedServers.use(settings.data_dir, postgres=not database, valkey=not redis) as servers:
        yield StoreUrls(database or servers.urls.database_url or "", redis or servers.urls.redis_url or "")


def _revealed(url: SecretStr | None) -> str:
    return "" if url is None else url.get_secret_value()


async def prepare(settings: Settings, urls: StoreUrls) -> list[str]:
    """Bring the schema up, check what both stores must be like, and return the revisions applied.

    A store of holds that is away stops nothing: it may come back.

    Raises
    ------
    HoldfastError
        If the schema cannot be brought up, or holds would not be safe.
    """
    applied = await migrate(urls.database, timeout_s=settings.migration_deadline_s)
    async with open_stores(settings, urls) as stores:
        try:
            await refuse_eviction(stores.redis)
        except StoreUnavailableError:
            _logger.warning("Redis does not answer: until it does, slots are listed without holds and none can be held")
    return applied


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a world file brought."""

    report: LoadReport
    holds: HoldsToLoad


async def load(
    settings: Settings, urls: StoreUrls, world: World, mode: Mode, on_progress: Progress | None = None
) -> Loaded:
    """Load a world into the database, then its live reservations as holds.

    Everything is checked before anything is written. The database comes first, in one transaction: should the store of
    holds go away in just that moment, loading again with "replace" mends it.

    Raises
    ------
    HoldfastError
        If anything is wrong; then nothing is changed.
    """
    await migrate(urls.database, timeout_s=settings.migration_deadline_s)
    async with open_stores(settings, urls) as stores:
        await _check_uids(stores.holds, world, mode)
        holds = HoldsToLoad(world, now())
        report = await load_world(urls.database, world, mode=mode, on_progress=on_progress, before_commit=holds.resolve)
        if mode == "replace":
            await stores.holds.clear()
        await stores.holds.load(holds.live)
        return Loaded(report, holds)


async def _check_uids(holds: RedisHolds, world: World, mode: Mode) -> None:
    """Make sure, before anything is written, that the store of holds answers and lacks what the file brings."""
    await holds.ping()
    if mode == "merge":
        taken = await holds.any_live([reservation.uid for reservation in world.reservations])
        if taken is not None:
            raise WorldRefusedError([WorldProblem("reservations", f"uid {taken}", "uid", "is there already")])


@dataclass(frozen=True, slots=True)
class Imported:
    """What Cal.com's database brought, and what of it has no place here."""

    report: ImportReport
    findings: Findings


async def import_from_calcom(
    settings: Settings, urls: StoreUrls, source_url: str, on_progress: Progress | None = None
) -> Imported:
    """Bring the database to what a Cal.com's says at this moment, beside what was made here.

    Raises
    ------
    HoldfastError
        If anything is wrong; then nothing is changed.
    """
    await migrate(urls.database, timeout_s=settings.migration_deadline_s)
    async with open_source(source_url) as source:
        reader = CalcomReader(source)
        return Imported(await import_calcom(urls.database, reader, on_progress), reader.findings)


async def with_credentials(
    settings: Settings, urls: StoreUrls, use: Callable[[PostgresCredentials], Awaitable[Result]]
) -> Result:
    """Do something with the keys of a database whose schema is brought up first."""
    await migrate(urls.database, timeout_s=settings.migration_deadline_s)
    async with open_stores(settings, urls) as stores:
        return await use(PostgresCredentials(stores.pool))


async def live_holds(
    settings: Settings, urls: StoreUrls, *, most: int, of: Callable[[KeptReservation], bool]
) -> list[KeptReservation]:
    """Return live reservations, those that end first first; `most` of them at most.

    Raises
    ------
    StoreUnavailableError
        If Redis does not answer.
    """
    found = list[KeptReservation]()
    async with open_stores(settings, urls) as stores, aclosing(stores.holds.all_live()) as live:
        async for kept in live:
            if of(kept):
                found.append(kept)
            if len(found) == most:
                break
    return sorted(found, key=lambda kept: kept.until)


async def release_hold(settings: Settings, urls: StoreUrls, uid: str) -> bool:
    """End a reservation as `DELETE /v2/slots/reservations/{uid}` does, webhooks told; False if there is none.

    Raises
    ------
    StoreUnavailableError
        If Redis does not answer.
    """
    async with open_stores(settings, urls) as stores:
        keeper = use_cases(settings, stores).slot_keeper
        if await keeper.reservation(uid) is None:
            return False
        outbox = PostgresOutbox(stores.pool)
        async with ReservationTeller(stores.noticeboard, outbox, stores.news).running():
            await keeper.end(uid)
        return True
