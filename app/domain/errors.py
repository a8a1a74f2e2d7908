"""What can go wrong in the domain's own words. Errors carry fields; the API turns them into statuses and texts."""

from enum import Enum, auto


class HoldfastError(Exception):
    """Base of every error that the service raises on purpose."""


class UnknownTimeZoneError(HoldfastError):
    """There is no time zone of this name."""

    def __init__(self, name: str) -> None:
        """Keep the name."""
        super().__init__(name)
        self.name = name


class EventTypeManagedError(HoldfastError):
    """A managed event type's parent has no slots; its children have."""

    def __init__(self, event_type_id: int | None) -> None:
        """Keep the parent's id."""
        super().__init__(event_type_id)
        self.event_type_id = event_type_id


class DynamicBookingDisallowedError(HoldfastError):
    """Somebody named in a dynamic event does not allow being booked that way."""

    def __init__(self, username: str) -> None:
        """Keep who."""
        super().__init__(username)
        self.username = username


class DynamicDurationError(HoldfastError):
    """A dynamic event was asked for a length out of bounds; minutes."""

    def __init__(self, duration: int, longest: int) -> None:
        """Keep what was asked and the bound."""
        super().__init__(duration, longest)
        self.duration = duration
        self.longest = longest


class FixedLengthError(HoldfastError):
    """An event type of one length was asked for another; minutes."""

    def __init__(self, duration: int, length: int) -> None:
        """Keep what was asked and what there is."""
        super().__init__(duration, length)
        self.duration = duration
        self.length = length


class DurationNotOfferedError(HoldfastError):
    """An event type of several lengths was asked for one it does not offer; minutes."""

    def __init__(self, duration: int, lengths: tuple[int, ...]) -> None:
        """Keep what was asked and what there is."""
        super().__init__(duration, lengths)
        self.duration = duration
        self.lengths = lengths


class WindowTooLongError(HoldfastError):
    """A listing was asked for more days than one answer gives."""

    def __init__(self, longest_days: int) -> None:
        """Keep the bound."""
        super().__init__(longest_days)
        self.longest_days = longest_days


class EventTypeNotFoundError(HoldfastError):
    """No event type of this id, or of this slug (then the id is None)."""

    def __init__(self, event_type_id: int | None = None) -> None:
        """Keep the id asked for."""
        super().__init__(event_type_id)
        self.event_type_id = event_type_id


class UserNotFoundError(HoldfastError):
    """Nobody of this username, where it was looked for."""

    def __init__(self, username: str) -> None:
        """Keep the username."""
        super().__init__(username)
        self.username = username


class TeamNotFoundError(HoldfastError):
    """No team of this slug, where it was looked for."""

    def __init__(self, slug: str) -> None:
        """Keep the slug."""
        super().__init__(slug)
        self.slug = slug


class OrganizationNotFoundError(HoldfastError):
    """No organization of this slug."""

    def __init__(self, slug: str) -> None:
        """Keep the slug."""
        super().__init__(slug)
        self.slug = slug


class ReservationDurationError(HoldfastError):
    """A slot was asked to be kept too long, or for no time; minutes."""

    def __init__(self, asked: int, longest: int) -> None:
        """Keep what was asked and the bound."""
        super().__init__(asked, longest)
        self.asked = asked
        self.longest = longest


class SlotDurationFixedError(HoldfastError):
    """A length was given for an event type that has one alone."""


class SlotDurationNotOfferedError(HoldfastError):
    """The length of a slot to reserve is none of its event type's; minutes."""

    def __init__(self, lengths: tuple[int, ...]) -> None:
        """Keep what there is."""
        super().__init__(lengths)
        self.lengths = lengths


class SlotStartError(HoldfastError):
    """A slot to reserve was asked for at something that is no instant."""


class Flaw(Enum):
    """What is wrong with the settings of an event type."""

    LENGTH_NOT_OFFERED = auto()
    SLUG_TAKEN = auto()
    SLUG_TAKEN_BY_HOST = auto()
    """A host of a managed event type has another one of its slug."""
    SCHEDULE_OF_OTHERS = auto()
    HOST_NOT_MEMBER = auto()
    HOSTS_NEEDED = auto()
    """The scheduling type changes, and who hosts it then is not said."""
    MANAGED_SCHEDULE = auto()
    MANAGED_FOR_GOOD = auto()
    MANAGED_CHILD = auto()
    """A managed event type's child is changed in its parent."""
    OWNER_GONE = auto()


class SettingsRefusedError(HoldfastError):
    """The settings of an event type cannot be kept."""

    def __init__(self, flaw: Flaw, value: object) -> None:
        """Keep why, and the value that is wrong; None where that is no single one."""
        super().__init__(flaw, value)
        self.flaw = flaw
        self.value = value
