"""`/v2/event-types`, version 2024-06-14."""

from typing import Any

import asyncpg

from tests.api.asking import Answer, Asking
from tests.api.world import ANA, BEN

VERSION = {"cal-api-version": "2024-06-14"}
PATH = "/v2/event-types"
OWNER = "cal_key_of_ana"
NEW = {"lengthInMinutes": 30, "title": "Chat", "slug": "chat"}
NOT_SET = {"disabled": True}


async def ask(api: Asking, method: str, path: str = "", token: str | None = OWNER, **more: Any) -> Answer:
    return await api.ask(method, PATH + path, token=token, headers=VERSION, **more)


async def post(api: Asking, token: str | None = OWNER, **body: Any) -> Answer:
    return await ask(api, "POST", token=token, json={**NEW, **body})


async def patch(api: Asking, event_type_id: int, token: str | None = OWNER, **body: Any) -> Answer:
    return await ask(api, "PATCH", f"/{event_type_id}", token, json=body)


def wrong_fields(answer: Answer) -> list[str]:
    assert answer.status == 400, answer.body
    return [one["property"] for one in answer.body["error"]["details"]["errors"]]


async def test_a_new_event_type_is_as_the_peer_makes_it(api: Asking) -> None:
    answer = await post(api)
    assert answer.status == 201
    made = answer.data
    assert made["id"] > 31
    assert made["ownerId"] == ANA
    assert made["users"][0]["username"] == "ana"
    assert made["bookingUrl"].endswith("/ana/chat")
    assert {name: made[name] for name in NEW} == NEW
    assert made["minimumBookingNotice"] == 120
    assert made["beforeEventBuffer"] == made["afterEventBuffer"] == made["offsetStart"] == 0
    assert made["slotInterval"] is made["scheduleId"] is made["recurrence"] is None
    for name in ("bookingLimitsCount", "bookingLimitsDuration", "bookingWindow", "confirmationPolicy"):
        assert made[name] == NOT_SET
    assert "seats" not in made
    assert [field["slug"] for field in made["bookingFields"]] == [
        "name",
        "email",
        "title",
        "notes",
        "guests",
        "rescheduleReason",
    ]


EVERYTHING: dict[str, Any] = {
    "lengthInMinutes": 45,
    "lengthInMinutesOptions": [15, 45],
    "title": "Everything",
    "slug": "everything",
    "description": "All of it",
    "slotInterval": 15,
    "offsetStart": 5,
    "minimumBookingNotice": 0,
    "beforeEventBuffer": 10,
    "afterEventBuffer": 20,
    "scheduleId": ANA + 100,
    "bookingLimitsCount": {"day": 2, "week": 5},
    "bookingLimitsDuration": {"month": 600},
    "bookingWindow": {"type": "businessDays", "value": 30, "rolling": True},
    "onlyShowFirstAvailableSlot": True,
    "showOptimizedSlots": True,
    "hidden": True,
    "seats": {"seatsPerTimeSlot": 4, "showAttendeeInfo": True, "showAvailabilityCount": False},
    "locations": [{"type": "address", "address": "1 Main Street", "public": True}, {"type": "attendeePhone"}],
    # Kept as sent.
    "color": {"lightThemeHex": "#292929", "darkThemeHex": "#fafafa"},
    "bookerLayouts": {"defaultLayout": "week", "enabledLayouts": ["week", "month"]},
    "requiresBookerEmailVerification": True,
    "disableGuests": True,
    "hideCalendarNotes": True,
    "lockTimeZoneToggleOnBookingPage": True,
    "customName": "{Event type title} with {Organiser}",
    "destinationCalendar": {"integration": "google", "externalId": "ana@example.com"},
    "useDestinationCalendarEmail": True,
    "hideCalendarEventDetails": True,
    "successRedirectUrl": "https://example.com/thanks",
    "hideOrganizerEmail": True,
    "bookingRequiresAuthentication": True,
    "bookerActiveBookingsLimit": {"maximumActiveBookings": 3, "offerReschedule": True},
    "disableCancelling": {"disabled": True},
    "disableRescheduling": {"disabled": False, "minutesBefore": 60},
    "calVideoSettings": {"disableRecordingForGuests": True},
    "interfaceLanguage": "pt-BR",
    "allowReschedulingPastBookings": True,
    "allowReschedulingCancelledBookings": True,
    "metadata": {"crm": "17", "paid": False, "rank": 1.5},
}


async def test_everything_sent_is_told_again_by_every_way_of_asking(api: Asking) -> None:
    made = (await post(api, **EVERYTHING)).data
    assert {name: made[name] for name in EVERYTHING} == EVERYTHING
    assert (await ask(api, "GET", f"/{made['id']}")).data == made
    assert made in (await ask(api, "GET")).data
    assert (await patch(api, made["id"])).data == made


async def test_who_confirms_bookings_is_told_again(api: Asking) -> None:
    """Not with seats, which nobody confirms."""
    policy = {
        "type": "time",
        "noticeThreshold": {"unit": "hours", "count": 2},
        "blockUnconfirmedBookingsInBooker": False,
    }
    made = (await post(api, confirmationPolicy=policy)).data
    assert made["confirmationPolicy"] == policy
    assert (await patch(api, made["id"], confirmationPolicy=NOT_SET)).data["confirmationPolicy"] == NOT_SET


async def test_null_and_disabled_set_the_default_again(api: Asking) -> None:
    made = (await post(api, **EVERYTHING)).data
    switches = ("bookingLimitsCount", "bookingLimitsDuration", "bookingWindow", "confirmationPolicy", "seats")
    nulls = ("scheduleId", "slotInterval", "minimumBookingNotice", "hidden", "color", "description", "locations")
    body: dict[str, Any] = {**dict.fromkeys(switches, NOT_SET), **dict.fromkeys(nulls)}
    changed = (await patch(api, made["id"], **body)).data
    assert [changed.get(name) for name in switches] == [NOT_SET] * 4 + [None]
    assert changed["seatsPerTimeSlot"] is None
    assert changed["scheduleId"] is changed["slotInterval"] is None
    assert changed["minimumBookingNotice"] == 120
    assert changed["hidden"] is False
    assert "color" not in changed
    assert changed["locations"] == []
    assert changed["beforeEventBuffer"] == 10
    assert changed["metadata"] == EVERYTHING["metadata"]


async def test_a_patch_changes_what_it_names_alone(api: Asking) -> None:
    made = (await post(api, **EVERYTHING)).data
    changed = (await patch(api, made["id"], title="Renamed", slotInterval=30.0)).data
    assert changed == {**made, "title": "Renamed", "slotInterval": 30}


async def test_booking_fields_of_ones_own_follow_the_usual_ones(api: Asking) -> None:
    fields: list[dict[str, Any]] = [
        {"type": "name", "label": "Who are you?", "placeholder": "Ada"},
        {"slug": "notes", "required": True, "hidden": True},
        {"type": "select", "slug": "size", "label": "Size", "required": True, "options": ["S", "M"]},
    ]
    made = (await post(api, bookingFields=fields)).data
    told = {field["slug"]: field for field in made["bookingFields"]}
    assert told["name"] == {**fields[0], "slug": "name", "required": True, "isDefault": True}
    assert told["notes"] == {**fields[1], "type": "textarea", "isDefault": True}
    assert made["bookingFields"][-1] == {**fields[2], "isDefault": False}
    assert (await patch(api, made["id"], bookingFields=made["bookingFields"])).data == made


async def test_what_is_wrong_is_named_and_nothing_is_made(api: Asking) -> None:
    before = (await ask(api, "GET")).data
    assert wrong_fields(await post(api, lengthInMinutes=0, seats={"seatsPerTimeSlot": 0})) == [
        "lengthInMinutes",
        "seats.seatsPerTimeSlot",
    ]
    assert wrong_fields(await post(api, lengthInMinutesOptions=[15, 60])) == ["lengthInMinutesOptions"]
    assert wrong_fields(await post(api, scheduleId=BEN + 100)) == ["scheduleId"]
    assert wrong_fields(await post(api, scheduleId=9_999)) == ["scheduleId"]
    assert wrong_fields(await post(api, slug="call")) == ["slug"]
    assert (await ask(api, "GET")).data == before


async def test_a_refused_patch_changes_nothing(api: Asking) -> None:
    before = (await ask(api, "GET", "/11")).data
    assert wrong_fields(await patch(api, 11, title="New", slug="call")) == ["slug"]
    assert wrong_fields(await patch(api, 11, title="New", lengthInMinutes=20)) == ["lengthInMinutesOptions"]
    assert wrong_fields(await patch(api, 11, title="New", scheduleId=BEN + 100)) == ["scheduleId"]
    assert (await ask(api, "GET", "/11")).data == before


async def test_two_people_may_have_the_same_slug(api: Asking) -> None:
    assert (await post(api, slug="buffered")).status == 201


async def test_how_many_a_person_and_a_team_may_have(api: Asking) -> None:
    connection = await asyncpg.connect(api.urls.database)
    await connection.execute("UPDATE memberships SET role = 'OWNER' WHERE user_id = $1 AND team_id = 50", ANA)
    await connection.execute(
        """
        INSERT INTO event_types (owner_id, team_id, slug, length_minutes)
        SELECT owner_id, team_id, 's' || number, 30
        FROM (VALUES ($1::integer, NULL), (NULL, 50)) AS one (owner_id, team_id), generate_series(1, 1000) AS number
        """,
        ANA,
    )
    await connection.close()
    refused = [
        await post(api),
        await api.ask("POST", "/v2/teams/50/event-types", token=OWNER, json={**NEW, "schedulingType": "collective"}),
    ]
    assert [(answer.status, "at most 1000" in answer.message) for answer in refused] == [(400, True)] * 2
    assert (await post(api, token="cal_key_of_ben")).status == 201


async def test_a_repeated_post_with_a_key_makes_one(api: Asking) -> None:
    answers = [
        await api.ask("POST", PATH, token="cal_key_of_ana", headers={**VERSION, "Idempotency-Key": "k"}, json=NEW)
        for _ in range(2)
    ]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data


async def test_a_change_is_seen_by_the_next_listing(api: Asking) -> None:
    made = (await post(api, lengthInMinutes=60)).data
    assert await api.starts(made["id"]) == ["07:00", "08:00", "09:00", "10:00", "11:00", "12:00", "13:00", "14:00"]
    await patch(api, made["id"], lengthInMinutes=240)
    assert await api.starts(made["id"]) == ["07:00", "11:00"]
    await patch(api, made["id"], onlyShowFirstAvailableSlot=True, offsetStart=30)
    assert await api.starts(made["id"]) == ["07:30"]
    await patch(api, made["id"], bookingWindow={"type": "range", "value": ["2050-09-06", "2050-09-06"]})
    assert await api.starts(made["id"]) == []
    assert await api.starts(made["id"], "2050-09-06") == ["07:30"]
    await ask(api, "DELETE", f"/{made['id']}")
    assert (await api.slots(eventTypeId=made["id"])).status == 404


async def test_seats_and_limits_count_from_then_on(api: Asking) -> None:
    made = (await post(api, lengthInMinutes=60, bookingLimitsCount={"day": 1})).data
    assert (await api.reserve(made["id"], "10:00")).status == 201
    assert await api.starts(made["id"]) == []
    await patch(api, made["id"], bookingLimitsCount=NOT_SET, seats={"seatsPerTimeSlot": 3})
    listed = (await api.slots(eventTypeId=made["id"])).data["2050-09-05"]
    assert listed[0]["seatsTotal"] == 3


async def test_a_removed_event_type_leaves_its_bookings(api: Asking) -> None:
    times = {"start": "2050-09-05T07:00:00Z", "end": "2050-09-05T08:00:00Z"}
    await api.add(bookings=[{"uid": "b-1", "eventTypeId": 10, "userId": ANA, **times}])
    assert (await ask(api, "DELETE", "/10")).data == {
        "id": 10,
        "lengthInMinutes": 60,
        "title": "call",
        "slug": "call",
    }
    assert (await ask(api, "GET", "/10")).status == 404
    assert "07:00" not in await api.starts(12)


async def test_anybody_may_look_by_name(api: Asking) -> None:
    async def ids(**query: str) -> list[int]:
        return [one["id"] for one in (await ask(api, "GET", token=None, params=query)).data]

    assert await ids(username="ana") == [10, 11, 12]
    assert await ids(username="ana", sortCreatedAt="desc") == [12, 11, 10]
    assert await ids(username="ana", eventSlug="long") == [11]
    assert await ids(username="ana", eventSlug="none") == []
    assert await ids(username="nobody") == []
    assert await ids(username="eve") == []
    assert await ids(username="ana", orgSlug="acme") == await ids(username="ana", orgId="90") == [30]


async def test_hidden_ones_are_listed_to_their_owner_alone(api: Asking) -> None:
    await patch(api, 10, hidden=True)

    async def ids(token: str | None, **query: str) -> list[int]:
        return [one["id"] for one in (await ask(api, "GET", token=token, params=query)).data]

    assert await ids(None, username="ana") == [11, 12]
    assert await ids("cal_key_of_ben", username="ana") == [11, 12]
    assert await ids("cal_key_of_ana", username="ana") == [10, 11, 12]
    assert await ids("cal_key_of_ana") == [10, 11, 12]


async def test_strangers_see_no_private_places_and_none_of_the_owners_notes(api: Asking) -> None:
    places = [{"type": "phone", "phone": "+391234", "public": False}, {"type": "link", "link": "x", "public": True}]
    made = (
        await post(api, locations=places, metadata={"crm": 1}, destinationCalendar=EVERYTHING["destinationCalendar"])
    ).data
    query = {"username": "ana", "eventSlug": "chat"}
    (seen,) = (await ask(api, "GET", token="cal_key_of_ben", params=query)).data
    assert seen["locations"] == [{"type": "phone"}, places[1]]
    assert seen["metadata"] == {}
    assert "destinationCalendar" not in seen
    assert (await ask(api, "GET", params=query)).data == [made]


async def test_several_names_give_the_event_they_have_together(api: Asking) -> None:
    (found,) = (await ask(api, "GET", token=None, params={"usernames": "ana,ben"})).data
    assert found["lengthInMinutes"] == 30
    assert [user["username"] for user in found["users"]] == ["ana", "ben"]
    assert (await ask(api, "GET", token=None, params={"usernames": "ana,nobody"})).status == 404
    assert (await ask(api, "GET", token=None, params={"usernames": "ana"})).status == 400


async def test_a_wrong_question_is_told(api: Asking) -> None:
    for query in ({"eventSlug": "call"}, {"username": ""}, {"username": "ana", "sortCreatedAt": "up"}):
        assert (await ask(api, "GET", params=query)).status == 400
    for written in ("x", "0", "99999999999", "1e3"):
        assert (await ask(api, "GET", f"/{written}")).status == 400


async def test_strangers_need_credentials(api: Asking) -> None:
    for method, path in (("POST", ""), ("GET", ""), ("GET", "/10"), ("PATCH", "/10"), ("DELETE", "/10")):
        assert (await ask(api, method, path, None, json=NEW)).status == 401


async def test_an_event_type_is_shown_to_its_owner_and_hosts(api: Asking) -> None:
    async def status(event_type_id: int, name: str) -> int:
        return (await ask(api, "GET", f"/{event_type_id}", f"cal_key_of_{name}")).status

    shown = [(10, "ana"), (20, "ana"), (22, "clo"), (24, "ben")]
    assert [await status(*one) for one in shown] == [200] * 4
    assert [await status(10, "ben"), await status(20, "dee"), await status(24, "dee")] == [404] * 3
    assert await status(9_999, "ana") == 404


async def test_and_to_who_runs_its_team_or_its_owners_organization(api: Asking) -> None:
    await api.add(
        users=[{"id": 6, "username": "fay", "email": "fay@example.com", "timeZone": "UTC"}],
        memberships=[{"userId": 6, "teamId": 90, "role": "ADMIN"}, {"userId": 6, "teamId": 50, "role": "ADMIN"}],
        apiKeys=[{"token": "cal_key_of_fay", "userId": 6}],
    )
    assert [(await ask(api, "GET", f"/{one}", "cal_key_of_fay")).status for one in (24, 30, 31, 10)] == [
        200,
        200,
        200,
        404,
    ]
    secrets = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
    assert (await api.ask("GET", f"{PATH}/30", headers={**VERSION, **secrets})).status == 200
    assert (await api.ask("PATCH", f"{PATH}/30", headers={**VERSION, **secrets}, json={})).status == 403


async def test_only_the_owner_changes_and_removes(api: Asking) -> None:
    assert (await patch(api, 10, "cal_key_of_ben", title="Mine")).status == 403
    assert (await patch(api, 20, title="Ours")).status == 403
    assert (await patch(api, 9_999, title="None")).status == 404
    assert (await ask(api, "DELETE", "/10", "cal_key_of_ben")).status == 403
    assert (await ask(api, "DELETE", "/9999")).status == 404
    assert (await ask(api, "GET", "/10")).data["title"] == "call"


async def test_a_managed_ones_child_lets_its_person_choose_the_schedule_alone(api: Asking) -> None:
    token = "cal_key_of_ben"
    assert (await patch(api, 25, token, scheduleId=BEN + 100)).data["scheduleId"] == BEN + 100
    assert (await patch(api, 25, token, title="Mine")).status == 400
    assert (await ask(api, "DELETE", "/25", token)).status == 400


async def test_a_host_header_that_is_none_is_no_mistake_of_ours(api: Asking) -> None:
    for written in ("[", "a b", "x:y", "", "exa%mple"):
        answer = await api.ask("GET", PATH, token=OWNER, headers={**VERSION, "Host": written})
        assert answer.status in (200, 400), written
