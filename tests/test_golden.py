"""Every golden world is answered as it should be."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.application.offline import answers
from app.storage.world_files.reading import world_of

DATA = Path(__file__).parent / "data"
PLAIN, OURS = "plain-public.ndjson.gz", "ours-public.ndjson"
_STATUS = {"BadRequestException": 400, "UnauthorizedException": 401, "NotFoundException": 404}

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


async def wrong_answers(name: str) -> list[str]:
    """Answer a golden file and describe what is wrong."""
    wrong: list[str] = []
    for line, item in enumerate(golden_worlds(name), 1):
        world, queries = item["world"], item["world"]["queries"]
        for query, golden, got in zip(queries, item["answers"], await answers(world_of(world)), strict=True):
            if not is_equal(golden, got):
                question = f"{name}, line {line}, now {world['now']}: {json.dumps(query)}"
                wrong.append(f"{question}\n{_difference(golden, got)}")
    return wrong


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
async def test_every_answer_is_the_golden_one(name: str) -> None:
    wrong = await wrong_answers(name)
    assert not wrong, f"{len(wrong)} answers are wrong; the first:\n{wrong[0]}"


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
