"""The one table from errors of the domain and the use cases to status and text."""

from collections.abc import Callable
from typing import Any

from app.api.error_shapes import ItemOutcome, RefusedItem
from app.api.errors import FieldError, RequestError, bad_request, error_object
from app.api.instants import utc_text
from app.domain import errors as domain
from app.domain.availability import Refusal
from app.domain.booking_policy import Disallowed
from app.domain.calendar_feed import FeedFault, FeedProblem
from app.domain.errors import Flaw
from app.domain.reservation import QuotaStanding
from app.services import booking_errors, calendar_feeds, webhooks
from app.services import errors as services

RETRY_AFTER_S = 2
"""When a client may try again after a store was away."""

_REFUSALS = {
    Refusal.SEATS_FULL: "Booking with id={event_type_id} at {start} has no more seats left.",
    Refusal.BOOKED: "Can't reserve a slot if the event is already booked.",
    Refusal.RESERVED: "This time slot is already reserved by another user. Please choose a different time.",
    Refusal.CALENDAR_BUSY: "{start} is not available: a connected calendar shows its host as busy.",
    Refusal.NOTICE: "{start} is too soon or in the past: it lies before the event type's minimum booking notice ends.",
    Refusal.WINDOW: "{start} is not available: it lies outside the event type's booking window.",
    Refusal.LIMIT: "{start} is not available: its day, week, month or year has as many bookings as the limits allow.",
    Refusal.CLOSED: "{start} is not available: it is outside the working hours, or on a day off, of its host.",
    Refusal.NOBODY: "{start} is not available: nobody hosts this event type.",
}


_NOT_ALLOWED = {
    Disallowed.BOOKING_UNKNOWN: (401, "Only who owns, runs or hosts event type {} may book it: say who you are."),
    Disallowed.BOOKING_OTHERS: (403, "Only who owns, runs or hosts event type {} may book it."),
    Disallowed.BOOKING_MORE: (400, "This attendee has as many bookings of event type {} to come as one may have."),
    Disallowed.GUESTS: (400, "To event type {} nobody can be brought along as a guest: leave 'guests' out."),
    Disallowed.CANCELLING: (400, "Bookings of event type {} cannot be cancelled."),
    Disallowed.MOVING: (400, "Bookings of event type {} cannot be rescheduled."),
    Disallowed.MOVING_SO_LATE: (
        403,
        "It is too late to reschedule this booking of event type {}: only who hosts or runs it may.",
    ),
    Disallowed.MOVING_PAST: (400, "This booking of event type {} is past, and past ones cannot be rescheduled."),
}
"""Status, and text for an event type's id."""

_FLAWS = {
    Flaw.LENGTH_NOT_OFFERED: (
        "lengthInMinutesOptions",
        "The lengths to choose from must contain lengthInMinutes, {value}.",
    ),
    Flaw.SEATS_CONFIRMED: (
        "confirmationPolicy",
        "An event type with seats takes bookings without confirmation: disable one of the two.",
    ),
    Flaw.SLUG_TAKEN: ("slug", "There is an event type with the slug '{value}' already."),
    Flaw.SLUG_TAKEN_BY_HOST: (
        "slug",
        "A host of this managed event type has another event type with the slug '{value}' already.",
    ),
    Flaw.SCHEDULE_OF_OTHERS: (
        "scheduleId",
        "Schedule {value} does not belong to the event type's owner or, of a team, to one of its members.",
    ),
    Flaw.HOST_NOT_MEMBER: ("hosts", "User {value} is no member of the team, or has not accepted yet."),
    Flaw.HOSTS_NEEDED: ("hosts", "Give hosts or assignAllTeamMembers where schedulingType changes."),
    Flaw.MANAGED_SCHEDULE: (
        "scheduleId",
        "A managed event type has no schedule: each of its children has its own person's.",
    ),
    Flaw.MANAGED_FOR_GOOD: (
        "schedulingType",
        "A managed event type stays managed, and others do not become so. Make a new one and remove this one.",
    ),
    Flaw.MANAGED_CHILD: (
        "parentEventTypeId",
        "This belongs to a managed event type: change that one. Only scheduleId can be set here.",
    ),
    Flaw.OWNER_GONE: ("ownerId", "Whom the event type was to belong to has just been removed."),
}
"""The field that each flaw of an event type's settings is told at, and the text."""


_FAULTS = {
    FeedFault.UNREACHABLE: "cannot be reached",
    FeedFault.PRIVATE_ADDRESS: "must lead to the public internet, not to a private or local address",
    FeedFault.BAD_STATUS: "answered with the status {status}",
    FeedFault.TOO_MANY_REDIRECTS: "leads on to other addresses too often",
    FeedFault.TOO_SLOW: "did not answer in time",
    FeedFault.TOO_LARGE: "is larger than a calendar may be",
    FeedFault.NOT_A_CALENDAR: "is no iCalendar, or has an event that cannot be understood",
    FeedFault.TOO_MUCH: "has too many events, or such that take too long to work out",
    FeedFault.INTERNAL: "could not be read, which is this service's own fault",
}
"""What is wrong with a calendar feed, after its name or its address."""


def request_error(error: domain.HoldfastError) -> RequestError:
    """Say an error of the domain or of a use case in HTTP's words.

    Raises
    ------
    KeyError
        If the table lacks it, which a test rules out.
    """
    return TABLE[type(error)](error)


def rate_limit_headers(standing: QuotaStanding) -> dict[str, str]:
    """Return how a quota stands, in the names that clients know."""
    return {
        "RateLimit-Limit": str(standing.most),
        "RateLimit-Remaining": str(standing.left),
        "RateLimit-Reset": str(_seconds(standing)),
    }


def _seconds(standing: QuotaStanding) -> int:
    return max(1, -(-standing.next_free_ms // 1_000))


def _quota_exceeded(error: services.QuotaExceededError) -> RequestError:
    return _too_many(
        error.standing,
        f"Too many slots are reserved without credentials: at most {error.standing.most} at once. "
        "Release one, wait until one ends, or send an API key.",
    )


def _keys_used_up(error: services.KeysUsedUpError) -> RequestError:
    return _too_many(
        error.standing,
        f"Too many requests have an Idempotency-Key without credentials: at most {error.standing.most} a day. "
        "Send an API key, wait, or leave the header out.",
    )


def _too_many(standing: QuotaStanding, text: str) -> RequestError:
    return RequestError(429, text, retry_after_s=_seconds(standing), headers=rate_limit_headers(standing))


def _refused(error: services.SlotRefusedError) -> RequestError:
    text = _REFUSALS[error.refusal].format(event_type_id=error.event_type_id, start=utc_text(error.start))
    return RequestError(422, text, more={"hostIds": list(error.host_ids)} if error.host_ids else {})


def _booking_refused(error: booking_errors.BookingRefusedError) -> RequestError:
    why = _REFUSALS[error.refusal].format(event_type_id=error.event_type_id, start=utc_text(error.start))
    text = f"{TIME_TAKEN}. {why}"
    return RequestError(400, text, more={"hostIds": list(error.host_ids)} if error.host_ids else {})


def _booking_over(error: booking_errors.BookingOverError) -> RequestError:
    if error.moved:
        return bad_request(f"Booking with uid={error.uid} was rescheduled: ask for the one that took its place.")
    return bad_request(f"Booking with uid={error.uid} is {error.status.value}, so this cannot be done with it.")


def _not_allowed(error: booking_errors.NotAllowedError) -> RequestError:
    status, text = _NOT_ALLOWED[error.what]
    return RequestError(status, text.format(error.event_type_id))


def _event_type_not_found(error: domain.EventTypeNotFoundError) -> RequestError:
    known_by_id = error.event_type_id is not None
    return RequestError(404, f"Event Type with ID={error.event_type_id} not found" if known_by_id else NO_EVENT_TYPE)


def _private_receiver(_: webhooks.PrivateReceiverError) -> RequestError:
    text = "must lead to the public internet, not to a private or local address"
    wrong = FieldError("subscriberUrl", None, {"publicAddress": text})
    return RequestError(400, "Bad Request Exception", (wrong,))


def _wrong_field(name: str, value: object, rule: str, said: str) -> RequestError:
    return RequestError(400, said, (FieldError(name, value, {rule: said}),))


def fault_text(problem: FeedProblem) -> str:
    """Say what is wrong with a calendar feed."""
    return _FAULTS[problem.fault].format(status=problem.status)


def _feeds_refused(error: calendar_feeds.FeedsRefusedError) -> RequestError:
    wrong = [
        FieldError(f"urls.{place}", None, {problem.fault.value: fault_text(problem)})
        for place, problem in error.problems.items()
    ]
    return RequestError(400, "Bad Request Exception", tuple(wrong))


def _batch_refused(error: services.BatchRefusedError) -> RequestError:
    """Tell the first refusal, and in the details what would have become of each item."""
    first = _told(next(refusal for refusal in error.refusals if refusal is not None))
    items = [_item_outcome(index, refusal) for index, refusal in enumerate(error.refusals)]
    return RequestError(first.status, first.message, retry_after_s=first.retry_after_s, more={"items": items})


def _item_outcome(index: int, refusal: Exception | None) -> ItemOutcome:
    if refusal is None:
        return {"index": index, "status": "success"}
    return {"index": index, **refused_item(refusal)}


def refused_item(refusal: Exception) -> RefusedItem:
    """Return what is told of one item of a batch."""
    return {"status": "error", "error": error_object(_told(refusal))}


def _told(refusal: Exception) -> RequestError:
    if isinstance(refusal, RequestError):
        return refusal
    if isinstance(refusal, domain.HoldfastError):
        return request_error(refusal)
    raise refusal  # A mistake of ours: nobody refuses with it.


def _lengths(lengths: tuple[int, ...]) -> str:
    return ", ".join(str(length) for length in lengths)


def _settings_refused(error: domain.SettingsRefusedError) -> RequestError:
    name, text = _FLAWS[error.flaw]
    return _wrong_field(name, error.value, error.flaw.name.lower(), text.format(value=error.value))


TIME_TAKEN = "User either already has booking at this time or is not available"
"""What clients look for where a booking meets another."""
NO_EVENT_TYPE = "Event Type not found"

TABLE: dict[type[domain.HoldfastError], Callable[[Any], RequestError]] = {
    domain.UnknownTimeZoneError: lambda e: bad_request(f"'{e.name[:64]}' is not a time zone."),
    domain.WindowTooLongError: lambda e: bad_request(
        f"The time range is too long: at most {e.longest_days} days can be listed at once."
    ),
    domain.EventTypeManagedError: lambda e: bad_request(
        f"Event type {e.event_type_id} is a managed event type's template and has no slots of its own. "
        "Ask for one of its children, which belong to the people it was assigned to."
    ),
    domain.DynamicDurationError: lambda e: bad_request(
        f"The length of a dynamic event must be from 1 to {e.longest} minutes."
    ),
    domain.FixedLengthError: lambda e: bad_request(
        f"This event type has one length, {e.length} minutes; {e.duration} is not offered."
    ),
    domain.DurationNotOfferedError: lambda e: bad_request(
        f"A length of {e.duration} minutes is not offered. The lengths of this event type are: {_lengths(e.lengths)}"
    ),
    domain.SlotStartError: lambda _: bad_request(
        "'slotStart' must be an ISO 8601 date and time, such as 2050-09-05T10:00:00Z."
    ),
    domain.SlotDurationFixedError: lambda _: bad_request(
        "You passed 'slotDuration' but this event type is not a variable length event type."
    ),
    domain.SlotDurationNotOfferedError: lambda e: bad_request(
        "Provided 'slotDuration' is not one of the possible lengths for the event type. "
        f"The possible lengths for this variable length event type are: {_lengths(e.lengths)}"
    ),
    domain.ReservationDurationError: lambda e: bad_request(
        f"'reservationDuration' must be from 1 to {e.longest} minutes."
    ),
    domain.DynamicBookingDisallowedError: lambda e: RequestError(
        401, f"{e.username} does not allow being booked together with others."
    ),
    domain.EventTypeNotFoundError: _event_type_not_found,
    domain.SettingsRefusedError: _settings_refused,
    domain.UserNotFoundError: lambda e: RequestError(404, f"User with username {e.username} not found"),
    domain.TeamNotFoundError: lambda e: RequestError(404, f"Team with slug {e.slug} not found"),
    domain.OrganizationNotFoundError: lambda e: RequestError(404, f"Organization with slug {e.slug} not found"),
    services.StoreUnavailableError: lambda _: RequestError(
        503, "The service cannot reach its data right now. Please try again.", retry_after_s=RETRY_AFTER_S
    ),
    services.TooSlowError: lambda _: RequestError(
        503, "The service could not answer in time. Please try again.", retry_after_s=RETRY_AFTER_S
    ),
    services.RequestUnderWayError: lambda _: RequestError(
        409,
        "A request with this Idempotency-Key is still under way. Wait for its answer or, if that got lost, send the "
        "same request again in a few seconds.",
        retry_after_s=RETRY_AFTER_S,
    ),
    services.KeyReusedError: lambda _: RequestError(
        422,
        "This Idempotency-Key was used with another body. Send that body to get its answer again, or use a new key "
        "for a new request.",
    ),
    services.KeysUsedUpError: _keys_used_up,
    services.SlotRefusedError: _refused,
    services.QuotaExceededError: _quota_exceeded,
    services.NotReservableError: lambda e: bad_request(
        f"Slots of event type {e.event_type_id} cannot be reserved: it has no hosts of its own. "
        "Give it hosts instead of assigned users."
    ),
    services.BatchRefusedError: _batch_refused,
    services.BatchTooLongError: lambda _: bad_request(
        "The answers of this batch are too long together: ask for fewer days, or in several batches."
    ),
    services.ReservationNotFoundError: lambda e: RequestError(404, f"Slot with uid={e.uid} not found"),
    services.CredentialsNeededError: lambda _: RequestError(
        401,
        "reservationDuration can only be used for authenticated requests - "
        "use access token, api key or OAuth credentials",
    ),
    booking_errors.BookingRefusedError: _booking_refused,
    booking_errors.TimeTakenError: lambda _: bad_request(TIME_TAKEN),
    booking_errors.BookingNotFoundError: lambda e: RequestError(404, f"Booking with uid={e.uid} was not found"),
    booking_errors.ReservationUsedError: lambda e: RequestError(
        409, f"The reservation with uid={e.uid} has become a booking already."
    ),
    booking_errors.OtherSlotReservedError: lambda e: bad_request(
        f"The reservation with uid={e.uid} keeps another slot: its event type, start and length must be the booking's."
    ),
    booking_errors.ReservedForMoveError: lambda e: bad_request(
        f"The reservation with uid={e.uid} was made to move booking {e.booking_uid}: reschedule that booking with it."
    ),
    booking_errors.OneSeatReservedError: lambda e: bad_request(
        f"The reservation with uid={e.uid} keeps one seat, and this booking has several: reschedule it without."
    ),
    booking_errors.BookingChangedError: lambda e: RequestError(
        409, f"Booking with uid={e.uid} was changed at the same moment. Look at it again, and try once more."
    ),
    booking_errors.NotBookableError: lambda e: bad_request(
        f"Slots of event type {e.event_type_id} cannot be booked: it has no hosts of its own. "
        "Give it hosts instead of assigned users."
    ),
    booking_errors.BookingOverError: _booking_over,
    booking_errors.SeatUidNeededError: lambda e: RequestError(
        403,
        f"Booking with uid={e.uid} has several seats. Say with 'seatUid' which one is yours; only a host, or who runs "
        "its event type, may do this with all of them.",
    ),
    booking_errors.NotRunningBookingError: lambda e: RequestError(
        403, f"Only a host of booking {e.uid}, or who runs its event type, team or organization, may do this."
    ),
    booking_errors.NotAllowedError: _not_allowed,
    booking_errors.NotForSeatsError: lambda _: bad_request(
        "This event type has seats, and everybody books one: nobody can be brought along as a guest."
    ),
    booking_errors.TooManyAttendeesError: lambda e: bad_request(f"A booking can have at most {e.most} attendees."),
    booking_errors.AttendeeNotFoundError: lambda e: RequestError(
        404, f"Booking with uid={e.uid} has no attendee {e.attendee[:255]}"
    ),
    booking_errors.NotRoundRobinError: lambda e: bad_request(
        f"Booking with uid={e.uid} cannot go to another host: "
        "it is not of a round-robin event type that has one to spare."
    ),
    booking_errors.NotHostedByError: lambda e: bad_request(
        f"User {e.user_id} cannot take this booking over: they are not another host of that part of its event type."
    ),
    services.EventTypeNotOwnedError: lambda e: RequestError(
        403, f"User with ID={e.user_id} does not own event type with ID={e.event_type_id}"
    ),
    services.RoleNeededError: lambda _: RequestError(
        403, "Only an admin or owner of the team or organization may do this, or the organization's OAuth client."
    ),
    services.MembershipNeededError: lambda _: RequestError(403, "You do not belong to this team or organization."),
    services.OwnerNeededError: lambda _: RequestError(403, "Only an owner of the team or organization may do this."),
    services.ForeignAddressError: lambda _: RequestError(
        403, "Only people themselves change the e-mail address of an account that the organization did not make."
    ),
    services.ConsentNeededError: lambda _: RequestError(
        403, "A membership is accepted by the member themselves, or by who runs an organization they are in already."
    ),
    services.LastOwnerError: lambda _: RequestError(
        409, "The last owner can neither leave nor get another role. Make somebody else an owner first."
    ),
    services.MembershipNotFoundError: lambda e: RequestError(404, f"Membership with ID={e.membership_id} not found"),
    services.MembershipExistsError: lambda e: RequestError(
        409, f"User with ID={e.user_id} has a membership here already."
    ),
    services.ManagedMemberError: lambda e: RequestError(
        403, f"User with ID={e.user_id} is managed by an OAuth client, and can only be a MEMBER of an organization."
    ),
    services.OutsiderError: lambda e: RequestError(
        422, f"User with ID={e.user_id} does not belong to the team's organization: take them in there first."
    ),
    services.SlugTakenError: lambda e: RequestError(409, f"Another team has the slug '{e.slug}'."),
    services.UsernameTakenError: lambda e: RequestError(409, f"A user with the username {e.username} already exists."),
    services.BookedUserError: lambda e: RequestError(
        409, f"User with ID={e.user_id} has bookings ahead. Cancel or move them first."
    ),
    services.OAuthClientNotFoundError: lambda e: RequestError(404, f"OAuth client with ID={e.client_id} not found"),
    services.ClientSecretError: lambda _: RequestError(
        401, "The OAuth client's secret is missing or wrong: send it as 'x-cal-secret-key'."
    ),
    services.RefreshTokenError: lambda _: RequestError(
        401, "The refresh token is wrong, has expired or was used already."
    ),
    services.ApiKeyNeededError: lambda _: RequestError(
        401, "Send the API key that is to be exchanged as 'Authorization: Bearer ...'."
    ),
    services.UserIdNotFoundError: lambda e: RequestError(404, f"User with ID={e.user_id} not found"),
    services.TeamIdNotFoundError: lambda e: RequestError(404, f"Team with ID={e.team_id} not found"),
    services.ScheduleNotFoundError: lambda e: RequestError(404, f"Schedule with ID={e.schedule_id} does not exist."),
    services.NotOwnScheduleError: lambda e: RequestError(
        403, f"User with ID={e.user_id} does not own schedule with ID={e.schedule_id}"
    ),
    services.TooManySchedulesError: lambda e: bad_request(
        f"A person may have at most {e.most} schedules. Delete one, or change one that there is."
    ),
    services.TooManyEventTypesError: lambda e: bad_request(
        f"A person or a team may have at most {e.most} event types. Remove one, or change one that there is."
    ),
    services.OutOfOfficeNotFoundError: lambda e: RequestError(
        404, f"Out-of-office entry with ID={e.entry_id} not found"
    ),
    services.OutOfOfficeOrderError: lambda _: _wrong_field(
        "end", None, "order", "An out-of-office entry must not end before it starts."
    ),
    services.OutOfOfficeTwiceError: lambda _: RequestError(
        409, "There is an out-of-office entry from the same start to the same end already."
    ),
    services.TooManyOutOfOfficeError: lambda e: bad_request(
        f"A person may have at most {e.most} out-of-office entries, apart from those that were over 400 days ago. "
        "Delete one, or make one longer."
    ),
    services.CoverError: lambda e: _wrong_field(
        "toUserId",
        e.user_id,
        "cover",
        f"User with ID={e.user_id} cannot cover: 'toUserId' must be somebody else in the same team or organization.",
    ),
    services.EmailTakenError: lambda e: RequestError(409, f"Somebody else has the e-mail address {e.email}."),
    webhooks.WebhookNotFoundError: lambda e: RequestError(404, f"Webhook with id={e.webhook_id} was not found"),
    webhooks.OthersWebhookError: lambda e: RequestError(403, f"Webhook with id={e.webhook_id} is somebody else's."),
    webhooks.NotRunningEventTypeError: lambda e: RequestError(
        403, f"Only the owner of event type {e.event_type_id}, or an admin of its team, may keep its webhooks."
    ),
    webhooks.WebhookTwiceError: lambda _: RequestError(
        409, "There is a webhook with this subscriberUrl already. Change that one, or send to another address."
    ),
    webhooks.TooManyWebhooksError: lambda e: bad_request(
        f"There are {e.most} webhooks already, and may be no more. Delete one that is not needed."
    ),
    webhooks.PrivateReceiverError: _private_receiver,
    calendar_feeds.FeedsRefusedError: _feeds_refused,
    calendar_feeds.FeedsNotReadError: lambda _: RequestError(
        503, "The service cannot read calendar feeds right now. Please try again.", retry_after_s=RETRY_AFTER_S
    ),
    calendar_feeds.SavingFeedsError: lambda _: RequestError(
        409,
        "Your calendar feeds are being saved by another request. Wait for its answer.",
        retry_after_s=RETRY_AFTER_S,
    ),
    calendar_feeds.NoFeedsError: lambda _: RequestError(404, "You have no such calendar feeds. Save some first."),
    calendar_feeds.UnknownCalendarError: lambda _: RequestError(
        404, "You have no calendar with this credentialId and externalId. List yours with GET /v2/calendars."
    ),
    services.NoTieError: lambda _: RequestError(
        403,
        "authenticated user is not owner of event type, does not have memberships in common with owner of the "
        "event type, nor does belong to event type's team or org.",
    ),
}
"""Every error that a use case raises, in HTTP's words. Texts that clients look for are the peer's."""
