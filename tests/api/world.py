"""The world of the API's tests: Monday 2050-09-05 to Friday, nine to five in Rome, which is 07:00 to 15:00 UTC."""

from typing import Any

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]


def hours(schedule_id: int, owner_id: int, zone: str = "Europe/Rome") -> dict[str, Any]:
    availability = [{"days": WEEKDAYS, "startTime": "09:00", "endTime": "17:00"}]
    return {"id": schedule_id, "ownerId": owner_id, "timeZone": zone, "availability": availability}


def person(user_id: int, username: str) -> dict[str, Any]:
    return {
        "id": user_id,
        "username": username,
        "email": f"{username}@example.com",
        "timeZone": "Europe/Rome",
        "defaultScheduleId": user_id + 100,
    }


def event_type(type_id: int, slug: str, minutes: int = 60, **more: Any) -> dict[str, Any]:
    return {"id": type_id, "slug": slug, "lengthInMinutes": minutes, **more}


ANA, BEN, CLO, DEE, EVE = 1, 2, 3, 4, 5

WORLD: dict[str, Any] = {
    "users": [person(i, name) for i, name in enumerate(("ana", "ben", "clo", "dee", "eve"), start=1)],
    "schedules": [hours(user_id + 100, user_id) for user_id in (ANA, BEN, CLO, DEE, EVE)],
    "organizations": [{"id": 90, "slug": "acme"}],
    "profiles": [
        {"userId": DEE, "organizationId": 90, "username": "dora"},
        {"userId": EVE, "organizationId": 90, "username": "ana"},
    ],
    "teams": [{"id": 50, "slug": "crew"}, {"id": 51, "slug": "crew", "parentOrganizationId": 90}],
    "memberships": [
        {"userId": ANA, "teamId": 50},
        {"userId": BEN, "teamId": 50},
        {"userId": CLO, "teamId": 50, "accepted": False},
        {"userId": EVE, "teamId": 51},
        {"userId": DEE, "teamId": 90},
    ],
    "eventTypes": [
        event_type(10, "call", ownerId=ANA),
        event_type(11, "long", 15, ownerId=ANA, lengthInMinutesOptions=[15, 30, 60]),
        event_type(12, "class", ownerId=ANA, seatsPerTimeSlot=2),
        event_type(13, "buffered", 30, ownerId=BEN, beforeEventBuffer=15, afterEventBuffer=30),
        event_type(14, "rare", ownerId=CLO, bookingLimitsCount={"day": 1}, bookingLimitsDuration={"week": 120}),
        event_type(15, "soon", ownerId=CLO, bookingWindow={"type": "range", "value": ["2050-09-06", "2050-09-07"]}),
        event_type(20, "both", teamId=50, schedulingType="collective", hosts=[{"userId": ANA}, {"userId": BEN}]),
        event_type(21, "either", teamId=50, schedulingType="roundRobin", hosts=[{"userId": ANA}, {"userId": BEN}]),
        event_type(
            22,
            "led",
            teamId=50,
            schedulingType="roundRobin",
            hosts=[{"userId": ANA, "mandatory": True}, {"userId": BEN}, {"userId": CLO}],
        ),
        event_type(23, "assigned", teamId=50, schedulingType="collective", assignedUserIds=[ANA, BEN]),
        event_type(24, "template", teamId=50, schedulingType="managed"),
        event_type(25, "templated", ownerId=BEN, parentId=24),
        event_type(
            26,
            "some",
            teamId=50,
            schedulingType="roundRobin",
            rrHostSubsetEnabled=True,
            hosts=[{"userId": ANA}, {"userId": BEN}],
        ),
        event_type(30, "call", ownerId=EVE),
        event_type(31, "both", teamId=51, schedulingType="collective", hosts=[{"userId": DEE}, {"userId": EVE}]),
    ],
    "apiKeys": [
        {"token": f"cal_key_of_{name}", "userId": user_id}
        for name, user_id in (("ana", ANA), ("ben", BEN), ("clo", CLO), ("dee", DEE), ("eve", EVE))
    ]
    + [{"token": "cal_key_expired", "userId": ANA, "expiresAt": "2020-01-01T00:00:00Z"}],
    "oauthClients": [
        {"id": "client-of-ana", "secret": "secret-of-ana", "ownerId": ANA},
        {"id": "client-of-acme", "secret": "secret-of-acme", "organizationId": 90},
    ],
}
