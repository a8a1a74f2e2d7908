"""`load`, database and holds together."""

from typing import Any

import pytest

from app.application import worlds
from app.commands.worlds import report
from app.storage.world_files.checks import WorldRefusedError
from app.storage.world_files.reading import world_of
from tests.api.asking import Asking
from tests.api.world import WORLD


def reservation(uid: str, start: str = "10:00", **more: Any) -> dict[str, Any]:
    """An hour of Monday, held till 2060."""
    hour = int(start[:2]) + 1
    return {
        "uid": uid,
        "eventTypeId": 10,
        "slotStart": f"2050-09-05T{start}:00Z",
        "slotEnd": f"2050-09-05T{hour:02d}{start[2:]}:00Z",
        "reservationUntil": "2060-01-01T00:00:00Z",
        **more,
    }


async def load(api: Asking, mode: Any, *reservations: dict[str, Any], **lists: Any) -> worlds.Loaded:
    base = WORLD if mode == "replace" else {}
    world = world_of({**base, **lists, "reservations": list(reservations)})
    return await worlds.load(api.settings, api.urls, world, mode)


async def shown(api: Asking, uid: str) -> Any:
    return (await api.ask("GET", f"/v2/slots/reservations/{uid}")).data


async def test_reservations_become_live_holds(api: Asking) -> None:
    loaded = await load(api, "replace", reservation("r1"), reservation("r2", "12:00", hostIds=[2, 2]))
    assert [kept.uid for kept in loaded.holds.live] == ["r1", "r2"]
    assert (await shown(api, "r1"))["slotStart"] == "2050-09-05T10:00:00.000Z"
    assert "10:00" not in await api.starts(10)
    assert "12:00" in await api.starts(10)
    assert (await api.reserve(13, "12:00")).status == 422
    assert (await api.ask("DELETE", "/v2/slots/reservations/r1")).status == 200
    assert "10:00" in await api.starts(10)


async def test_past_and_overlapping_ones_are_counted(api: Asking) -> None:
    past = reservation("past", reservationUntil="2020-01-01T00:00:00Z")
    overlapping = [reservation("a", "07:00"), reservation("b", "07:30"), reservation("c", "09:00")]
    loaded = await load(api, "replace", past, *overlapping)
    assert (loaded.holds.past, loaded.holds.overlapping, len(loaded.holds.live)) == (1, 2, 3)
    assert await shown(api, "past") is None
    assert report(loaded).splitlines()[1:] == [
        "Imported as they are, though they share a host's time with others of this file: reservations 2.",
        "Left out, because their reservationUntil is past: reservations 1.",
    ]


async def test_bookings_that_overlap_are_marked_and_counted(api: Asking) -> None:
    """With those of the database too. The hold beside them is none of them, nor does it overlap another hold."""
    hour = {"eventTypeId": 10, "userId": 1, "start": "2050-09-05T09:00:00Z", "end": "2050-09-05T10:00:00Z"}
    await load(api, "merge", bookings=[{**hour, "uid": "b1"}])
    loaded = await load(api, "merge", reservation("r", "09:00"), bookings=[{**hour, "uid": "b2"}])
    assert report(loaded).splitlines() == [
        "Loaded: bookings 1, reservations 1.",
        "Imported as they are, though they share a host's time with others: bookings 1.",
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (reservation("r", eventTypeId=24), "eventTypeId"),
        (reservation("r", eventTypeId=99), "eventTypeId"),
        (reservation("r", hostIds=[99]), "hostIds"),
    ],
)
async def test_a_wrong_reservation_changes_nothing(api: Asking, wrong: dict[str, Any], field: str) -> None:
    """Neither store, even where everything else was to be replaced."""
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    with pytest.raises(WorldRefusedError, match=f"reservations, uid r, {field}"):
        await load(api, "replace", wrong, eventTypes=[e for e in WORLD["eventTypes"] if e["id"] in {10, 24}])
    assert (await shown(api, uid))["slotStart"] == "2050-09-05T10:00:00.000Z"
    assert (await api.slots(eventTypeId=20)).status == 200


async def test_one_that_holds_nobody_is_refused(api: Asking) -> None:
    nobody = {"id": 28, "slug": "nobody", "teamId": 50, "schedulingType": "roundRobin", "lengthInMinutes": 60}
    with pytest.raises(WorldRefusedError, match="reservations, uid r, hostIds: nobody is held"):
        await load(api, "merge", reservation("r", eventTypeId=28), eventTypes=[nobody])
    assert (await api.slots(eventTypeId=28)).status == 404


async def test_a_uid_that_is_held_already_is_refused(api: Asking) -> None:
    await load(api, "merge", reservation("r1"))
    with pytest.raises(WorldRefusedError, match="reservations, uid r1, uid: is there already"):
        await load(api, "merge", reservation("r1", "12:00"))
    assert "12:00" in await api.starts(10)


async def test_replacing_ends_what_was_held(api: Asking) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    await load(api, "replace")
    assert await shown(api, uid) is None
    assert "10:00" in await api.starts(10)


async def test_many_reservations(api: Asking) -> None:
    """More than one batch; each its own day's nine o'clock."""
    many = [
        reservation(f"r{n}", slotStart=f"20{51 + n // 300}-01-01T{n % 24:02d}:00:00Z", hostIds=[1 + n % 5])
        | {"slotEnd": f"20{51 + n // 300}-01-01T{n % 24:02d}:30:00Z"}
        for n in range(1_200)
    ]
    loaded = await load(api, "replace", *many)
    assert len(loaded.holds.live) == 1_200
    assert await shown(api, "r1199") is not None
