"""`POST /v2/slots/reservations/batch`."""

import asyncio
from time import monotonic
from typing import Any

import pytest
from redis.asyncio import Redis
from typing_extensions import override

from app.domain.reservation import Claim, Claimed, Contended, Held, KeptReservation, QuotaFull
from app.domain.time_ranges import Instant
from app.services import keep_batch
from app.services.errors import StoreUnavailableError
from app.storage.holds.redis_holds import RedisHolds
from tests.api.asking import Answer, Asking
from tests.api.pods import end_leases, pod_with

BATCH = "/v2/slots/reservations/batch"
BEST_EFFORT = {"mode": "best-effort"}
RESERVED = "This time slot is already reserved by another user. Please choose a different time."
AT_ONCE_S = 1.0
"""Less than a request waits for somebody else's unfinished claim."""


def item(start: str, event_type_id: int = 10, **more: Any) -> dict[str, Any]:
    return {"eventTypeId": event_type_id, "slotStart": f"2050-09-05T{start}:00.000Z", **more}


async def post(api: Asking, *items: object, token: str | None = None, key: str | None = None, **more: Any) -> Answer:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await api.ask("POST", BATCH, json={"items": items, **more}, token=token, headers=headers)


async def post_quickly(api: Asking, *items: object, **more: Any) -> Answer:
    started = monotonic()
    answer = await post(api, *items, **more)
    assert monotonic() - started < AT_ONCE_S
    return answer


def made(answer: Answer) -> list[Any]:
    """The reservations of a batch that was kept whole."""
    items = answer.data["items"]
    assert all(one.keys() == {"status", "data"} and one["status"] == "success" for one in items), items
    return [one["data"] for one in items]


def fates(answer: Answer) -> list[str | int]:
    """What became of each item, or would have: "success", or the status of its refusal."""
    items = answer.body["data"]["items"] if answer.status < 300 else answer.body["error"]["details"]["items"]
    return [one["status"] if one["status"] == "success" else _status(one["error"]) for one in items]


def _status(error: dict[str, Any]) -> int:
    return 400 if "errors" in error["details"] else int(error["details"]["statusCode"])


async def holds(redis: Redis) -> int:
    """How many hosts' time is held or claimed, counted by hold."""
    return len(await redis.keys("hf:{h:*}:hold:*"))


async def hosts(redis: Redis) -> list[str]:
    return sorted(str(key)[6:9] for key in await redis.keys("hf:{h:*}:hold:*"))


# All or nothing ----------------------------------------------------------------------------------------------------


async def test_each_item_is_kept_and_answered_as_a_post_is(api: Asking) -> None:
    answer = await post(api, item("12:00"), item("10:00"), item("10:00", 13))
    assert answer.status == 201
    reservations = made(answer)
    assert [one["slotStart"][11:16] for one in reservations] == ["12:00", "10:00", "10:00"]
    single = (await api.reserve(10, "14:00")).data
    for one in reservations:
        assert one.keys() == single.keys()
        assert one["reservationDuration"] == 5
        shown = (await api.ask("GET", f"/v2/slots/reservations/{one['reservationUid']}")).data
        assert shown == {key: value for key, value in one.items() if key != "reservationDuration"}
    assert len({one["reservationUid"] for one in reservations}) == 3
    assert not {"10:00", "12:00"} & set(await api.starts(10))


async def test_if_one_is_refused_none_is_kept_and_the_fate_of_each_is_told(api: Asking, redis: Redis) -> None:
    uid = (await api.reserve(10, "12:00")).data["reservationUid"]
    refused = await post(api, item("10:00"), item("12:30"), item("14:00"))
    assert (refused.status, refused.message) == (422, RESERVED)
    assert refused.body["path"] == BATCH
    error = {"message": RESERVED, "error": "Unprocessable Entity", "statusCode": 422}
    assert refused.body["error"]["details"] == {
        **error,
        "items": [
            {"index": 0, "status": "success"},
            {
                "index": 1,
                "status": "error",
                "error": {"code": "UnprocessableEntityException", "message": RESERVED, "details": error},
            },
            {"index": 2, "status": "success"},
        ],
    }
    assert await holds(redis) == 1
    await api.ask("DELETE", f"/v2/slots/reservations/{uid}")
    assert (await post(api, item("10:00"), item("12:30"), item("14:00"))).status == 201


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (item("10:00", 999), 404),
        (item("10:00", 23), 400),
        (item("03:00"), 422),
        (item("10:00", slotDuration=7), 400),
        (item("10:00", slotStart="tomorrow"), 400),
        ({"eventTypeId": 10}, 400),
        ({}, 400),
        ({"usernames": ["ana"], "slotStart": "2050-09-05T10:00:00Z"}, 400),
        (item("10:00", reservationDuration=10), 401),
    ],
)
async def test_the_status_is_that_of_the_refused_item(
    api: Asking, redis: Redis, wrong: dict[str, Any], status: int
) -> None:
    refused = await post(api, item("12:00"), wrong, item("14:00"))
    assert refused.status == status
    assert refused.message
    assert fates(refused) == ["success", status, "success"]
    assert await holds(redis) == 0


async def test_the_first_refusal_in_the_list_gives_the_status(api: Asking) -> None:
    refused = await post(api, item("14:00", 999), item("03:00"))
    assert (refused.status, fates(refused)) == (404, [404, 422])


async def test_ties_count_by_item(api: Asking) -> None:
    longer = item("10:00", reservationDuration=30)
    assert [one["reservationDuration"] for one in made(await post(api, longer, token="cal_key_of_ana"))] == [30]
    elsewhere = item("10:00", 30, reservationDuration=30)
    refused = await post(api, item("12:00", reservationDuration=30), elsewhere, token="cal_key_of_ana")
    assert (refused.status, fates(refused)) == (403, ["success", 403])


async def test_which_host_is_not_free_is_told_to_callers_with_a_tie(api: Asking) -> None:
    await api.reserve(13, "10:00")
    refused = await post(api, item("10:00", 20), token="cal_key_of_ana")
    assert refused.body["error"]["details"]["items"][0]["error"]["details"]["hostIds"] == [2]
    refused = await post(api, item("10:00", 20), token="cal_key_of_dee")
    assert "hostIds" not in refused.body["error"]["details"]["items"][0]["error"]["details"]


# Items that meet ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (item("10:00"), item("10:00")),
        (item("10:00"), item("10:30")),
        (item("10:00"), item("10:45", 11)),
        (item("10:00"), item("10:30", 20)),
        (item("10:00", 13), item("10:45", 13)),
        (item("10:00", 12), item("10:30", 12)),
        (item("10:00"), {"usernames": ["ana", "ben"], "slotStart": "2050-09-05T10:30:00Z"}),
    ],
)
async def test_items_that_overlap_on_a_host_are_refused_at_once(
    api: Asking, redis: Redis, first: dict[str, Any], second: dict[str, Any]
) -> None:
    refused = await post_quickly(api, first, second)
    assert (refused.status, refused.message) == (422, RESERVED)
    assert fates(refused) == ["success", 422]
    assert await holds(redis) == 0


async def test_items_that_only_touch_do_not(api: Asking) -> None:
    assert len(made(await post_quickly(api, item("10:00"), item("11:00"), item("09:00")))) == 3


async def test_items_share_the_seats_of_a_start(api: Asking) -> None:
    full = await post_quickly(api, *[item("10:00", 12)] * 3)
    assert (full.status, fates(full)) == (422, ["success", "success", 422])
    assert "no more seats" in full.message
    assert len(made(await post_quickly(api, *[item("10:00", 12)] * 2))) == 2
    assert (await api.reserve(12, "10:00")).status == 422


async def test_items_count_each_other_for_limits(api: Asking) -> None:
    """One a day, two hours a week."""
    refused = await post_quickly(api, item("10:00", 14), item("13:00", 14))
    assert (refused.status, fates(refused)) == (422, ["success", 422])
    assert "limits" in refused.message
    tuesday, wednesday = (item("", 14, slotStart=f"2050-09-0{day}T10:00:00Z") for day in (6, 7))
    assert fates(await post_quickly(api, item("10:00", 14), tuesday, wednesday)) == ["success", "success", 422]
    assert len(made(await post_quickly(api, item("10:00", 14), tuesday))) == 2


async def test_items_of_a_round_robin_get_different_hosts(api: Asking, redis: Redis) -> None:
    full = await post_quickly(api, *[item("10:00", 21)] * 3)
    assert (full.status, fates(full)) == (422, ["success", "success", 422])
    assert len(made(await post_quickly(api, *[item("10:00", 21)] * 2))) == 2
    assert await hosts(redis) == ["h:1", "h:2"]


async def test_items_count_as_what_a_round_robin_host_was_given(api: Asking, redis: Redis) -> None:
    """As after single requests: Ana, then Ben, whose times do not overlap."""
    assert len(made(await post_quickly(api, item("10:00", 21), item("12:00", 21)))) == 2
    assert await hosts(redis) == ["h:1", "h:2"]


# Best effort -------------------------------------------------------------------------------------------------------


async def test_what_can_be_kept_is_and_the_rest_is_told(api: Asking, redis: Redis) -> None:
    await api.reserve(10, "12:00")
    answer = await post_quickly(
        api, item("10:00"), item("12:00"), item("10:30"), {"eventTypeId": 10}, item("14:00"), **BEST_EFFORT
    )
    assert answer.status == 201
    assert fates(answer) == ["success", 422, 422, 400, "success"]
    items = answer.data["items"]
    assert items[0]["data"].keys() == (await api.reserve(13, "10:00")).data.keys()
    assert items[1].keys() == {"status", "error"}
    assert items[1]["error"] == {
        "code": "UnprocessableEntityException",
        "message": RESERVED,
        "details": {"message": RESERVED, "error": "Unprocessable Entity", "statusCode": 422},
    }
    assert items[3]["error"]["details"]["errors"][0]["property"] == "slotStart"
    assert await holds(redis) == 4


async def test_if_none_can_be_kept_the_first_error_gives_the_status(api: Asking) -> None:
    refused = await post(api, item("10:00", 999), item("03:00"), **BEST_EFFORT)
    assert (refused.status, refused.message) == (404, "Event Type with ID=999 not found")
    assert fates(refused) == [404, 422]


# Bodies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": [item("10:00")] * 21},
        {"items": item("10:00")},
        {"items": ["10:00"]},
        {"items": [None]},
        {"items": [item("10:00")], "mode": "some"},
        {"items": [item("10:00")], "mode": None},
    ],
)
async def test_what_is_no_batch(api: Asking, redis: Redis, body: dict[str, Any]) -> None:
    answer = await api.ask("POST", BATCH, json=body)
    assert (answer.status, answer.message) == (400, "Bad Request Exception")
    assert answer.body["error"]["details"]["errors"][0]["property"].split(".")[0] in {"items", "mode"}
    assert await holds(redis) == 0


async def test_a_batch_may_have_twenty_items(api: Asking) -> None:
    quarters = [f"{hour:02d}:{minute:02d}" for hour in range(7, 12) for minute in (0, 15, 30, 45)]
    assert len(made(await post(api, *[item(start, 11) for start in quarters]))) == 20


# Many at once ------------------------------------------------------------------------------------------------------


async def test_of_many_batches_that_meet_one_is_kept_whole(api: Asking, redis: Redis) -> None:
    """However they list their items: in opposite orders each would claim what the other waits for."""
    starts = ["07:00", "08:00", "09:00", "10:00", "11:00", "12:00"]
    orders = [starts, starts[::-1], starts[3:] + starts[:3]] * 4
    started = monotonic()
    answers = await asyncio.gather(*(post(api, *map(item, order)) for order in orders))
    assert sorted(answer.status for answer in answers) == [201] + [422] * 11
    assert await holds(redis) == 6
    assert monotonic() - started < keep_batch.BATCH_S


async def test_batches_and_single_requests_meet(api: Asking, redis: Redis) -> None:
    batches = [post(api, item("10:00"), item("12:00")) for _ in range(5)]
    answers = await asyncio.gather(*batches, *(api.reserve(10, "12:30") for _ in range(5)))
    assert [answer.status for answer in answers].count(201) == 1
    assert {answer.status for answer in answers} == {201, 422}
    assert await holds(redis) in {1, 2}


# Stores that fail ----------------------------------------------------------------------------------------------------


class FailingHolds(RedisHolds):
    """Cannot tell of the third claim whether it was kept."""

    kept = 0

    @override
    async def keep(self, claim: Claim, until: Instant) -> bool:
        self.kept += 1
        done = await super().keep(claim, until)
        if self.kept == 3:
            raise StoreUnavailableError("redis")
        return done


class LapsingHolds(RedisHolds):
    """Has lost the last claim when it is to be kept."""

    @override
    async def keep(self, claim: Claim, until: Instant) -> bool:
        if claim.start % 86_400_000 == 12 * 3_600_000:
            await self.release(claim)
        return await super().keep(claim, until)


class SlowHolds(RedisHolds):
    """Takes longer than anybody waits for all claims but the first one."""

    claims = 0

    @override
    async def claim(self, claim: Claim, ignoring: KeptReservation | None) -> Claimed | Held | Contended | QuotaFull:
        self.claims += 1
        outcome = await super().claim(claim, ignoring)
        await asyncio.sleep(60 if self.claims > 1 else 0)
        return outcome


class AwayHolds(RedisHolds):
    """Goes away after the first claim."""

    claims = 0

    @override
    async def claim(self, claim: Claim, ignoring: KeptReservation | None) -> Claimed | Held | Contended | QuotaFull:
        self.claims += 1
        if self.claims > 1:
            raise StoreUnavailableError("redis")
        return await super().claim(claim, ignoring)


THREE = [item("10:00"), item("11:00"), item("12:00")]


@pytest.mark.parametrize("failing", [FailingHolds, LapsingHolds])
async def test_if_one_cannot_be_kept_those_before_it_are_ended(
    api: Asking, redis: Redis, failing: type[RedisHolds]
) -> None:
    async with pod_with(api.settings, api.urls, failing) as pod:
        answer = await post(pod, *THREE)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert await holds(redis) == 0
    assert await redis.keys("hf:reservation:*") == []


async def test_a_store_that_goes_away_ends_a_batch_at_once(api: Asking, redis: Redis) -> None:
    """Each further item would wait for it in vain: what would have become of them is not told."""
    async with pod_with(api.settings, api.urls, AwayHolds) as pod:
        answer = await post(pod, *THREE)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert "items" not in answer.body["error"]["details"]
    assert await holds(redis) == 0


async def test_a_batch_that_takes_too_long_is_given_up(
    api: Asking, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_batch, "BATCH_S", 1.0)
    async with pod_with(api.settings, api.urls, SlowHolds) as pod:
        answer = await post(pod, *THREE)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        # What was being claimed as time ran out lapses by itself.
        assert await holds(redis) <= 1
        assert b"c" not in [await redis.getrange(key, 0, 0) for key in await redis.keys("hf:{h:*}:hold:*")]


async def test_what_no_time_is_left_for_is_told_by_item(
    api: Asking, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_batch, "BATCH_S", 1.0)
    async with pod_with(api.settings, api.urls, SlowHolds) as pod:
        answer = await post(pod, *THREE, **BEST_EFFORT)
    assert (answer.status, fates(answer)) == (201, ["success", 503, 503])
    assert len(await redis.keys("hf:reservation:*")) == 1


# Keys of the sender --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["all-or-nothing", "best-effort"])
async def test_a_batch_that_is_sent_again_gets_the_same_answer(api: Asking, redis: Redis, mode: str) -> None:
    batch = [item("10:00", 12), item("10:00", 21)]
    first = await post(api, *batch, key="one", mode=mode)
    assert len(made(first)) == 2
    again = await post(api, *batch, key="one", mode=mode)
    assert (again.body, again.headers["Idempotency-Replayed"]) == (first.body, "true")
    assert (await post(api, item("14:00"), key="one")).status == 422
    assert await holds(redis) == 2


async def test_a_refused_batch_may_be_changed(api: Asking) -> None:
    assert (await post(api, item("10:00"), item("10:00"), key="one")).status == 422
    assert (await post(api, item("10:00"), key="one")).status == 201


@pytest.mark.parametrize("mode", ["all-or-nothing", "best-effort"])
async def test_what_a_dead_pod_kept_of_a_batch_is_found_again(
    api: Asking, dying: Asking, redis: Redis, mode: str
) -> None:
    """It died when it had kept some, before it could keep the last one, and tell of any."""
    batch = [item("10:00"), item("12:00"), item("14:00", 13)]
    first = made(await post(dying, *batch, key="one", mode=mode))
    [lost] = await redis.keys("hf:{h:2}:hold:*")
    await redis.delete(lost)
    assert (await post(api, *batch, key="one", mode=mode)).status == 409
    await end_leases(redis)
    again = made(await post(api, *batch, key="one", mode=mode))
    assert again[:2] == first[:2]
    assert again[2]["reservationUid"] == first[2]["reservationUid"]
    assert await holds(redis) == 3


async def test_a_seat_that_a_dead_pod_kept_counts_once(api: Asking, dying: Asking, redis: Redis) -> None:
    """Of two seats, of which the pod could keep one."""
    batch = [item("10:00", 12)] * 2
    first = made(await post(dying, *batch, key="one"))
    claim = await redis.hget(f"hf:reservation:{first[1]['reservationUid']}", "claim")
    assert isinstance(claim, bytes)
    await redis.delete(*await redis.keys(f"hf:*{claim.decode()}"))
    await end_leases(redis)
    again = made(await post(api, *batch, key="one"))
    assert [one["reservationUid"] for one in again] == [one["reservationUid"] for one in first]
    assert await holds(redis) == 2


async def test_what_a_dead_pod_kept_is_ended_if_the_rest_is_refused(api: Asking, dying: Asking, redis: Redis) -> None:
    batch = [item("10:00"), item("12:00", 13)]
    await post(dying, *batch, key="one")
    await redis.delete(*await redis.keys("hf:{h:2}:hold:*"))
    await api.reserve(13, "12:00")
    await end_leases(redis)
    refused = await post(api, *batch, key="one")
    assert (refused.status, fates(refused)) == (422, ["success", 422])
    assert "10:00" in await api.starts(10)


async def test_of_many_batches_at_once_with_one_key_one_is_made(api: Asking, redis: Redis) -> None:
    batch = [item("10:00", 21), item("12:00", 12)]
    answers = await asyncio.gather(*(post(api, *batch, key="one") for _ in range(20)))
    assert {answer.status for answer in answers} <= {201, 409}
    uids = {one["reservationUid"] for answer in answers if answer.status == 201 for one in made(answer)}
    assert len(uids) == 2
    assert await holds(redis) == 2
