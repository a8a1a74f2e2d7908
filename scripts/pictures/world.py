"""What is loaded: the demo world, and a week of 2050 in which something goes on."""

from importlib.resources import as_file, files
from typing import Any

from app.storage.world_files.format import World
from app.storage.world_files.reading import read_world, world_of

WEEK = "2050-09-05"
"""A Monday; far away, so that the pictures are the same whenever they are taken."""
KEY = "cal_pictures_of_ada"
INTRODUCTION, CONSULTATION, HELP_DESK, DESIGN_REVIEW = 1, 2, 3, 4
_ADA = 1


def demo_world() -> World:
    """Return the demo world as `serve --demo` loads it."""
    with as_file(files("app.storage.world_files").joinpath("demo.yaml")) as path:
        return read_world(path)


def busy_week() -> World:
    """Return Ada's bookings and reservations of the week, to add, and her key."""
    return world_of(
        {
            "apiKeys": [{"token": KEY, "userId": _ADA}],
            "bookings": [
                _booking(1, INTRODUCTION, "05T09:00", "05T09:30"),
                _booking(2, DESIGN_REVIEW, "06T14:00", "06T15:00"),
                _booking(3, INTRODUCTION, "07T10:30", "07T11:00"),
                _booking(4, HELP_DESK, "08T08:20", "08T08:40"),
                _booking(5, INTRODUCTION, "09T15:00", "09T15:30"),
            ],
            "reservations": [
                _reservation(1, INTRODUCTION, "05T13:30", "05T14:00"),
                _reservation(2, INTRODUCTION, "08T10:00", "08T10:30"),
            ],
        }
    )


def _booking(number: int, event_type_id: int, start: str, end: str) -> dict[str, Any]:
    return {
        "uid": f"booking-{number}",
        "eventTypeId": event_type_id,
        "userId": _ADA,
        "start": f"2050-09-{start}:00Z",
        "end": f"2050-09-{end}:00Z",
        "attendees": [{"name": "Guest", "email": "guest@example.org"}],
    }


def _reservation(number: int, event_type_id: int, start: str, end: str) -> dict[str, Any]:
    return {
        "uid": f"reservation-{number}",
        "eventTypeId": event_type_id,
        "slotStart": f"2050-09-{start}:00Z",
        "slotEnd": f"2050-09-{end}:00Z",
        "reservationUntil": "2050-09-01T00:00:00Z",
        "hostIds": [_ADA],
    }
