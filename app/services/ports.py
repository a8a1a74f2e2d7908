"""What the use cases need from the outside, as protocols that adapters fulfil."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from app.domain.busy import Booking, BusyTimes, Reservation
from app.domain.event_type import EventType, EventTypeRules
from app.domain.reference import EventTypeReference
from app.domain.reservation import Claim, Claimed, Contended, Held, KeptReservation, QuotaFull, Workload
from app.domain.role import Role
from app.domain.time_ranges import Instant, Range


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request with good credentials: a user, or an OAuth client of a user or an organization."""

    user_id: int | None = None
    organization_id: int | None = None
    by_api_key: bool = False
    """Whether an API key says so, and no access token or client, which others hold for the user."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which items of a long list are wanted."""

    take: int
    skip: int


class Clock(Protocol):
    """Tells the time."""

    def __call__(self) -> Instant:
        """Return now."""


class EventTypes(Protocol):
    """Knows event types and the people who host them."""

    async def find(self, reference: EventTypeReference) -> EventTypeRules:
        """Return what a reference names.

        Raises
        ------
        OrganizationNotFoundError, TeamNotFoundError, UserNotFoundError, EventTypeNotFoundError
            If it names nothing.
        DynamicBookingDisallowedError
            If it is a dynamic event with somebody who does not allow that.
        """


class Calendar(Protocol):
    """Knows what takes people's time for good: bookings and connected calendars."""

    async def busy_times(self, host_ids: Collection[int], around: Range, seated_type_id: int | None) -> BusyTimes:
        """Return the bookings and calendar busy times of hosts that may meet `around`, buffers included.

        With `seated_type_id` also the bookings of that event type there, whoever hosts them.
        """

    async def accepted_bookings(self, event_type_ids: Collection[int], around: Range) -> tuple[Booking, ...]:
        """Return the accepted bookings of event types that start in `around`, whoever hosts them."""


class Changes(Protocol):
    """Tells what changes in event types and calendars, or in what is held, whoever changes it."""

    async def told(self) -> bool:
        """Say whether every change has been told that this process made, and others a twentieth of a second ago.

        If not, as when the store does not answer, nobody may rely on what was read earlier.
        """


class Workloads(Protocol):
    """Knows how much round-robin hosts have been given."""

    async def workloads(self, event_type_id: int, host_ids: Collection[int], month: Range) -> Mapping[int, Workload]:
        """Return the bookings of an event type that start in `month`, by host; hosts without any may be left out."""


class Ties(Protocol):
    """Knows who belongs together."""

    async def has_tie(self, caller: Caller, event_type_id: int) -> bool:
        """Say whether a caller belongs to an event type: owns it, shares a team with its owner, or is in its team."""


class Roles(Protocol):
    """Knows who may do what in teams and organizations."""

    async def in_team(self, caller: Caller, team_id: int) -> Role | None:
        """Return a caller's role in a team; None: no member, or no such team.

        Whoever runs an organization, as an admin or owner of it or as its OAuth client, has that role in its teams too.
        """

    async def teams_of(self, caller: Caller, team_ids: Collection[int]) -> set[int]:
        """Return to which of some teams a caller belongs."""

    async def in_organization(self, caller: Caller, organization_id: int) -> Role | None:
        """Return a caller's role in an organization, of which its OAuth client is an admin; None: no member."""

    async def over(self, caller: Caller, user_ids: Collection[int]) -> Role | None:
        """Return a caller's highest role in an organization that one of some people belongs to; None: in none."""


class Credentials(Protocol):
    """Knows who a secret belongs to. Secrets are kept as hashes and compared in constant time."""

    async def token_owner(self, token: str) -> Caller | None:
        """Return whose API key or access token this is; None if it is nobody's, expired or revoked."""

    async def oauth_client(self, client_id: str, secret: str) -> Caller | None:
        """Return whom an OAuth client stands for; None if its id or secret is wrong."""


class LiveReservations(Protocol):
    """Shows the live reservations."""

    async def live(self, host_ids: Collection[int], around: Range) -> tuple[Reservation, ...]:
        """Return the live reservations of hosts whose buffered time overlaps `around`.

        Raises
        ------
        StoreUnavailableError
            If the store does not answer in time, as with every method of `Holds`.
        """

    async def entered(self, event_type: EventType, around: Range, claimed: Claimed | None) -> tuple[Reservation, ...]:
        """Return the live reservations in an event type's ledgers whose buffered time overlaps `around`.

        With the asker's claim also the claims that came before it and may become reservations.
        """


class Holds(LiveReservations, Protocol):
    """Keeps reservations until they end. Claims are atomic on the store's own clock."""

    async def claim(self, claim: Claim, ignoring: KeptReservation | None) -> Claimed | Held | Contended | QuotaFull:
        """Claim the hosts' time for a few seconds: all of them, and a seat where there are seats, or nothing.

        `ignoring` is the caller's own reservation, which is being moved.
        """

    async def release(self, claim: Claim) -> None:
        """Give up a claim, provisional or confirmed; nothing happens if it is gone."""

    async def undo(self, claim: Claim) -> bool:
        """Give up a claim, and its uid if that leads to it; say whether it was a reservation, or about to be one.

        What another try at the same request has kept under that uid is another claim, and stands.
        """

    async def extend(self, claim: Claim, duration_ms: int, *, counted_until: Instant | None = None) -> bool:
        """Let a claim stand for at least so long from now; False if it has lapsed meanwhile.

        With `counted_until` limits count it for everybody, also for claims that came before it, as they count a
        reservation that ends then.
        """

    async def keep(self, claim: Claim, until: Instant) -> bool:
        """Make a claim a reservation; False, and it is given up, if it has lapsed or its uid leads to another claim."""

    async def move(self, kept: KeptReservation, claim: Claim, until: Instant) -> bool:
        """Put a claim in the place of a reservation; False, and the reservation stands, if either is gone meanwhile."""

    async def reservation(self, uid: str) -> KeptReservation | None:
        """Return a live reservation."""

    async def end(self, uid: str) -> bool:
        """End a reservation; False if there is none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a request, as bytes that may be sent again."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class DrawnUid:
    """A reservation's uid that was drawn, and written down, before anything is kept under it."""

    uid: str
    perhaps_kept: bool = False
    """Whether an earlier try at the same request had it, of which nobody knows how far it came."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Another try at the same request has not been answered yet."""


@dataclass(frozen=True, slots=True)
class OtherBody:
    """An earlier request with the same key had another body."""


class KeyCounter(Protocol):
    """Counts the keys that clients without credentials give to requests: each is remembered for long."""

    async def count(self, client: str) -> QuotaFull | None:
        """Count one key of a client; or return how its quota stands if it has used as many as it may.

        Raises
        ------
        StoreUnavailableError
            If the store does not answer in time.
        """


class Replays(Protocol):
    """Remembers requests by the keys that their senders gave them, and what was answered."""

    async def begin(
        self, key: str, body_digest: str, *, attempt: str, uid: str, lease_ms: int
    ) -> DrawnUid | Answer | UnderWay | OtherBody:
        """Begin to answer a request, or return why that is not to be done, or was done already.

        `attempt` is the id of this try. It has the request to itself until it records an answer, or gives up, or
        `lease_ms` are over by the store's own clock. `uid` is remembered unless an earlier try left one.

        Raises
        ------
        StoreUnavailableError
            If the store does not answer in time, as with every method.
        """

    async def record(self, key: str, attempt: str, answer: Answer) -> bool:
        """Remember what was answered; False, and nothing changes, if the request is not this attempt's any more."""

    async def give_up(self, key: str, attempt: str, *, forget: bool) -> bool:
        """Let the request be tried again at once; False, and nothing changes, if it is not this attempt's any more.

        With `forget` it may come with another body. Without, the next try gets the uid of this one, under which
        something may have been kept.
        """
