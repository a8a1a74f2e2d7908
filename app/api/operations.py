"""What each handler reads and answers, for the document that `openapi` makes.

What a handler does is told by the first paragraph of its docstring; what it reads by the models that it reads with.
"""

from collections.abc import Mapping
from typing import Any

from app.api import (
    api_keys,
    batches,
    bookings,
    bookings_2024_04_15,
    calendars,
    event_types,
    event_types_2024_04_15,
    explain,
    health,
    managed_users,
    me,
    memberships,
    oauth_clients,
    organization_users,
    out_of_office,
    reservations,
    schedules,
    schedules_2024_04_15,
    slots,
    slots_2024_04_15,
    slots_batch,
    slots_stream,
    team_event_types,
    teams,
    webhooks,
)
from app.api.api_keys import KeyRefreshBody, NewKeyData
from app.api.batches import BatchBody, BatchData
from app.api.bodies import Done, Success
from app.api.booking_bodies import (
    AbsentBody,
    AttendeeBody,
    BookingBody,
    CancelBody,
    GuestsBody,
    LocationBody,
    ReasonBody,
    RescheduleBody,
)
from app.api.booking_shapes import (
    BookedAttendee,
    BookingData,
    BookingsPage,
    CalendarLinks,
    NumberedAttendees,
    Reassigned,
)
from app.api.bookings import BookingsQuery, OrganizationBookingsQuery
from app.api.bookings_2024_04_15 import (
    Cancelled,
    NoBooking,
    OlderBooking,
    OlderBookingBody,
    OlderBookings,
    OlderCancelBody,
)
from app.api.calendars import (
    BusyTimeData,
    BusyTimesQuery,
    CheckedFeeds,
    ConnectedCalendars,
    Credential,
    DisconnectBody,
    FeedsBody,
)
from app.api.event_type_bodies import EventTypeBody, NewEventTypeBody, NewTeamEventTypeBody, TeamEventTypeBody
from app.api.event_type_shapes import (
    EventTypeData,
    EventTypeList,
    Family,
    RemovedEventType,
    TeamEventTypeData,
    TeamEventTypeList,
)
from app.api.event_types import EventTypesQuery
from app.api.event_types_2024_04_15 import (
    NewOlderEventTypeBody,
    OlderEventTypeBody,
    OlderEventTypeData,
    OlderEventTypeGroups,
    OlderRemovedEventType,
    OneOlderEventType,
)
from app.api.explain import Explanation, Picture
from app.api.health import Live, Ready
from app.api.listing import Listing
from app.api.managed_users import (
    ManagedUserList,
    ManagedUsersQuery,
    NewManagedUserBody,
    NewManagedUserData,
    TokenRefreshBody,
    TokensData,
)
from app.api.me import AccountChangeBody, AccountData
from app.api.memberships import (
    MembershipChangeBody,
    MembershipData,
    MembershipList,
    MembershipsQuery,
    NewMembershipBody,
)
from app.api.oauth_clients import ClientChangeBody, ClientData, ClientList, NewClientBody, NewClientData
from app.api.openapi import Operation, get_document
from app.api.openapi_components import QUOTA_HEADERS
from app.api.organization_users import (
    NewOrganizationUserBody,
    OrganizationUserChangeBody,
    OrganizationUserData,
    OrganizationUserList,
    OrganizationUsersQuery,
)
from app.api.out_of_office import (
    EntriesQuery,
    NewOutOfOfficeBody,
    OutOfOfficeChangeBody,
    OutOfOfficeData,
    OutOfOfficeEntries,
)
from app.api.pages import PageQuery
from app.api.people import MadeAccountData
from app.api.reservations import FoundReservation, KeptData, ReservationBody
from app.api.schedules import NewScheduleBody, ScheduleChangeBody, ScheduleData, ScheduleList, TeamSchedulesQuery
from app.api.schedules_2024_04_15 import (
    NewOlderScheduleBody,
    OlderChangedSchedule,
    OlderSchedule,
    OlderScheduleChangeBody,
    OlderSchedules,
)
from app.api.slots import DEGRADED
from app.api.slots_2024_04_15 import (
    AvailableQuery,
    AvailableTimes,
    ReservationUid,
    ReserveBody,
    ReserveQuery,
    SelectedSlotQuery,
)
from app.api.slots_batch import SlotsBatchBody, SlotsBatchData
from app.api.slots_query import ExplainQuery, SlotsQuery
from app.api.state import Handler
from app.api.team_event_types import TeamEventTypesQuery
from app.api.teams import NewTeamBody, TeamChangeBody, TeamData, TeamList
from app.api.webhooks import DeletedText, NewWebhookBody, WebhookChangeBody, WebhookData, WebhookList

_LISTING_HEADERS = (DEGRADED,)

OPERATIONS: Mapping[Handler, Operation] = {
    health.get_live: Operation(answer=Live),
    health.get_ready: Operation(answer=Ready, answers={503: Ready}),
    get_document: Operation(answer=dict[str, Any]),
    # Slots and reservations, 2024-09-04
    slots.get_slots: Operation(
        query=SlotsQuery, answer=Success[Listing], revalidated=True, headers=_LISTING_HEADERS, refusals=(404,)
    ),
    slots_stream.get_slots_stream: Operation(
        query=SlotsQuery, answer=str, streamed=True, headers=_LISTING_HEADERS, refusals=(404, 429)
    ),
    slots_batch.post_slots_batch: Operation(
        body=SlotsBatchBody, answer=Success[SlotsBatchData], headers=_LISTING_HEADERS
    ),
    explain.get_explanation: Operation(
        query=ExplainQuery,
        answer=Success[Explanation],
        headers=_LISTING_HEADERS,
        refusals=(404,),
    ),
    explain.get_picture: Operation(
        query=SlotsQuery, answer=Success[Picture], headers=_LISTING_HEADERS, refusals=(404,)
    ),
    reservations.post_reservation: Operation(
        body=ReservationBody,
        answer=Success[KeptData],
        status=201,
        repeatable=True,
        headers=QUOTA_HEADERS,
        refusals=(403, 404, 422, 429),
    ),
    batches.post_batch: Operation(
        body=BatchBody, answer=Success[BatchData], status=201, repeatable=True, refusals=(403, 404, 422, 429)
    ),
    reservations.get_reservation: Operation(answer=Success[FoundReservation]),
    reservations.patch_reservation: Operation(
        body=ReservationBody, answer=Success[KeptData], refusals=(403, 404, 422, 429)
    ),
    reservations.delete_reservation: Operation(answer=Done),
    # Bookings, 2024-08-13
    bookings.post_booking: Operation(
        body=BookingBody, answer=Success[BookingData], status=201, repeatable=True, refusals=(403, 404, 409, 429)
    ),
    bookings.get_bookings: Operation(query=BookingsQuery, answer=BookingsPage, needs_credentials=True, refusals=(403,)),
    bookings.get_booking_by_seat: Operation(answer=Success[BookingData], refusals=(404,)),
    bookings.get_booking: Operation(answer=Success[BookingData], refusals=(404,)),
    bookings.post_reschedule: Operation(
        body=RescheduleBody, answer=Success[BookingData], status=201, repeatable=True, refusals=(403, 404, 429)
    ),
    bookings.post_cancel: Operation(
        body=CancelBody, answer=Success[BookingData], repeatable=True, refusals=(403, 404, 429)
    ),
    bookings.post_confirm: Operation(
        answer=Success[BookingData], needs_credentials=True, repeatable=True, refusals=(400, 403, 404, 409)
    ),
    bookings.post_decline: Operation(
        body=ReasonBody, answer=Success[BookingData], needs_credentials=True, repeatable=True, refusals=(400, 403, 404)
    ),
    bookings.post_mark_absent: Operation(
        body=AbsentBody, answer=Success[BookingData], needs_credentials=True, repeatable=True, refusals=(400, 403, 404)
    ),
    bookings.post_reassign: Operation(
        body=ReasonBody,
        answer=Success[Reassigned],
        needs_credentials=True,
        repeatable=True,
        refusals=(400, 403, 404, 409),
    ),
    bookings.patch_location: Operation(
        body=LocationBody, answer=Success[BookingData], needs_credentials=True, refusals=(400, 403, 404)
    ),
    bookings.get_attendees: Operation(answer=Success[NumberedAttendees], needs_credentials=True, refusals=(403, 404)),
    bookings.post_attendee: Operation(
        body=AttendeeBody,
        answer=Success[BookedAttendee],
        status=201,
        needs_credentials=True,
        repeatable=True,
        refusals=(400, 403, 404),
    ),
    bookings.get_attendee: Operation(answer=Success[BookedAttendee], needs_credentials=True, refusals=(403, 404)),
    bookings.post_guests: Operation(
        body=GuestsBody, answer=Success[BookingData], needs_credentials=True, repeatable=True, refusals=(400, 403, 404)
    ),
    bookings.get_calendar_links: Operation(answer=Success[CalendarLinks], refusals=(404,)),
    bookings.get_team_bookings: Operation(
        query=BookingsQuery, answer=BookingsPage, needs_credentials=True, refusals=(403, 404)
    ),
    bookings.get_organization_bookings: Operation(
        query=OrganizationBookingsQuery, answer=BookingsPage, needs_credentials=True, refusals=(403, 404)
    ),
    bookings.get_member_bookings: Operation(
        query=BookingsQuery, answer=BookingsPage, needs_credentials=True, refusals=(403, 404)
    ),
    # Bookings, 2024-04-15
    bookings_2024_04_15.post_booking: Operation(
        body=OlderBookingBody,
        answer=Success[OlderBooking | NoBooking],
        status=201,
        repeatable=True,
        refusals=(403, 404, 409, 429),
    ),
    bookings_2024_04_15.get_bookings: Operation(
        query=BookingsQuery, answer=Success[OlderBookings], needs_credentials=True, refusals=(403,)
    ),
    bookings_2024_04_15.get_booking: Operation(answer=Success[OlderBooking], refusals=(404,)),
    bookings_2024_04_15.post_cancel: Operation(
        body=OlderCancelBody, answer=Success[Cancelled], repeatable=True, refusals=(403, 404, 429)
    ),
    # Calendars
    calendars.get_calendars: Operation(answer=Success[ConnectedCalendars], needs_credentials=True, refusals=(403,)),
    calendars.get_busy_times: Operation(
        query=BusyTimesQuery, answer=Success[list[BusyTimeData]], needs_credentials=True, refusals=(403, 404)
    ),
    calendars.post_feeds: Operation(
        body=FeedsBody, answer=Success[Credential], status=201, needs_credentials=True, refusals=(403, 404, 409)
    ),
    calendars.get_feeds_check: Operation(answer=Success[CheckedFeeds], needs_credentials=True, refusals=(403, 404)),
    calendars.post_feeds_disconnect: Operation(
        body=DisconnectBody, answer=Success[Credential], needs_credentials=True, refusals=(403, 404)
    ),
    # Slots and reservations, 2024-04-15
    slots_2024_04_15.get_available: Operation(
        query=AvailableQuery,
        answer=Success[AvailableTimes],
        revalidated=True,
        headers=_LISTING_HEADERS,
        refusals=(404,),
    ),
    slots_2024_04_15.post_reserve: Operation(
        query=ReserveQuery,
        body=ReserveBody,
        answer=Success[ReservationUid],
        status=201,
        repeatable=True,
        refusals=(404, 422, 429),
    ),
    slots_2024_04_15.delete_selected_slot: Operation(query=SelectedSlotQuery, answer=Done),
    # People, and when they work
    me.get_me: Operation(answer=Success[AccountData], needs_credentials=True, refusals=(403, 404)),
    me.patch_me: Operation(
        body=AccountChangeBody, answer=Success[AccountData], needs_credentials=True, refusals=(403, 404, 409)
    ),
    out_of_office.get_entries: Operation(
        query=EntriesQuery, answer=Success[OutOfOfficeEntries], needs_credentials=True, refusals=(403, 404)
    ),
    out_of_office.get_organization_entries: Operation(
        query=EntriesQuery, answer=Success[OutOfOfficeEntries], needs_credentials=True, refusals=(403,)
    ),
    out_of_office.post_entry: Operation(
        body=NewOutOfOfficeBody,
        answer=Success[OutOfOfficeData],
        status=201,
        repeatable=True,
        needs_credentials=True,
        refusals=(403, 404),
    ),
    out_of_office.patch_entry: Operation(
        body=OutOfOfficeChangeBody, answer=Success[OutOfOfficeData], needs_credentials=True, refusals=(403, 404, 409)
    ),
    out_of_office.delete_entry: Operation(answer=Success[OutOfOfficeData], needs_credentials=True, refusals=(403, 404)),
    schedules.get_schedules: Operation(answer=Success[ScheduleList], needs_credentials=True, refusals=(403, 404)),
    schedules.get_default_schedule: Operation(
        answer=Success[ScheduleData | None], needs_credentials=True, refusals=(403,)
    ),
    schedules.get_schedule: Operation(answer=Success[ScheduleData], needs_credentials=True, refusals=(403, 404)),
    schedules.post_schedule: Operation(
        body=NewScheduleBody,
        answer=Success[ScheduleData],
        status=201,
        repeatable=True,
        needs_credentials=True,
        refusals=(403, 404),
    ),
    schedules.patch_schedule: Operation(
        body=ScheduleChangeBody, answer=Success[ScheduleData], needs_credentials=True, refusals=(403, 404)
    ),
    schedules.delete_schedule: Operation(answer=Done, needs_credentials=True, refusals=(403, 404)),
    schedules.get_team_schedules: Operation(
        query=TeamSchedulesQuery, answer=Success[ScheduleList], needs_credentials=True, refusals=(403, 404)
    ),
    schedules.get_organization_schedules: Operation(
        query=PageQuery, answer=Success[ScheduleList], needs_credentials=True, refusals=(403,)
    ),
    schedules_2024_04_15.get_schedules: Operation(
        answer=Success[OlderSchedules], needs_credentials=True, refusals=(403,)
    ),
    schedules_2024_04_15.get_default_schedule: Operation(
        answer=Success[OlderSchedule | None], needs_credentials=True, refusals=(403,)
    ),
    schedules_2024_04_15.get_schedule: Operation(
        answer=Success[OlderSchedule], needs_credentials=True, refusals=(403, 404)
    ),
    schedules_2024_04_15.post_schedule: Operation(
        body=NewOlderScheduleBody,
        answer=Success[OlderSchedule],
        status=201,
        repeatable=True,
        needs_credentials=True,
        refusals=(403, 404),
    ),
    schedules_2024_04_15.patch_schedule: Operation(
        body=OlderScheduleChangeBody, answer=Success[OlderChangedSchedule], needs_credentials=True, refusals=(403, 404)
    ),
    # Event types, 2024-06-14
    event_types.post_event_type: Operation(
        body=NewEventTypeBody,
        answer=Success[EventTypeData],
        status=201,
        repeatable=True,
        needs_credentials=True,
        refusals=(403,),
    ),
    event_types.get_event_types: Operation(query=EventTypesQuery, answer=Success[EventTypeList], refusals=(403, 404)),
    event_types.get_event_type: Operation(
        answer=Success[EventTypeData | TeamEventTypeData], needs_credentials=True, refusals=(404,)
    ),
    event_types.patch_event_type: Operation(
        body=EventTypeBody, answer=Success[EventTypeData], needs_credentials=True, refusals=(403, 404)
    ),
    event_types.delete_event_type: Operation(
        answer=Success[RemovedEventType], needs_credentials=True, refusals=(403, 404)
    ),
    team_event_types.post_event_type: Operation(
        body=NewTeamEventTypeBody,
        answer=Success[Family],
        status=201,
        repeatable=True,
        needs_credentials=True,
        refusals=(403, 404),
    ),
    team_event_types.get_event_types: Operation(
        query=TeamEventTypesQuery, answer=Success[TeamEventTypeList], refusals=(403, 404)
    ),
    team_event_types.get_organization_event_types: Operation(
        query=TeamEventTypesQuery, answer=Success[TeamEventTypeList], needs_credentials=True, refusals=(403,)
    ),
    team_event_types.get_event_type: Operation(
        answer=Success[TeamEventTypeData], needs_credentials=True, refusals=(403, 404)
    ),
    team_event_types.patch_event_type: Operation(
        body=TeamEventTypeBody, answer=Success[Family], needs_credentials=True, refusals=(403, 404)
    ),
    team_event_types.delete_event_type: Operation(
        answer=Success[RemovedEventType], needs_credentials=True, refusals=(403, 404)
    ),
    # Event types, 2024-04-15
    event_types_2024_04_15.post_event_type: Operation(
        body=NewOlderEventTypeBody,
        answer=Success[OlderEventTypeData],
        status=201,
        repeatable=True,
        needs_credentials=True,
        refusals=(403,),
    ),
    event_types_2024_04_15.get_event_types: Operation(
        query=EventTypesQuery, answer=Success[OlderEventTypeGroups], refusals=(403,)
    ),
    event_types_2024_04_15.get_event_type: Operation(
        answer=Success[OneOlderEventType], needs_credentials=True, refusals=(404,)
    ),
    event_types_2024_04_15.patch_event_type: Operation(
        body=OlderEventTypeBody, answer=Success[OlderEventTypeData], needs_credentials=True, refusals=(403, 404)
    ),
    event_types_2024_04_15.delete_event_type: Operation(
        answer=Success[OlderRemovedEventType], needs_credentials=True, refusals=(403, 404)
    ),
    # Teams
    teams.get_teams: Operation(query=PageQuery, answer=Success[TeamList], needs_credentials=True, refusals=(403,)),
    teams.get_organization_teams: Operation(
        query=PageQuery, answer=Success[TeamList], needs_credentials=True, refusals=(403,)
    ),
    teams.post_team: Operation(
        body=NewTeamBody,
        answer=Success[TeamData],
        status=201,
        needs_credentials=True,
        repeatable=True,
        refusals=(403, 404),
    ),
    teams.get_team: Operation(answer=Success[TeamData], needs_credentials=True, refusals=(403, 404)),
    teams.patch_team: Operation(
        body=TeamChangeBody, answer=Success[TeamData], needs_credentials=True, refusals=(403, 404, 409)
    ),
    teams.delete_team: Operation(answer=Success[TeamData], needs_credentials=True, refusals=(403, 404)),
    # Memberships of teams and organizations
    memberships.get_memberships: Operation(
        query=MembershipsQuery, answer=Success[MembershipList], needs_credentials=True, refusals=(403, 404)
    ),
    memberships.post_membership: Operation(
        body=NewMembershipBody,
        answer=Success[MembershipData],
        status=201,
        needs_credentials=True,
        repeatable=True,
        refusals=(403, 404),
    ),
    memberships.get_membership: Operation(answer=Success[MembershipData], needs_credentials=True, refusals=(403, 404)),
    memberships.patch_membership: Operation(
        body=MembershipChangeBody, answer=Success[MembershipData], needs_credentials=True, refusals=(403, 404, 409, 422)
    ),
    memberships.delete_membership: Operation(
        answer=Success[MembershipData], needs_credentials=True, refusals=(403, 404, 409)
    ),
    # People of organizations
    organization_users.get_users: Operation(
        query=OrganizationUsersQuery, answer=Success[OrganizationUserList], needs_credentials=True, refusals=(403,)
    ),
    organization_users.post_user: Operation(
        body=NewOrganizationUserBody,
        answer=Success[OrganizationUserData],
        status=201,
        needs_credentials=True,
        repeatable=True,
        refusals=(403, 404),
    ),
    organization_users.patch_user: Operation(
        body=OrganizationUserChangeBody,
        answer=Success[OrganizationUserData],
        needs_credentials=True,
        refusals=(403, 404, 409),
    ),
    organization_users.delete_user: Operation(
        answer=Success[OrganizationUserData], needs_credentials=True, refusals=(403, 404, 409)
    ),
    # API keys, OAuth clients and the users that these manage
    api_keys.post_refresh: Operation(body=KeyRefreshBody, answer=Success[NewKeyData], needs_credentials=True),
    oauth_clients.get_clients: Operation(
        query=PageQuery, answer=Success[ClientList], needs_credentials=True, refusals=(403,)
    ),
    oauth_clients.post_client: Operation(
        body=NewClientBody, answer=Success[NewClientData], status=201, needs_credentials=True, refusals=(403, 404)
    ),
    oauth_clients.get_client: Operation(answer=Success[ClientData], needs_credentials=True, refusals=(403, 404)),
    oauth_clients.patch_client: Operation(
        body=ClientChangeBody, answer=Success[ClientData], needs_credentials=True, refusals=(403, 404)
    ),
    oauth_clients.delete_client: Operation(answer=Success[ClientData], needs_credentials=True, refusals=(403, 404)),
    managed_users.get_users: Operation(
        query=ManagedUsersQuery, answer=Success[ManagedUserList], needs_client_secret=True, refusals=(404,)
    ),
    managed_users.post_user: Operation(
        body=NewManagedUserBody,
        answer=Success[NewManagedUserData],
        status=201,
        needs_client_secret=True,
        refusals=(403, 404, 409),
    ),
    managed_users.get_user: Operation(answer=Success[MadeAccountData], needs_client_secret=True, refusals=(404,)),
    managed_users.patch_user: Operation(
        body=AccountChangeBody,
        answer=Success[MadeAccountData],
        needs_client_secret=True,
        refusals=(403, 404, 409),
    ),
    managed_users.delete_user: Operation(
        answer=Success[MadeAccountData], needs_client_secret=True, refusals=(404, 409)
    ),
    managed_users.post_force_refresh: Operation(answer=Success[TokensData], needs_client_secret=True, refusals=(404,)),
    managed_users.post_refresh: Operation(
        body=TokenRefreshBody, answer=Success[TokensData], needs_client_secret=True, refusals=(404,)
    ),
    # Webhooks, of people and of event types
    webhooks.post_webhook: Operation(
        body=NewWebhookBody,
        answer=Success[WebhookData],
        status=201,
        needs_credentials=True,
        repeatable=True,
        refusals=(403, 404),
    ),
    webhooks.get_webhooks: Operation(
        query=PageQuery, answer=Success[WebhookList], needs_credentials=True, refusals=(403, 404)
    ),
    webhooks.get_webhook: Operation(answer=Success[WebhookData], needs_credentials=True, refusals=(403, 404)),
    webhooks.patch_webhook: Operation(
        body=WebhookChangeBody, answer=Success[WebhookData], needs_credentials=True, refusals=(403, 404, 409)
    ),
    webhooks.delete_webhook: Operation(answer=Success[WebhookData], needs_credentials=True, refusals=(403, 404)),
    webhooks.delete_webhooks: Operation(answer=Success[DeletedText], needs_credentials=True, refusals=(403, 404)),
}
