"""The web application, its use cases, and what every pod does beside answering."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from app.api.app import LoadLimits, web_application
from app.api.site import PageOwners
from app.api.state import UseCases
from app.api.streams import StreamLimits
from app.application.clock import now
from app.application.stores import Stores, StoreUrls, open_stores
from app.delivery.sender import open_sender
from app.domain.errors import HoldfastError
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
from app.services.move_bookings import BookingMover
from app.services.oauth_clients import OAuthClientKeeper
from app.services.organization_users import OrganizationUserKeeper
from app.services.out_of_office import OutOfOfficeKeeper
from app.services.ports import EventTypes
from app.services.refresh_feeds import FeedRefresher
from app.services.remembered import RememberedCalendar, RememberedEventTypes
from app.services.run_bookings import BookingRunners
from app.services.schedules import ScheduleKeeper
from app.services.staffing import Staffing
from app.services.team_event_types import TeamEventTypeKeeper
from app.services.teams import TeamKeeper
from app.services.tell_reservations import ReservationTeller
from app.services.watch_slots import SlotWatcher
from app.services.webhooks import WebhookKeeper
from app.settings import Settings
from app.storage.holds.connection import use as redis_use
from app.storage.holds.replays import RedisKeyCounter, RedisReplays
from app.storage.postgres.accounts import PostgresAccounts
from app.storage.postgres.booking_requests import PostgresBookingRequests
from app.storage.postgres.bookings import PostgresBookings
from app.storage.postgres.calendar import PostgresCalendar
from app.storage.postgres.calendar_feeds import PostgresCalendarFeeds
from app.storage.postgres.credentials import PostgresCredentials
from app.storage.postgres.event_types import PostgresEventTypes
from app.storage.postgres.kept_event_types import PostgresKeptEventTypes
from app.storage.postgres.managed_users import PostgresManagedUsers
from app.storage.postgres.members import PostgresMembers
from app.storage.postgres.memberships import PostgresMemberships
from app.storage.postgres.oauth_clients import PostgresOAuthClients
from app.storage.postgres.organization_users import PostgresOrganizationUsers
from app.storage.postgres.out_of_office import PostgresOutOfOffice
from app.storage.postgres.outbox import PostgresOutbox
from app.storage.postgres.roles import PostgresRoles
from app.storage.postgres.schedules import PostgresSchedules
from app.storage.postgres.teams import PostgresTeams
from app.storage.postgres.webhooks import PostgresWebhooks

if TYPE_CHECKING:
    from app.observing.tracing import Tracing


def use_cases(settings: Settings, stores: Stores) -> UseCases:
    """Put the use cases together over open stores."""
    event_types, calendar = PostgresEventTypes(stores.pool), PostgresCalendar(stores.pool)
    holds = MeasuredHolds(stores.holds)
    bookings = PostgresBookings(stores.pool, stores.news)
    credentials, roles = PostgresCredentials(stores.pool), PostgresRoles(stores.pool)
    kept_event_types = PostgresKeptEventTypes(stores.pool)
    finder = reading_finder = SlotFinder(event_types, calendar, holds, now, Staffing(0))
    known_event_types: EventTypes = event_types
    staffing = Staffing(settings.remembered_items)
    if settings.remembered_items:
        changes = MeasuredChanges(stores.changes)
        known_event_types = MeasuredEventTypes(RememberedEventTypes(event_types, stores.memory, changes))
        finder = SlotFinder(
            known_event_types,
            MeasuredCalendar(RememberedCalendar(calendar, stores.memory, changes)),
            holds,
            now,
            staffing,
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
        staffing,
    )
    members = PostgresMembers(stores.pool)
    member_access = MemberAccess(roles, members)
    key_counter = _key_counter(settings, stores)
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
            counter=key_counter,
        ),
        booking_answerer=OnceAnswerer(
            PostgresBookingRequests(stores.pool),
            store_deadline_s=settings.store_deadline_s,
            counter=key_counter,
        ),
        slot_booker=SlotBooker(event_types, credentials, claimer, reserved_slots, bookings, committer, runners, now),
        booking_mover=BookingMover(event_types, claimer, reserved_slots, bookings, committer, runners, now),
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


def _key_counter(settings: Settings, stores: Stores) -> RedisKeyCounter | None:
    most = settings.idempotency_keys_per_client
    if not most:
        return None
    return RedisKeyCounter(stores.redis, most=most, deadline_s=settings.store_deadline_s, breaker=stores.redis_breaker)


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
        page_owners=PageOwners(settings.page_usernames, settings.page_team_ids),
        access_log=access_log,
        measured=bool(settings.metrics_port),
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


class TracesNotInstalledError(HoldfastError):
    """The packages that make traces are an extra, and are not there."""

    def __init__(self, package: str | None) -> None:
        """Say which package, and the two ways out."""
        super().__init__(
            f"traces need the package {package!r}: "
            "pip install '.[traces]' in the project's folder, or leave OTEL_EXPORTER_OTLP_ENDPOINT out"
        )


def tracing_class() -> "type[Tracing]":
    """Return what makes traces.

    Raises
    ------
    TracesNotInstalledError
        If it cannot be imported.
    """
    try:
        # Only here: the libraries are an extra, and patch others.
        from app.observing.tracing import Tracing  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise TracesNotInstalledError(error.name) from error
    return Tracing


def _tracing(settings: Settings) -> "Tracing | None":
    endpoint = settings.otel_exporter_otlp_endpoint
    return None if endpoint is None else tracing_class()(endpoint)


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
