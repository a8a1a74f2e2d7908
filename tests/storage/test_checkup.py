"""`doctor` and `holds` on real servers: what they find, what they say to do, and how they exit."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from app.__main__ import main
from tests import engines
from tests.commands import commands_of

HOLD = {
    "uid": "6d45afbf-e478-93e9-fedd-2ebf8ed8514f",
    "eventTypeId": 1,
    "slotStart": "2090-03-06T10:00:00Z",
    "slotEnd": "2090-03-06T10:30:00Z",
    "reservationUntil": "2090-03-01T00:00:00Z",
}


def run(database_url: str, redis_url: str, *arguments: str, **more: str) -> Result:
    """Run a command; it runs an event loop of its own, so in a thread."""
    variables = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, **more}
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(CliRunner().invoke, main, arguments, env=variables).result()


def doctor(database_url: str, redis_url: str, **more: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Return the exit status and, of each check, the verdict and the advice."""
    done = run(database_url, redis_url, "doctor", "--json", **more)
    told = json.loads(done.stdout)
    assert (told["status"] == "wrong") == (done.exit_code == 1)
    return done.exit_code, {one["check"]: (one["verdict"], one["advice"]) for one in told["checks"]}


@pytest.fixture
def redis_url(redis7: engines.Server) -> str:
    redis7.ask("FLUSHALL")
    return f"redis://{redis7.address}"


def test_what_is_well_is_called_so_and_what_is_lost_is_a_warning(database_url: str, redis_url: str) -> None:
    status, found = doctor(database_url, redis_url)
    assert status == 0
    verdicts = {check: verdict for check, (verdict, _) in found.items()}
    # The tests' Redis writes nothing down.
    assert verdicts.pop("redis persistence") == "warning"
    assert set(verdicts.values()) == {"ok"}
    assert {"settings", "postgres", "btree_gist", "migrations", "listen", "redis", "redis clock"} <= set(verdicts)


def test_a_schema_that_is_missing_is_not_made(empty_database_url: str, redis_url: str) -> None:
    for _ in range(2):
        status, found = doctor(empty_database_url, redis_url)
        assert status == 0
        verdict, advice = found["migrations"]
        assert verdict == "warning"
        assert "migrate" in advice


def test_a_redis_that_evicts_is_wrong(database_url: str, redis7: engines.Server, redis_url: str) -> None:
    redis7.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    try:
        status, found = doctor(database_url, redis_url)
    finally:
        redis7.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert status == 1
    assert found["redis eviction"] == ("wrong", "Set maxmemory-policy to noeviction.")


def test_stores_that_are_away_are_both_named(unused_tcp_port: int) -> None:
    status, found = doctor(f"postgresql://x@127.0.0.1:{unused_tcp_port}/x", f"redis://127.0.0.1:{unused_tcp_port}")
    assert status == 1
    assert {check: verdict for check, (verdict, _) in found.items()} == {
        "settings": "ok",
        "postgres": "wrong",
        "redis": "wrong",
    }
    assert "DATABASE_URL" in found["postgres"][1]
    assert "REDIS_URL" in found["redis"][1]


def test_the_wrong_database_to_listen_at_is_found(database_url: str, empty_database_url: str, redis_url: str) -> None:
    """As behind a pooler: LISTEN works there, and hears nothing."""
    _, found = doctor(database_url, redis_url, HOLDFAST_LISTEN_URL=empty_database_url, HOLDFAST_STORE_DEADLINE_S="1")
    verdict, advice = found["listen"]
    assert verdict == "warning"
    assert "HOLDFAST_LISTEN_URL" in advice


def test_a_wrong_setting_is_a_finding_without_its_value(database_url: str, redis_url: str) -> None:
    status, found = doctor(database_url, redis_url, HOLDFAST_PORT="secret")
    assert (status, found["settings"][0]) == (1, "wrong")
    done = run(database_url, redis_url, "doctor", HOLDFAST_PORT="secret")
    assert "HOLDFAST_PORT" in done.output
    assert "secret" not in done.output


def test_trusting_everybody_is_warned_of(database_url: str, redis_url: str) -> None:
    assert doctor(database_url, redis_url, HOLDFAST_TRUSTED_PROXIES="0.0.0.0/0")[1]["settings"][0] == "warning"


def test_holds_are_listed_and_released(database_url: str, redis_url: str, tmp_path: Path) -> None:
    world = tmp_path / "world.json"
    later = {"slotStart": "2090-03-06T12:00:00Z", "slotEnd": "2090-03-06T12:30:00Z"}
    other = {**HOLD, **later, "uid": "aa45afbf-e478-93e9-fedd-2ebf8ed8514f"}
    people = [{"id": 1, "username": "a", "email": "a@example.com", "timeZone": "UTC"}]
    types = [{"id": 1, "slug": "x", "ownerId": 1, "lengthInMinutes": 30}]
    world.write_text(json.dumps({"users": people, "eventTypes": types, "reservations": [HOLD, other]}))

    def listed(*options: str) -> list[dict[str, object]]:
        done = run(database_url, redis_url, "holds", "list", "--json", *options)
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    loaded = run(database_url, redis_url, "load", "--replace", str(world))
    assert loaded.exit_code == 0, loaded.output
    assert {one["reservationUid"] for one in listed()} == {HOLD["uid"], other["uid"]}
    assert len(listed("--host", "1", "--event-type", "1")) == 2
    assert len(listed("--most", "1")) == 1
    assert listed("--host", "2") == listed("--event-type", "2") == []

    release = ("holds", "release", str(HOLD["uid"]))
    assert run(database_url, redis_url, *release).exit_code == 0
    assert [one["slotStart"] for one in listed()] == ["2090-03-06T12:00:00.000Z"]
    assert run(database_url, redis_url, *release).exit_code == 1


def commands(group: click.Group) -> list[click.Command]:
    found: list[click.Command] = [group]
    for command in commands_of(group).values():
        found += commands(command) if isinstance(command, click.Group) else [command]
    return found


@pytest.mark.parametrize("command", commands(main), ids=lambda command: command.name)
def test_the_help_of_each_command_ends_with_examples(command: click.Command) -> None:
    assert "python -m app" in str(command.epilog)
