"""What is wrong with a world file, said by list, item and field."""

from typing import Any

import pytest

from app.storage.world_files.checks import KnownIds, problems
from app.storage.world_files.format import World


def user(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": number, "username": f"u{number}", "email": f"u{number}@example.com", "timeZone": "UTC"} | fields


def event_type(number: int, **fields: Any) -> dict[str, Any]:
    owner = {} if "teamId" in fields else {"ownerId": 1}
    return {"id": number, "slug": f"e{number}", "lengthInMinutes": 30} | owner | fields


def booking(uid: str, **fields: Any) -> dict[str, Any]:
    times = {"start": "2050-01-01T09:00Z", "end": "2050-01-01T10:00Z"}
    return {"uid": uid, "eventTypeId": 1, "userId": 1} | times | fields


def reservation(**fields: Any) -> dict[str, Any]:
    times = {"slotStart": "2050-01-01T09:00Z", "slotEnd": "2050-01-01T10:00Z", "reservationUntil": "2050-01-01"}
    return {"uid": "r", "eventTypeId": 1} | times | fields


def said(world: dict[str, Any], known: KnownIds | None = None) -> list[str]:
    return [str(problem) for problem in problems(World.model_validate(world), known or KnownIds())]


GOOD: dict[str, Any] = {
    "users": [user(1, defaultScheduleId=1), user(2)],
    "schedules": [{"id": 1, "ownerId": 1, "timeZone": "UTC", "availability": []}],
    "organizations": [{"id": 10, "slug": "acme"}],
    "profiles": [{"userId": 1, "organizationId": 10, "username": "u1"}],
    "teams": [{"id": 20, "slug": "sales"}, {"id": 21, "slug": "sales", "parentOrganizationId": 10}],
    "memberships": [{"userId": 1, "teamId": 20}, {"userId": 1, "teamId": 10}],
    "eventTypes": [event_type(2, parentId=1), event_type(1, teamId=20, hosts=[{"userId": 1}, {"userId": 2}])],
    "bookings": [booking("a"), booking("b")],
    "reservations": [reservation()],
    "outOfOffice": [{"userId": 1, "start": "2050-01-01", "end": "2050-01-01"}] * 2,
}

BAD = [
    ({"users": [user(1), user(1, username="x", email="x@x")]}, "users, id 1, id: is there twice"),
    ({"users": [user(1), user(2, username="u1")]}, "users, id 2, username: is there twice"),
    ({"users": [user(1), user(2, email="U1@Example.com")]}, "users, id 2, email: is there twice"),
    ({"users": [user(1, defaultScheduleId=9)]}, "users, id 1, defaultScheduleId: there is no schedule 9"),
    (
        {"schedules": [{"id": 1, "ownerId": 9, "timeZone": "UTC", "availability": []}]},
        "schedules, id 1, ownerId: there is no user 9",
    ),
    (
        {"users": [user(1)], "profiles": [{"userId": 1, "organizationId": 9, "username": "x"}]},
        "profiles, number 1 (userId 1, organizationId 9), organizationId: there is no organization 9",
    ),
    (
        {"users": [user(1)], "memberships": [{"userId": 1, "teamId": 9}]},
        "memberships, number 1 (userId 1, teamId 9), teamId: there is no team or organization 9",
    ),
    (
        {"organizations": [{"id": 5, "slug": "a"}], "teams": [{"id": 5, "slug": "b"}]},
        "teams, id 5, id: is an organization's id; the two share their ids",
    ),
    (
        {"teams": [{"id": 5, "slug": "a"}, {"id": 6, "slug": "a"}]},
        "teams, id 6, slug: is there twice",
    ),
    ({"eventTypes": [event_type(1)]}, "eventTypes, id 1, ownerId: there is no user 1"),
    (
        {"users": [user(1)], "eventTypes": [event_type(1), event_type(2, slug="e1")]},
        "eventTypes, id 2, slug: is there twice",
    ),
    (
        {"users": [user(1)], "eventTypes": [event_type(1, parentId=1)]},
        "eventTypes, id 1, parentId: is the event type itself",
    ),
    (
        {"users": [user(1)], "eventTypes": [event_type(1, hosts=[{"userId": 9}])]},
        "eventTypes, id 1, hosts.userId: there is no user 9",
    ),
    (
        {"users": [user(1)], "eventTypes": [event_type(1, hosts=[{"userId": 1, "scheduleId": 8}])]},
        "eventTypes, id 1, hosts.scheduleId: there is no schedule 8",
    ),
    (
        {"users": [user(1)], "eventTypes": [event_type(1, hosts=[{"userId": 1}, {"userId": 1}])]},
        "eventTypes, id 1, hosts.userId: names user 1 twice",
    ),
    (
        {"users": [user(1)], "eventTypes": [event_type(1, assignedUserIds=[1, 7])]},
        "eventTypes, id 1, assignedUserIds: there is no user 7",
    ),
    (
        {"users": [user(1)], "bookings": [booking("a")]},
        "bookings, uid a, eventTypeId: there is no event type 1",
    ),
    (
        {"users": [user(1)], "eventTypes": [event_type(1)], "bookings": [booking("a"), booking("a")]},
        "bookings, uid a, uid: is there twice",
    ),
    (
        {"users": [user(1)], "eventTypes": [event_type(1)], "reservations": [reservation(hostIds=[1, 9])]},
        "reservations, uid r, hostIds: there is no user 9",
    ),
    (
        {
            "users": [user(1)],
            "eventTypes": [event_type(1, schedulingType="managed")],
            "reservations": [reservation()],
        },
        "reservations, uid r, eventTypeId: is a managed event type's template, which has no slots",
    ),
    (
        {"users": [user(1)], "outOfOffice": [{"userId": 1, "start": "2050-01-02", "end": "2050-01-01"}]},
        "outOfOffice, number 1 (userId 1), end: must not be before the start",
    ),
    (
        {"users": [user(1)], "apiKeys": [{"token": "cal_secret", "userId": 1}] * 2},
        "apiKeys, number 2, token: is there twice",
    ),
]


def test_a_sound_file_has_no_problems() -> None:
    assert said(GOOD) == []


@pytest.mark.parametrize(("world", "problem"), BAD, ids=[problem for _, problem in BAD])
def test_a_problem_names_the_list_the_item_and_the_field(world: dict[str, Any], problem: str) -> None:
    assert said(world) == [problem]


def test_what_is_there_may_be_referred_to() -> None:
    known = KnownIds({("users", "id"): {1}, ("eventTypes", "id"): {1}})
    assert said({"bookings": [booking("a")]}, known) == []


def test_what_is_there_may_not_be_added() -> None:
    known = KnownIds({("users", "id"): {1}, ("users", "username"): {"u2"}, ("organizations", "id"): {20}})
    assert said({"users": [user(1), user(2)], "teams": [{"id": 20, "slug": "a"}]}, known) == [
        "users, id 1, id: is in the database already",
        "users, id 2, username: is in the database already",
        "teams, id 20, id: is an organization's id; the two share their ids",
    ]
