"""Every golden world is answered as it should be, or refused by name where it needs rules that are not there yet."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.application import answers
from app.storage.world_files.reading import world_of

DATA = Path(__file__).parent / "data"
PLAIN, OURS = "plain-public.ndjson.gz", "ours-public.ndjson"
LEAST_SHARE_OF_PLAIN = 0.6
_STATUS = {"BadRequestException": 400, "UnauthorizedException": 401, "NotFoundException": 404}
_NOT_THERE_YET = ("bookingWindow", "bookingLimitsCount", "bookingLimitsDuration")

Json = dict[str, Any]


def golden_worlds(name: str) -> Iterator[Json]:
    """Read a golden file: objects of a `world` and the `answers` to its queries."""
    opened = gzip.open if name.endswith(".gz") else open
    with opened(DATA / name, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def is_equal(golden: Json, got: Json) -> bool:
    """Say whether an answer has the same days, slots and fields in the same order, or the same error."""
    if "error" in golden:
        return "error" in got and _STATUS.get(got["error"]["code"]) == golden["error"]["status"]
    return "data" in got and list(got["data"].items()) == list(golden["data"].items())


def is_refused_rightly(world: Json, query: Json, got: Json) -> bool:
    """Say whether an answer is a refusal, and names something that is not there yet and that the question needs."""
    if got.get("error", {}).get("code") != "NotImplementedException":
        return False
    return any(f"uses {need}." in got["error"]["message"] for need in _needs(world, query))


def _needs(world: Json, query: Json) -> set[str]:
    """Return what the event types that a query may mean need of rules 9 and 10."""
    event_types = {event_type["id"]: event_type for event_type in world["eventTypes"]}
    teams = {team["id"]: team for team in world.get("teams", [])}
    needs = set()
    for event_type in event_types.values():
        if query.get("eventTypeId") == event_type["id"] or query.get("eventTypeSlug") == event_type["slug"]:
            needs |= {field for field in _NOT_THERE_YET if event_type.get(field)}
            parent = event_types.get(event_type.get("parentId"), event_type)
            if teams.get(parent.get("teamId"), {}).get("bookingLimitsCount"):
                needs.add("the team's bookingLimitsCount")
    return needs


async def judged(name: str) -> tuple[list[bool], list[str]]:
    """Answer a golden file: say of each question whether the answer is equal, and describe what is wrong."""
    equal: list[bool] = []
    wrong: list[str] = []
    for line, item in enumerate(golden_worlds(name), 1):
        world, queries = item["world"], item["world"]["queries"]
        for query, golden, got in zip(queries, item["answers"], await answers(world_of(world)), strict=True):
            equal.append(is_equal(golden, got))
            if not equal[-1] and not is_refused_rightly(world, query, got):
                wrong.append(
                    f"{name}, line {line}, now {world['now']}: {json.dumps(query)}\n{_difference(golden, got)}"
                )
    return equal, wrong


def _difference(golden: Json, got: Json) -> str:
    if "data" not in golden or "data" not in got:
        return f"  expected {json.dumps(golden)[:500]}\n  got      {json.dumps(got)[:500]}"
    days = dict.fromkeys([*golden["data"], *got["data"]])
    differing = [day for day in days if golden["data"].get(day) != got["data"].get(day)]
    if not differing:
        return f"  the days are in another order: {list(got['data'])}"
    day = differing[0]
    expected, found = golden["data"].get(day, []), got["data"].get(day, [])
    missing = [slot for slot in expected if slot not in found]
    excess = [slot for slot in found if slot not in expected]
    return f"  {len(differing)} days differ, first {day}: missing {missing}, too many {excess}"


@pytest.mark.parametrize("name", [PLAIN, OURS])
async def test_every_answer_is_the_golden_one_or_refused_by_name(name: str) -> None:
    _, wrong = await judged(name)
    assert not wrong, f"{len(wrong)} answers are wrong; the first:\n{wrong[0]}"


async def test_most_questions_where_we_agree_with_the_peer_are_answered() -> None:
    equal, _ = await judged(PLAIN)
    assert sum(equal) >= LEAST_SHARE_OF_PLAIN * len(equal)


@pytest.mark.parametrize(
    ("golden", "got"),
    [
        pytest.param({"data": {}}, {"data": {"2050-09-05": []}}, id="a day too many"),
        pytest.param({"data": {"a": [1], "b": [2]}}, {"data": {"b": [2], "a": [1]}}, id="days in another order"),
        pytest.param({"data": {"a": [1, 2]}}, {"data": {"a": [2, 1]}}, id="slots in another order"),
        pytest.param({"data": {}}, {"error": {"code": "NotFoundException"}}, id="an error for an answer"),
        pytest.param({"error": {"status": 404}}, {"error": {"code": "BadRequestException"}}, id="another error"),
    ],
)
def test_the_judge_sees_differences(golden: Json, got: Json) -> None:
    assert not is_equal(golden, got)
