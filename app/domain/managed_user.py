"""Users that an OAuth client manages: the addresses they are known by, and how long their tokens live."""

from app.domain.time_ranges import DAY, MINUTE

ACCESS_TOKEN_MS = 60 * MINUTE
REFRESH_TOKEN_MS = 365 * DAY


def managed_email(email: str, client_id: str) -> str:
    """Return the address that a client's user is known by, so that each client may have one of the same address.

    One that is written that way already stays.
    """
    name, _, domain = email.rpartition("@")
    mark = f"+{client_id}"
    return email if name.endswith(mark) else f"{name}{mark}@{domain}"
