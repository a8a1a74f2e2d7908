"""What can go wrong in a use case, beyond the domain's rules."""

from collections.abc import Sequence

from app.domain.availability import Refusal
from app.domain.errors import HoldfastError
from app.domain.reservation import QuotaStanding
from app.domain.time_ranges import Instant


class StoreUnavailableError(HoldfastError):
    """A store did not answer in time, or not at all."""

    def __init__(self, store: str) -> None:
        """Keep which: "postgres" or "redis"."""
        super().__init__(store)
        self.store = store


class TooSlowError(HoldfastError):
    """The stores answered, but too slowly for a request to be answered in time."""


class RequestUnderWayError(HoldfastError):
    """A request that was sent again has not been answered yet."""


class KeyReusedError(HoldfastError):
    """The key of an earlier request was given to another one."""


class KeysUsedUpError(HoldfastError):
    """Somebody gave keys to as many requests as they may."""

    def __init__(self, standing: QuotaStanding) -> None:
        """Keep how the quota stands."""
        super().__init__(standing)
        self.standing = standing


class SlotRefusedError(HoldfastError):
    """A slot cannot be reserved."""

    def __init__(
        self, refusal: Refusal, event_type_id: int | None, start: Instant, host_ids: tuple[int, ...] = ()
    ) -> None:
        """Keep why, which slot, and which hosts are not free, for callers who may know."""
        super().__init__(refusal, event_type_id, start, host_ids)
        self.refusal = refusal
        self.event_type_id = event_type_id
        self.start = start
        self.host_ids = host_ids


class QuotaExceededError(HoldfastError):
    """Somebody keeps as many slots as they may, or an event type has as many kept as it may."""

    def __init__(self, standing: QuotaStanding) -> None:
        """Keep how the quota stands."""
        super().__init__(standing)
        self.standing = standing


class NotReservableError(HoldfastError):
    """The event type's slots are listed but cannot be reserved: it has no hosts of its own."""

    def __init__(self, event_type_id: int | None) -> None:
        """Keep the event type."""
        super().__init__(event_type_id)
        self.event_type_id = event_type_id


class BatchRefusedError(HoldfastError):
    """Nothing of a batch is kept."""

    def __init__(self, refusals: Sequence[Exception | None]) -> None:
        """Keep for every item why it was refused, at least one of them; None: it was not."""
        super().__init__(refusals)
        self.refusals = tuple(refusals)


class BatchTooLongError(HoldfastError):
    """The answers of a batch are too long together for another one."""


class ReservationNotFoundError(HoldfastError):
    """There is no live reservation of this uid."""

    def __init__(self, uid: str) -> None:
        """Keep the uid."""
        super().__init__(uid)
        self.uid = uid


class CredentialsNeededError(HoldfastError):
    """Only callers with credentials may say how long a reservation lasts."""


class NoTieError(HoldfastError):
    """Only callers with a tie to the event type may say how long a reservation lasts."""


class UserIdNotFoundError(HoldfastError):
    """Nobody of this id, where they were looked for."""

    def __init__(self, user_id: int) -> None:
        """Keep the id."""
        super().__init__(user_id)
        self.user_id = user_id


class EventTypeNotOwnedError(HoldfastError):
    """An event type is changed by somebody whose own it is not."""

    def __init__(self, user_id: int, event_type_id: int) -> None:
        """Keep who does not own which."""
        super().__init__(user_id, event_type_id)
        self.user_id = user_id
        self.event_type_id = event_type_id


class TeamIdNotFoundError(HoldfastError):
    """No team of this id, where it was looked for."""

    def __init__(self, team_id: int) -> None:
        """Keep the id."""
        super().__init__(team_id)
        self.team_id = team_id


class RoleNeededError(HoldfastError):
    """Only those who run a team or organization may do this."""


class ScheduleNotFoundError(HoldfastError):
    """There is no schedule of this id."""

    def __init__(self, schedule_id: int) -> None:
        """Keep the id."""
        super().__init__(schedule_id)
        self.schedule_id = schedule_id


class NotOwnScheduleError(HoldfastError):
    """A schedule is somebody else's."""

    def __init__(self, user_id: int, schedule_id: int) -> None:
        """Keep who does not own which."""
        super().__init__(user_id, schedule_id)
        self.user_id = user_id
        self.schedule_id = schedule_id


class TooManySchedulesError(HoldfastError):
    """Somebody has as many schedules as they may."""

    def __init__(self, most: int) -> None:
        """Keep the bound."""
        super().__init__(most)
        self.most = most


class TooManyEventTypesError(HoldfastError):
    """Somebody, or a team, has as many event types as they may."""

    def __init__(self, most: int) -> None:
        """Keep the bound."""
        super().__init__(most)
        self.most = most


class OutOfOfficeNotFoundError(HoldfastError):
    """Somebody has no out-of-office entry of this id."""

    def __init__(self, entry_id: int) -> None:
        """Keep the id."""
        super().__init__(entry_id)
        self.entry_id = entry_id


class OutOfOfficeOrderError(HoldfastError):
    """An out-of-office entry would end before it starts."""


class OutOfOfficeTwiceError(HoldfastError):
    """Somebody is out of office from and to the same instants already."""


class TooManyOutOfOfficeError(HoldfastError):
    """Somebody has as many out-of-office entries as they may."""

    def __init__(self, most: int) -> None:
        """Keep the bound."""
        super().__init__(most)
        self.most = most


class CoverError(HoldfastError):
    """Somebody cannot cover for a user who is out of office."""

    def __init__(self, user_id: int) -> None:
        """Keep who cannot."""
        super().__init__(user_id)
        self.user_id = user_id


class EmailTakenError(HoldfastError):
    """Somebody else has this e-mail address."""

    def __init__(self, email: str) -> None:
        """Keep the address."""
        super().__init__(email)
        self.email = email


class MembershipNeededError(HoldfastError):
    """Only those who belong to a team or organization may look at it."""


class OwnerNeededError(HoldfastError):
    """Only an owner may do this."""


class ForeignAddressError(HoldfastError):
    """The e-mail address of an account that somebody made for themselves is theirs alone to change."""


class ConsentNeededError(HoldfastError):
    """Only the member themselves may accept a membership."""


class LastOwnerError(HoldfastError):
    """A team or organization would be left without an owner."""


class MembershipNotFoundError(HoldfastError):
    """No membership of this id, where it was looked for."""

    def __init__(self, membership_id: int) -> None:
        """Keep the id."""
        super().__init__(membership_id)
        self.membership_id = membership_id


class MembershipExistsError(HoldfastError):
    """Somebody belongs to the team or organization already, or is invited to."""

    def __init__(self, user_id: int) -> None:
        """Keep who."""
        super().__init__(user_id)
        self.user_id = user_id


class ManagedMemberError(HoldfastError):
    """A user whom an OAuth client manages gets no role above that of a member in an organization."""

    def __init__(self, user_id: int) -> None:
        """Keep who."""
        super().__init__(user_id)
        self.user_id = user_id


class OutsiderError(HoldfastError):
    """Somebody is to belong to a team, and does not to its organization."""

    def __init__(self, user_id: int) -> None:
        """Keep who."""
        super().__init__(user_id)
        self.user_id = user_id


class SlugTakenError(HoldfastError):
    """Another team has this slug."""

    def __init__(self, slug: str) -> None:
        """Keep the slug."""
        super().__init__(slug)
        self.slug = slug


class UsernameTakenError(HoldfastError):
    """Another user has this username."""

    def __init__(self, username: str) -> None:
        """Keep the username."""
        super().__init__(username)
        self.username = username


class BookedUserError(HoldfastError):
    """A user cannot be deleted: appointments with them lie ahead."""

    def __init__(self, user_id: int) -> None:
        """Keep who."""
        super().__init__(user_id)
        self.user_id = user_id


class OAuthClientNotFoundError(HoldfastError):
    """No OAuth client of this id that the caller runs."""

    def __init__(self, client_id: str) -> None:
        """Keep the id."""
        super().__init__(client_id)
        self.client_id = client_id


class ClientSecretError(HoldfastError):
    """What an OAuth client may do was asked for without its id and secret."""


class RefreshTokenError(HoldfastError):
    """A refresh token is wrong, has expired, or was used already."""


class ApiKeyNeededError(HoldfastError):
    """Only an API key can be exchanged for a new one."""
