"""`Idempotency-Key` on POSTs."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector
from redis.asyncio import Redis
from typing_extensions import override

from app.domain.reservation import Claim, Claimed, KeptReservation
from app.domain.time_ranges import Instant
from app.services.errors import StoreUnavailableError
from app.storage.holds.redis_holds import RedisHolds
from scripts.races.servers import free_ports
from tests.api.asking import Answer, Asking
from tests.api.pods import dying_pod, end_leases, pod, pod_with

RESERVATIONS = "/v2/slots/reservations"
OLDER = "/v2/slots/reserve"


def wanted(start: str = "10:00", event_type_id: int = 10, **more: Any) -> dict[str, Any]:
    return {"eventTypeId": event_type_id, "slotStart": f"2050-09-05T{start}:00.000Z", **more}


def older(start: str = "10:00", end: str = "11:00", **more: Any) -> dict[str, Any]:
    day = "2050-09-05T"
    return {"eventTypeId": 10, "slotUtcStartDate": f"{day}{start}:00Z", "slotUtcEndDate": f"{day}{end}:00Z", **more}


async def post(api: Asking, key: str, body: object = None, path: str = RESERVATIONS, **more: Any) -> Answer:
    headers = {"Idempotency-Key": key, **more.pop("headers", {})}
    return await api.ask("POST", path, json=wanted() if body is None else body, headers=headers, **more)


async def live(api: Asking, uid: str) -> Any:
    return (await api.ask("GET", f"{RESERVATIONS}/{uid}")).data


async def holds_of_ana(redis: Redis) -> int:
    return len(await redis.keys("hf:{h:1}:hold:*"))


# Replays -----------------------------------------------------------------------------------------------------------


async def test_the_same_request_gets_the_same_answer_and_keeps_nothing_more(api: Asking, redis: Redis) -> None:
    first = await post(api, "one")
    again = await post(api, "one")
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert await holds_of_ana(redis) == 1


async def test_the_answer_stays_when_the_reservation_is_gone(api: Asking) -> None:
    """It says what came of the request; what has become of it since is asked with GET."""
    first = await post(api, "one")
    await api.ask("DELETE", f"{RESERVATIONS}/{first.data['reservationUid']}")
    assert (await post(api, "one")).body == first.body
    assert "10:00" in await api.starts(10)


async def test_without_a_key_nothing_is_remembered(api: Asking, redis: Redis) -> None:
    assert (await api.reserve(10, "10:00")).status == 201
    assert (await api.reserve(10, "10:00")).status == 422
    assert await redis.keys("hf:{i:*") == []


async def test_another_key_is_another_request(api: Asking) -> None:
    assert (await post(api, "one")).status == 201
    assert (await post(api, "two")).status == 422


async def test_another_body_is_refused(api: Asking, redis: Redis) -> None:
    await post(api, "one")
    refused = await post(api, "one", wanted("12:00"))
    assert (refused.status, refused.body["error"]["code"]) == (422, "UnprocessableEntityException")
    assert "Idempotency-Key" in refused.message
    assert "new key" in refused.message
    assert await holds_of_ana(redis) == 1


async def test_a_refusal_is_not_remembered(api: Asking) -> None:
    """Neither is the body: who is refused may ask for something else with the same key."""
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    assert (await post(api, "one")).status == 422
    assert (await post(api, "one", wanted(event_type_id=999))).status == 404
    await api.ask("DELETE", f"{RESERVATIONS}/{uid}")
    made = await post(api, "one")
    assert (made.status, "Idempotency-Replayed" in made.headers) == (201, False)


async def test_a_body_that_is_none_is_told_first(api: Asking) -> None:
    await post(api, "one")
    assert (await post(api, "one", {"slotStart": 7})).status == 400


@pytest.mark.parametrize(("key", "status"), [("", 400), (" ", 400), ("k", 201), ("k" * 255, 201), ("k" * 256, 400)])
async def test_the_length_of_a_key(api: Asking, key: str, status: int) -> None:
    answer = await post(api, key)
    assert answer.status == status
    if status == 400:
        assert "1 to 255" in answer.message


async def test_a_key_of_odd_characters(api: Asking) -> None:
    """Headers are bytes; these are no UTF-8."""
    reader, writer = await asyncio.open_connection(api.client.host, api.client.port)
    body = b'{"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z"}'
    writer.write(
        b"POST /v2/slots/reservations HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: \xff\xfe\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    assert (await reader.readline()).split()[1] == b"201"
    writer.close()


# Whose key ---------------------------------------------------------------------------------------------------------


async def test_callers_do_not_share_keys(api: Asking) -> None:
    tokens = [None, "cal_key_of_ana", "cal_key_of_ben"]
    answers = [await post(api, "one", wanted(f"1{hour}:00"), token=token) for hour, token in enumerate(tokens)]
    oauth = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
    answers.append(await post(api, "one", wanted("13:00"), headers=oauth))
    assert [answer.status for answer in answers] == [201] * 4
    assert len({answer.data["reservationUid"] for answer in answers}) == 4


async def test_a_callers_credentials_share_keys(api: Asking) -> None:
    first = await post(api, "one", token="cal_key_of_ana")
    oauth = {"x-cal-client-id": "client-of-ana", "x-cal-secret-key": "secret-of-ana"}
    assert (await post(api, "one", headers=oauth)).body == first.body


async def test_strangers_are_told_apart_by_their_address(api: Asking) -> None:
    await post(api, "one")
    url = f"http://127.0.0.1:{api.client.port}{RESERVATIONS}"
    async with (
        ClientSession(connector=TCPConnector(local_addr=("127.0.0.2", 0))) as elsewhere,
        elsewhere.post(url, json=wanted("12:00"), headers={"Idempotency-Key": "one"}) as answer,
    ):
        assert answer.status == 201


async def test_strangers_use_so_many_keys_in_a_day(api: Asking, redis: Redis) -> None:
    async with pod(api.settings.model_copy(update={"idempotency_keys_per_client": 2}), api.urls) as bounded:
        first = await post(bounded, "one")
        assert first.status == 201
        assert (await post(bounded, "two")).status == 422
        refused = await post(bounded, "three", wanted("12:00"))
        assert (refused.status, refused.headers["RateLimit-Limit"], refused.headers["RateLimit-Remaining"]) == (
            429,
            "2",
            "0",
        )
        assert 86_000 < int(refused.headers["Retry-After"]) <= 86_400
        assert "at most 2 a day" in refused.message
        assert await holds_of_ana(redis) == 1
        assert len(await redis.keys("hf:{i:*")) == 1
        # What was answered is answered again; without a key, or with credentials, nothing is counted.
        assert (await post(bounded, "one")).body == first.body
        assert (await bounded.reserve(10, "12:00")).status == 201
        assert (await post(bounded, "three", wanted("14:00"), token="cal_key_of_ana")).status == 201


async def test_bookings_count_too(api: Asking) -> None:
    async with pod(api.settings.model_copy(update={"idempotency_keys_per_client": 1}), api.urls) as bounded:
        body = {
            "eventTypeId": 10,
            "start": "2050-09-05T10:00:00Z",
            "attendee": {"name": "M", "email": "m@example.org", "timeZone": "UTC"},
        }
        booked = await post(bounded, "one", body, "/v2/bookings")
        assert booked.status == 201
        move = {"start": "2050-09-05T12:00:00Z"}
        path = f"/v2/bookings/{booked.data['uid']}/reschedule"
        assert (await post(bounded, "two", move, path)).status == 429
        assert (await post(bounded, "one", body, "/v2/bookings")).body == booked.body


@pytest.mark.parametrize("path", ["/v2/slots/reservations/", "/api/v2/slots/reservations"])
async def test_spellings_of_a_path_share_keys(api: Asking, path: str) -> None:
    first = await post(api, "one")
    assert (await post(api, "one", path=path)).body == first.body


async def test_paths_do_not_share_keys(api: Asking) -> None:
    assert (await post(api, "one")).status == 201
    assert (await post(api, "one", older("12:00", "13:00"), OLDER)).status == 201


async def test_only_posts_have_keys(api: Asking) -> None:
    uid = (await post(api, "one")).data["reservationUid"]
    for start in ("11:00", "12:00"):
        body, headers = wanted(start), {"Idempotency-Key": "one"}
        moved = await api.ask("PATCH", f"{RESERVATIONS}/{uid}", json=body, headers=headers)
        assert moved.data["slotStart"] == body["slotStart"]


# The older version ---------------------------------------------------------------------------------------------------


async def test_the_older_version_replays_its_cookie_too(api: Asking, redis: Redis) -> None:
    first = await post(api, "one", older(), OLDER)
    api.client.session.cookie_jar.clear()
    again = await post(api, "one", older(), OLDER)
    assert again.body == first.body
    assert f"uid={first.data}" in again.headers["Set-Cookie"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await holds_of_ana(redis) == 1


async def test_the_older_versions_move_is_done_once(api: Asking) -> None:
    uid = (await post(api, "one", older(), OLDER)).data
    cookie = {"Cookie": f"uid={uid}"}
    for _ in range(2):
        assert (await post(api, "two", older("12:00", "13:00"), OLDER, headers=cookie)).data == uid
    assert "12:00" not in await api.starts(10)


async def test_a_dry_run_is_not_remembered(api: Asking, redis: Redis) -> None:
    for _ in range(2):
        answer = await post(api, "one", older(_isDryRun=True), OLDER)
        assert (answer.status, "Idempotency-Replayed" in answer.headers) == (201, False)
    assert await redis.keys("hf:{i:*") == []


# Other origins -------------------------------------------------------------------------------------------------------


async def test_a_page_may_send_a_key_and_read_that_an_answer_is_replayed(api: Asking) -> None:
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    async with api.client.options(RESERVATIONS, headers=headers) as answer:
        assert "idempotency-key" in answer.headers["Access-Control-Allow-Headers"]
    await post(api, "one")
    exposed = (await post(api, "one")).headers["Access-Control-Expose-Headers"]
    assert "Idempotency-Replayed" in exposed


# Many at once ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type_id", [10, 12, 21])
async def test_of_many_at_once_with_one_key_one_is_made(api: Asking, redis: Redis, event_type_id: int) -> None:
    """Of a class with seats, and a team with two hosts, a second one would find room."""
    body = wanted(event_type_id=event_type_id)
    answers = await asyncio.gather(*(post(api, "one", body) for _ in range(20)))
    made = [answer for answer in answers if answer.status == 201]
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.data["reservationUid"] for answer in made}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in made) == 1
    for answer in answers:
        if answer.status == 409:
            assert answer.body["error"]["code"] == "ConflictException"
            assert "still under way" in answer.message
            assert answer.headers["Retry-After"] == "2"
    assert (await post(api, "one", body)).body == made[0].body
    assert len(await redis.keys("hf:{h:*}:hold:*")) == 1


# Pods that die ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "path"), [(wanted(), RESERVATIONS), (older(), OLDER)])
async def test_a_reservation_that_was_kept_and_not_recorded_is_found_again(
    api: Asking, dying: Asking, redis: Redis, body: dict[str, Any], path: str
) -> None:
    first = await post(dying, "one", body, path)
    assert first.status == 201
    assert (await post(api, "one", body, path)).status == 409
    await end_leases(redis)
    again = await post(api, "one", body, path)
    assert (again.status, again.body) == (201, first.body)
    assert await holds_of_ana(redis) == 1
    assert (await post(api, "one", body, path)).headers["Idempotency-Replayed"] == "true"


async def test_its_duration_is_told_as_it_was(api: Asking, dying: Asking, redis: Redis) -> None:
    body = wanted(reservationDuration=30)
    first = await post(dying, "one", body, token="cal_key_of_ana")
    await end_leases(redis)
    assert (await post(api, "one", body, token="cal_key_of_ana")).body == first.body


async def test_nothing_was_kept_so_it_is_kept_now(api: Asking, dying: Asking, redis: Redis) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    assert (await post(dying, "one")).status == 422
    await api.ask("DELETE", f"{RESERVATIONS}/{uid}")
    assert (await post(api, "one")).status == 409
    await end_leases(redis)
    made = await post(api, "one")
    assert (made.status, "Idempotency-Replayed" in made.headers) == (201, False)
    assert await holds_of_ana(redis) == 1


async def test_a_uid_that_leads_nowhere_is_used_again(api: Asking, dying: Asking, redis: Redis) -> None:
    """The pod died after it had pointed the uid to its claim, and before it confirmed that; the claim has lapsed."""
    uid = (await post(dying, "one")).data["reservationUid"]
    await redis.delete(*await redis.keys("hf:{h:1}:hold:*"))
    await end_leases(redis)
    made = await post(api, "one")
    assert made.data["reservationUid"] == uid
    assert (await live(api, uid))["reservationUid"] == uid


@pytest.mark.parametrize("was_kept", [True, False])
async def test_of_many_who_take_over_one_does(api: Asking, dying: Asking, redis: Redis, *, was_kept: bool) -> None:
    """Ana or Ben could be given, so that two would not get into each other's way."""
    body = wanted(event_type_id=21)
    uid = (await post(dying, "one", body)).data["reservationUid"]
    if not was_kept:
        await api.ask("DELETE", f"{RESERVATIONS}/{uid}")
    await end_leases(redis)
    answers = await asyncio.gather(*(post(api, "one", body) for _ in range(20)))
    made = [answer for answer in answers if answer.status == 201]
    assert {answer.status for answer in answers} <= {201, 409}
    assert {answer.data["reservationUid"] for answer in made} == {uid}
    assert sum("Idempotency-Replayed" not in answer.headers for answer in made) == 1
    assert len(await redis.keys("hf:{h:*}:hold:*")) == 1


class OvertakenHolds(RedisHolds):
    """Those of a pod that stands still while it keeps something, for so long that another takes over and keeps it."""

    @override
    async def keep(self, claim: Claim, until: Instant) -> bool:
        await self.end(claim.reservation_uid)
        await self.release(claim)
        again = await self.claim(replace(claim, id="again"), None)
        assert isinstance(again, Claimed)
        assert await super().keep(again.claim, until)
        raise StoreUnavailableError("redis")


async def test_a_pod_that_comes_back_too_late_undoes_nothing_of_the_next_try(api: Asking, redis: Redis) -> None:
    async with pod_with(api.settings, api.urls, OvertakenHolds) as overtaken:
        assert (await post(overtaken, "one")).status == 503
    [locator] = [key async for key in redis.scan_iter("hf:reservation:*")]
    assert (await live(api, locator.decode().removeprefix("hf:reservation:")))[
        "slotStart"
    ] == "2050-09-05T10:00:00.000Z"


async def post_batch(api: Asking) -> Answer:
    """Ask for two of Ana's slots together."""
    return await post(api, "one", {"items": [wanted(), wanted("12:00")]}, f"{RESERVATIONS}/batch")


async def post_one(api: Asking) -> Answer:
    return await post(api, "one")


def uids(answer: Answer) -> list[str]:
    """Of what was reserved, alone or together."""
    kept = [one["data"] for one in answer.data["items"]] if "items" in answer.data else [answer.data]
    return [one["reservationUid"] for one in kept]


@pytest.mark.parametrize(("ask", "number"), [(post_one, 1), (post_batch, 2)])
@pytest.mark.parametrize("was_kept", [True, False])
async def test_what_the_next_try_was_told_stands_whatever_a_late_one_undoes(
    api: Asking, redis: Redis, ask: Callable[[Asking], Coroutine[Any, Any, Answer]], number: int, *, was_kept: bool
) -> None:
    """A pod stands still before or after it has kept what was asked for, and takes it for failed when it goes on."""
    stands_still, goes_on = asyncio.Event(), asyncio.Event()

    class LateHolds(RedisHolds):
        """Those of that pod: it stops at the last of what it keeps, or at the first one."""

        kept = 0

        @override
        async def keep(self, claim: Claim, until: Instant) -> bool:
            self.kept += 1
            if was_kept:
                assert await super().keep(claim, until)
            if self.kept == number or not was_kept:
                stands_still.set()
                await goes_on.wait()
                raise StoreUnavailableError("redis")
            return True

    async with pod_with(api.settings, api.urls, LateHolds) as late:
        too_late = asyncio.create_task(ask(late))
        await stands_still.wait()
        if not was_kept:
            # It stands still for longer than a claim does.
            await redis.delete(*await redis.keys("hf:{h:1}:hold:*"))
        await end_leases(redis)
        made = await ask(api)
        assert made.status == 201, made.body
        goes_on.set()
        assert (await too_late).status == 503
    for uid in uids(made):
        assert (await live(api, uid))["reservationUid"] == uid
    assert await holds_of_ana(redis) == len(uids(made)) == number


class GoingHolds(RedisHolds):
    """Goes away once, at some step of taking over what an earlier try kept."""

    is_away = True

    def go_away_once(self) -> None:
        if self.is_away:
            self.is_away = False
            raise StoreUnavailableError("redis")


class CutOffHolds(GoingHolds):
    """Before it has moved anything."""

    @override
    async def move(self, kept: KeptReservation, claim: Claim, until: Instant) -> bool:
        self.go_away_once()
        return await super().move(kept, claim, until)


class CutOffLateHolds(GoingHolds):
    """When it has confirmed the new claim, and is to leave the quotas of the old one."""

    @override
    async def _leave_quotas(self, claim: Claim) -> None:
        self.go_away_once()
        await super()._leave_quotas(claim)


@pytest.mark.parametrize("cut_off", [CutOffHolds, CutOffLateHolds])
async def test_what_a_take_over_left_in_the_way_refuses_nothing_that_is_kept(
    api: Asking, redis: Redis, cut_off: type[RedisHolds]
) -> None:
    settings = api.settings.model_copy(update={"holds_per_client": 1, "holds_per_event_type": 0})
    async with dying_pod(settings, api.urls) as dying:
        uid = (await post(dying, "one")).data["reservationUid"]
    await end_leases(redis)
    async with pod_with(settings, api.urls, cut_off) as taking_over:
        assert (await post(taking_over, "one")).status == 503
        made = await post(taking_over, "one")
    assert (made.status, made.data["reservationUid"]) == (201, uid), made.body
    assert (await live(api, uid))["reservationUid"] == uid


async def test_what_is_taken_over_is_one_reservation_for_quotas_too(api: Asking, dying: Asking, redis: Redis) -> None:
    until = (await post(dying, "one")).data["reservationUntil"]
    await end_leases(redis)
    made = await post(api, "one")
    assert (await live(api, made.data["reservationUid"]))["reservationUntil"] == until
    assert [await redis.zcard(key) for key in await redis.keys("hf:{q:*}*")] == [1]


# Stores that are away -----------------------------------------------------------------------------------------------


@pytest.fixture
def nowhere() -> str:
    """An address where nobody listens."""
    return f"127.0.0.1:{free_ports(1)[0]}"


async def test_redis_away(api: Asking, nowhere: str) -> None:
    async with pod(api.settings, replace(api.urls, redis=f"redis://{nowhere}")) as without:
        answer = await post(without, "one")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert (await post(api, "one")).status == 201


async def test_postgresql_away(api: Asking, nowhere: str) -> None:
    """The key is given up with the request, so that the next try need not wait for a lease to end."""
    async with pod(api.settings, replace(api.urls, database=f"postgresql://postgres@{nowhere}/x")) as without:
        assert (await post(without, "one")).status == 503
    made = await post(api, "one")
    assert (made.status, "Idempotency-Replayed" in made.headers) == (201, False)
