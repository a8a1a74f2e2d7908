"""What handlers need: use cases, never pools."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from app.services.accounts import AccountKeeper
from app.services.answer_once import OnceAnswerer
from app.services.api_keys import ApiKeyRefresher
from app.services.book_slots import SlotBooker
from app.services.bookings import Bookings
from app.services.calendar_feeds import FeedKeeper
from app.services.cancel_bookings import BookingCanceller
from app.services.decide_bookings import BookingDecider
from app.services.event_types import EventTypeKeeper
from app.services.explain_slots import SlotExplainer
from app.services.find_batch import BatchFinder
from app.services.find_slots import SlotFinder
from app.services.keep_batch import BatchKeeper
from app.services.keep_slots import SlotKeeper
from app.services.managed_users import ManagedUserKeeper
from app.services.member_access import MemberAccess
from app.services.memberships import MembershipKeeper
from app.services.move_bookings import BookingMover
from app.services.oauth_clients import OAuthClientKeeper
from app.services.organization_users import OrganizationUserKeeper
from app.services.out_of_office import OutOfOfficeKeeper
from app.services.ports import Caller, Clock, Credentials
from app.services.run_bookings import BookingRunners
from app.services.schedules import ScheduleKeeper
from app.services.team_event_types import TeamEventTypeKeeper
from app.services.teams import TeamKeeper
from app.services.watch_slots import SlotWatcher
from app.services.webhooks import WebhookKeeper

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """Everything the API can do."""

    slot_finder: SlotFinder
    slot_watcher: SlotWatcher
    batch_finder: BatchFinder
    slot_explainer: SlotExplainer
    slot_keeper: SlotKeeper
    batch_keeper: BatchKeeper
    once_answerer: OnceAnswerer
    booking_answerer: OnceAnswerer
    """Remembers requests as safely as the bookings that come of them."""
    slot_booker: SlotBooker
    booking_mover: BookingMover
    booking_canceller: BookingCanceller
    booking_decider: BookingDecider
    booking_runners: BookingRunners
    bookings: Bookings
    account_keeper: AccountKeeper
    schedule_keeper: ScheduleKeeper
    out_of_office_keeper: OutOfOfficeKeeper
    member_access: MemberAccess
    event_type_keeper: EventTypeKeeper
    team_event_type_keeper: TeamEventTypeKeeper
    team_keeper: TeamKeeper
    membership_keeper: MembershipKeeper
    organization_user_keeper: OrganizationUserKeeper
    oauth_client_keeper: OAuthClientKeeper
    managed_user_keeper: ManagedUserKeeper
    api_key_refresher: ApiKeyRefresher
    webhook_keeper: WebhookKeeper
    feed_keeper: FeedKeeper
    credentials: Credentials
    clock: Clock
    store_states: Callable[[], Awaitable[dict[str, bool]]]
    """Whether each store answers, by name; "postgres" among them."""
    written: Callable[[], None]
    """To be called before anybody is told that something was changed."""


USE_CASES = web.AppKey("USE_CASES", UseCases)
CALLER = web.RequestKey("CALLER", Caller)
"""Who sends the request; not there: somebody without credentials."""
