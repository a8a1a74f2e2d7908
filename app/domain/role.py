"""What a member of a team or organization may do there."""

from enum import IntEnum


class Role(IntEnum):
    """Higher ones may do what lower ones may; the names are the public API's."""

    MEMBER = 1
    """May look."""
    ADMIN = 2
    """May change what belongs to the team or organization, and who belongs to it."""
    OWNER = 3
    """May end it, and make others owners."""
