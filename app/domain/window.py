"""The window of a question: from when to when slots are asked for (docs/rules.md 1)."""

from app.domain.errors import WindowTooLongError
from app.domain.time_ranges import DAY, SECOND, Instant, Range

LONGEST_WINDOW_DAYS = 366


def asked_window(start: Instant, end: Instant) -> Range:
    """Return the window of two instants; a bare date stands for its first one.

    An end at exactly midnight UTC, and so a bare end date, means the last second of that day. An end before the start
    gives an empty window.

    Raises
    ------
    WindowTooLongError
        If it is longer than 366 days.
    """
    closing = end + DAY - SECOND if end % DAY == 0 else end
    if closing - start > LONGEST_WINDOW_DAYS * DAY:
        raise WindowTooLongError(LONGEST_WINDOW_DAYS)
    return start, max(start, closing)
