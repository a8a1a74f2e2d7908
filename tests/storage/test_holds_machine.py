"""Whatever is asked of a store of holds, in whatever order: it does what `holds_model.py` says, and keeps its promises.

Time passes as it does: claims lapse within a fifth of a second, reservations sooner still or after minutes, by the
store's own expiry, which a test could only imitate by deleting keys (they end one by one, each when it is looked at,
and an index stays that may lack what it should have). The stores run on this machine, so its clock is theirs. Every
step waits until no end is near, and a step during which the machine was so busy that something ended anyway is not
judged: everything begins anew.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha1
from itertools import combinations
from typing import Any, TypeAlias, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from app.domain.busy import Reservation
from app.domain.event_type import EventType
from app.domain.limits import BookingLimits, Limit, Period
from app.domain.reservation import Claim, Claimed, Contended, Held, KeptReservation, Quota, QuotaFull
from app.domain.time_ranges import MINUTE, Instant, Range
from app.services.errors import StoreUnavailableError
from app.storage.holds import keys, redis_holds, scripts
from app.storage.holds.connection import Client
from app.storage.holds.redis_holds import RedisHolds
from app.storage.holds.scripts import Call, Script
from tests.storage.holds_model import FULL, Entry, Granted, Model, State, Table, Verdict, excludes
from tests.storage.holds_seen import Mortal, seen
from tests.storage.test_redis_holds import CLUSTER, NINE, ONE_SERVER, opened

T = TypeVar("T")

PROVISIONAL_MS = 150
SHORT_MS, LONG_MS = 70, 600_000
NEAR_MS = 30
"""How much time a step has, before anything ends."""
SOON_MS = 1_000
ROUNDING_MS = 2
SEATS = 2
CLIENT, TYPE = Quota("client", 3), Quota("type", 5)
QUOTA_SIZES = {CLIENT.name: CLIENT.most, TYPE.name: TYPE.most}
LIMITED = EventType(id=9, length=30, limits=BookingLimits(count=(Limit(Period.DAY, 9),)))
PLAIN_ID, SEATED_ID = 7, 8
HOSTS = (1, 2, 3)


class Store:
    """A real store, driven from outside any event loop."""

    def __init__(self, client: Client, runner: asyncio.Runner, *, clustered: bool) -> None:
        self.client = client
        self.clustered = clustered
        self.holds = RedisHolds(client, deadline_s=5)
        self.run = runner.run

    def dying(self, commands: int) -> RedisHolds:
        """The holds of a pod that dies after some commands."""
        holds = RedisHolds(self.client, deadline_s=5)
        holds._redis = Mortal(self.client, commands)  # type: ignore[assignment]
        return holds


@pytest.fixture(params=ONE_SERVER + CLUSTER)
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(redis_holds, "PROVISIONAL_MS", PROVISIONAL_MS)
    with asyncio.Runner() as runner:
        opening = opened(request, request.param)
        client = runner.run(_entered(opening))
        yield Store(client, runner, clustered=request.param in CLUSTER)
        runner.run(_left(opening))


async def _entered(opening: Any) -> Client:
    client: Client = await opening.__aenter__()
    return client


async def _left(opening: Any) -> None:
    await opening.__aexit__(None, None, None)


# What is asked -------------------------------------------------------------------------------------------------------


def wanted(
    start: int, length: int, hosts: tuple[int, ...], buffers: tuple[int, int], quotas: tuple[Quota, ...]
) -> Claim:
    return Claim(
        id="",
        reservation_uid="",
        event_type_id=PLAIN_ID,
        host_ids=hosts,
        start=NINE + start * MINUTE,
        end=NINE + (start + length) * MINUTE,
        before_buffer=buffers[0],
        after_buffer=buffers[1],
        quotas=quotas,
    )


TEAMS = st.sampled_from([(1,), (2,), (1, 2), (2, 3), HOSTS])
STARTS = st.sampled_from([0, 15, 30, 45])
QUOTAS = st.sampled_from([(), (), (CLIENT,), (CLIENT, TYPE)])
PLAIN = st.builds(
    wanted, STARTS, st.sampled_from([15, 30, 120]), TEAMS, st.sampled_from([(0, 0), (0, 0), (10, 5)]), QUOTAS
)
SEATED = st.builds(
    wanted, st.sampled_from([0, 0, 0, 15]), st.just(30), st.sampled_from([(1,), (1, 2)]), st.just((0, 0)), QUOTAS
).map(lambda claim: replace(claim, event_type_id=SEATED_ID, seats=SEATS))
COUNTED = st.builds(wanted, STARTS, st.just(15), TEAMS, st.just((0, 0)), QUOTAS).map(
    lambda claim: replace(claim, event_type_id=LIMITED.id, ledgers=LIMITED.ledgers)
)
CLAIMS = PLAIN | SEATED | SEATED | COUNTED
LIVES = st.sampled_from([SHORT_MS, LONG_MS, LONG_MS])
ALWAYS = NINE - 600 * MINUTE, NINE + 600 * MINUTE
AROUND = st.sampled_from([(-600, 600), (0, 15), (25, 30), (140, 141)])
COMMANDS = st.integers(0, 9)
"""After how many a pod dies. Longer operations have some nine, so it may also live."""
WHICH = st.integers(0, 5)
"""Of several, from the beginning again where there are fewer."""


Move: TypeAlias = tuple[KeptReservation | None, Claim]
"""What is moved, or None if it was not there any more, and to what."""


class HoldsMachine(RuleBasedStateMachine):
    """Callers of one store, pods that die, and time.

    What is drawn never depends on what was answered, nor on when: a slower run of the same steps must draw the same.
    So a step may well be about a claim that was refused, or lapsed long ago.
    """

    claimed = Bundle("claimed")
    kept = Bundle("kept")

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._claims = dict[str, Claim]()
        """All there ever were, by id."""
        self._outcomes = dict[str, Claimed]()
        self._asked = dict[str, Claim]()
        """The same as they were asked for: a seat is given with the hosts of those who sit there."""
        self._moved = dict[str, KeptReservation]()
        """What claims were to take the place of, by their ids."""
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._store.run(self._store.holds.clear())
        self._model = Model(clustered=self._store.clustered)

    # Claims and reservations -----------------------------------------------------------------------------------------

    @initialize(target=kept, first=CLAIMS, second=CLAIMS)
    def keep_two(self, first: Claim, second: Claim) -> MultipleResults[str]:
        """Let no example be about nothing."""
        return multiple(self._keep(self._claim_new(first), LONG_MS), self._keep(self._claim_new(second), LONG_MS))

    @rule(target=claimed, claim=CLAIMS)
    def claim(self, claim: Claim) -> Claim:
        return self._claim_new(claim)

    @rule(target=kept, claim=CLAIMS, life_ms=LIVES)
    def reserve(self, claim: Claim, life_ms: int) -> str:
        return self._keep(self._claim_new(claim), life_ms)

    @rule(target=kept, claim=consumes(claimed), life_ms=LIVES)
    def keep(self, claim: Claim, life_ms: int) -> str:
        return self._keep(claim, life_ms)

    @rule(claim=claimed)
    def release(self, claim: Claim) -> None:
        self._judge(lambda holds: _done(holds.release(claim)), lambda _: self._model.release(claim) in {True, False})

    @rule(claim=claimed)
    def undo(self, claim: Claim) -> None:
        self._undo(claim)

    @rule(uid=kept, which=WHICH)
    def undo_what_was_kept(self, uid: str, which: int) -> None:
        """A move may have put another claim in its place by then, which stands."""
        # What became of the claim of a pod that died nobody knows, so nobody undoes it.
        claims = [claim for claim in self._claims_of(uid) if claim.id in self._outcomes]
        if claims:
            self._undo(claims[which % len(claims)])

    @rule(claim=claimed, duration_ms=st.sampled_from([SHORT_MS, 2 * PROVISIONAL_MS]))
    def extend(self, claim: Claim, duration_ms: int) -> None:
        self._extend(claim, duration_ms)

    @rule(uid=kept)
    def end(self, uid: str) -> None:
        self._judge(lambda holds: holds.end(uid), lambda _: self._model.end(uid))

    # Moves -----------------------------------------------------------------------------------------------------------

    @rule(uid=kept, claim=CLAIMS, life_ms=LIVES)
    def move(self, uid: str, claim: Claim, life_ms: int) -> None:
        self._finish_to_move(self._begin_to_move(uid, claim), life_ms)

    @rule(uid=kept, first=CLAIMS, second=CLAIMS, life_ms=LIVES)
    def move_twice_at_once(self, uid: str, first: Claim, second: Claim, life_ms: int) -> None:
        moves = [self._begin_to_move(uid, claim) for claim in (first, second)]
        for move in moves:
            self._finish_to_move(move, life_ms)

    # Looks -----------------------------------------------------------------------------------------------------------

    @rule(uid=kept, hosts=TEAMS, minutes=AROUND)
    def look(self, uid: str, hosts: tuple[int, ...], minutes: tuple[int, int]) -> None:
        around = _around(minutes)
        self._look(uid)
        self._judge(lambda holds: _once(holds.live(hosts, around)), lambda _: self._model.live(hosts, around))
        self._look_at_the_ledger(around, None)

    # Copies of claims that come late ---------------------------------------------------------------------------------

    @rule(target=claimed, claim=CLAIMS, extended=st.booleans(), which=WHICH)
    def claim_that_is_asked_for_again(self, claim: Claim, which: int, *, extended: bool) -> Claim:
        new = self._claim_new(claim)
        if extended:
            self._extend(new, 2 * PROVISIONAL_MS)
        self._copy_comes_late(new, which)
        return new

    @rule(uid=kept, which=WHICH, of_which=WHICH)
    def claim_of_what_was_kept_is_asked_for_again(self, uid: str, which: int, of_which: int) -> None:
        claims = self._claims_of(uid)
        self._copy_comes_late(claims[of_which % len(claims)], which)

    # Time and death --------------------------------------------------------------------------------------------------

    @rule(last=st.booleans())
    def wait_for_an_end(self, *, last: bool) -> None:
        """Wait until the next thing ends, or until all is over that ends soon."""
        soon = sorted(ends[1] for ends in self._model.ends if ends[0] < _now() + SOON_MS)
        if soon:
            _wait_past(soon[-1 if last else 0])

    @rule(target=kept, claim=CLAIMS, commands=COMMANDS)
    def die_claiming(self, claim: Claim, commands: int) -> str:
        named = self._named(claim, self._new_uid())
        self._die(commands, lambda holds: holds.claim(named, None), named)
        return named.reservation_uid

    @rule(target=kept, claim=CLAIMS, life_ms=LIVES, commands=COMMANDS)
    def die_keeping(self, claim: Claim, life_ms: int, commands: int) -> str:
        new = self._claim_new(claim)
        until = self._calm() + life_ms
        if self._model.stands(new):
            self._die(commands, lambda holds: holds.keep(new, until), new)
        return new.reservation_uid

    @rule(uid=kept, claim=CLAIMS, life_ms=LIVES, commands=COMMANDS)
    def die_moving(self, uid: str, claim: Claim, life_ms: int, commands: int) -> None:
        own, new = self._begin_to_move(uid, claim)
        until = self._calm() + life_ms
        if own is not None and self._model.found(uid) == own and self._model.stands(new):
            is_known = self._die(commands, lambda holds: holds.move(own, new, until), own.claim, new)
            # It is one or the other, never neither, unless the old one's time was up before the pod came so far.
            assert not is_known or own.until <= _now() or self._model.found(uid) is not None

    @rule(uid=kept, commands=COMMANDS)
    def die_ending(self, uid: str, commands: int) -> None:
        self._die(commands, lambda holds: holds.end(uid), *self._claims_of(uid))

    # Promises --------------------------------------------------------------------------------------------------------

    @invariant()
    def what_stands_is_what_the_model_says_and_breaks_no_promise(self) -> None:
        self._calm()
        state = self._store.run(seen(self._store.client, self._claims, _now()))
        if not self._was_disturbed():
            _compare(state, self._model)
            _keeps_promises(state)

    # Steps -----------------------------------------------------------------------------------------------------------

    def _claims_of(self, uid: str) -> list[Claim]:
        return [claim for claim in self._claims.values() if claim.reservation_uid == uid]

    def _undo(self, claim: Claim) -> None:
        self._judge(lambda holds: holds.undo(claim), lambda _: self._model.undo(claim))

    def _extend(self, claim: Claim, duration_ms: int) -> None:
        self._calm()
        # Of one that stands in some of its places only, none is promised to be left as it is.
        if self._model.stands(claim) or not any(self._model.of_claim(claim).tables):
            self._judge(
                lambda holds: holds.extend(claim, duration_ms),
                lambda asked: self._model.extend(claim, (asked[0] + duration_ms, asked[1] + duration_ms)),
            )

    def _new_uid(self) -> str:
        return f"uid-{len(self._claims)}"

    def _named(self, claim: Claim, uid: str) -> Claim:
        named = replace(claim, id=f"c{len(self._claims)}", reservation_uid=uid)
        self._claims[named.id] = self._asked[named.id] = named
        return named

    def _claim_new(self, claim: Claim) -> Claim:
        return self._claim(self._named(claim, self._new_uid()), None)

    def _claim(self, claim: Claim, own: KeptReservation | None) -> Claim:
        """Claim, and return the claim with the hosts that it got."""
        if own is not None:
            self._moved[claim.id] = own
        ignored = None if own is None else own.claim
        verdict = self._judge(
            lambda holds: self._verdict(holds, claim, own),
            lambda asked: self._model.claim(claim, ignored, (asked[0] + PROVISIONAL_MS, asked[1] + PROVISIONAL_MS)),
        )
        if isinstance(verdict, Granted):
            self._claims[claim.id] = verdict.claim
            self._calm()
            if verdict.claim.ledgers and self._model.stands(verdict.claim):
                self._look_at_the_ledger(ALWAYS, verdict.claim)
        return self._claims[claim.id]

    def _keep(self, claim: Claim, life_ms: int) -> str:
        until = self._calm() + life_ms
        self._judge(lambda holds: holds.keep(claim, until), lambda _: self._model.keep(claim, until))
        return claim.reservation_uid

    def _begin_to_move(self, uid: str, claim: Claim) -> Move:
        named = self._named(claim, uid)
        own = self._look(uid)
        return own, named if own is None else self._claim(named, own)

    def _finish_to_move(self, move: Move, life_ms: int) -> None:
        own, claim = move
        if own is not None:
            until = self._calm() + life_ms
            self._judge(lambda holds: holds.move(own, claim, until), lambda _: self._model.move(own, claim, until))

    async def _verdict(self, holds: RedisHolds, claim: Claim, own: KeptReservation | None) -> Verdict:
        outcome = await holds.claim(claim, own)
        match outcome:
            case Claimed():
                self._outcomes[claim.id] = outcome
                left = None if outcome.standing is None else outcome.standing.left
                return Granted(outcome.claim, outcome.seat_rank, left)
            case QuotaFull():
                return FULL
            case Held() | Contended():
                return outcome

    def _look(self, uid: str) -> KeptReservation | None:
        return self._judge(lambda holds: holds.reservation(uid), lambda _: self._model.reservation(uid))

    def _look_at_the_ledger(self, around: Range, own: Claim | None) -> None:
        claimed = None if own is None else self._outcomes[own.id]
        self._judge(
            lambda holds: _once(holds.entered(LIMITED, around, claimed)),
            lambda _: self._model.entered(LIMITED.ledgers, around, own),
        )

    def _judge(self, ask: Callable[[RedisHolds], Awaitable[T]], expect: Callable[[Range], T]) -> T:
        """Ask the store and the model the same; the model is told when the store was asked."""
        began = self._calm()
        answer = self._store.run(_awaited(ask(self._store.holds)))
        asked = began, _now()
        if not self._was_disturbed():
            assert answer == expect(asked)
        return answer

    def _die(self, commands: int, ask: Callable[[RedisHolds], Awaitable[object]], *claims: Claim) -> bool:
        """Let a pod die on the way. The model cannot know how far it came: it takes over what is seen of the claims.

        False if it took so long that something may have ended meanwhile, and all begins anew.
        """
        self._calm()
        with suppress(StoreUnavailableError):
            self._store.run(_awaited(ask(self._store.dying(commands))))
        state = self._store.run(seen(self._store.client, self._claims, _now()))
        if self._was_disturbed():
            return False
        self._model.adopt(state, claims)
        for claim in claims:
            _died_in_good_order(state, claim, clustered=self._store.clustered)
        return True

    def _copy_comes_late(self, claim: Claim, which: int) -> None:
        """Let the store run one script of a claim again, as where its first answer seemed lost, and nobody hear of it.

        What stood is left as it is, or stands longer. The model takes over what else is seen of the claim.
        """
        self._calm()
        stood = self._model.of_claim(claim)
        asked, own = self._asked[claim.id], self._moved.get(claim.id)
        scripts_of_claim = _scripts_of(claim, asked, own, clustered=self._store.clustered)
        self._store.run(scripts.run(self._store.client, scripts_of_claim[which % len(scripts_of_claim)]))
        state = self._store.run(seen(self._store.client, self._claims, _now()))
        if self._was_disturbed():
            return
        for before, after in zip(stood.tables, state.tables, strict=True):
            assert before.keys() <= after.keys()
            for key, entry in before.items():
                _is_left_as_it_is(entry, after[key], has_state=after is not state.places)
        self._model.adopt(state, [claim])
        if not any(stood.tables):
            _died_in_good_order(state, claim, clustered=self._store.clustered)

    def _calm(self) -> Instant:
        """Wait until nothing is about to end, and return when that is."""
        while near := [ends for ends in self._model.ends if ends[0] - NEAR_MS <= _now()]:
            _wait_past(max(ends[1] for ends in near))
            self._model.forget(_now())
        return _now()

    def _was_disturbed(self) -> bool:
        """Say whether something may have ended since it was calm; nobody knows before or after what: begin anew."""
        disturbed = any(ends[0] - ROUNDING_MS <= _now() for ends in self._model.ends)
        if disturbed:
            self._begin_anew()
        return disturbed


def _scripts_of(claim: Claim, asked: Claim, own: KeptReservation | None, *, clustered: bool) -> list[Call]:
    """Return the scripts that claim; `asked` is the claim before a seat's hosts were known."""
    lanes = keys.lanes(claim)
    if not clustered and claim.seats is None:
        return [redis_holds._claim_part(claim, lanes, claim.quotas, own)]
    calls = [redis_holds._claim_part(claim, [], [quota], own) for quota in claim.quotas]
    if claim.seats is not None:
        calls.append(redis_holds._claim_seat(asked, own))
    parts = [[lane] for lane in lanes] if clustered else [lanes]
    return calls + [redis_holds._claim_part(claim, part, (), own) for part in parts]


async def _awaited(asked: Awaitable[T]) -> T:
    return await asked


async def _done(asked: Awaitable[None]) -> bool:
    await asked
    return True


async def _once(asked: Awaitable[tuple[Reservation, ...]]) -> set[Reservation]:
    """Return reservations, none of which may be told twice."""
    told = await asked
    assert len(set(told)) == len(told)
    return set(told)


def _around(minutes: tuple[int, int]) -> Range:
    return NINE + minutes[0] * MINUTE, NINE + minutes[1] * MINUTE


def _now() -> Instant:
    return time.time_ns() // 1_000_000


def _wait_past(instant: Instant) -> None:
    time.sleep(max(0, instant + ROUNDING_MS - _now()) / 1_000)


def _compare(state: State, model: Model) -> None:
    for stands, meant in zip(state.tables, model.tables, strict=True):
        assert stands.keys() == meant.keys()
        for key, entry in stands.items():
            assert entry.claim == meant[key].claim
            # A place in a quota does not say whether it is confirmed, but when it ends.
            assert entry.confirmed == meant[key].confirmed or stands is state.places
            earliest, latest = meant[key].ends
            assert earliest - ROUNDING_MS <= entry.ends[0] <= latest + ROUNDING_MS
    assert {uid: _ids(lead.to) for uid, lead in state.leads.items()} == {
        uid: _ids(lead.to) for uid, lead in model.leads.items()
    }


def _ids(led: tuple[KeptReservation, ...]) -> list[str]:
    return [kept.claim.id for kept in led]


def _keeps_promises(state: State) -> None:
    """Check what must be so whatever a model says. A reservation that is being moved may be in its own way."""
    assert state.lost == []
    for host_id in HOSTS:
        there = [entry.claim for (tag, _), entry in state.lanes.items() if tag == f"h:{host_id}"]
        for one, other in combinations(there, 2):
            assert one.reservation_uid == other.reservation_uid or not excludes(one, other)
    assert all(number <= SEATS for number in _reservations(state.seats).values())
    assert all(number <= QUOTA_SIZES[name] for name, number in _reservations(state.places).items())


def _reservations(table: Table) -> Counter[str]:
    """Count the reservations, each once, in every place of a table."""
    return Counter(where for where, _ in {(where, entry.claim.reservation_uid) for (where, _), entry in table.items()})


def _is_left_as_it_is(before: Entry, after: Entry, *, has_state: bool) -> None:
    """Check that what stood still does, no shorter; a place in a quota does not say whether it is confirmed."""
    assert after.claim == before.claim
    assert after.ends[0] >= before.ends[0] - ROUNDING_MS
    if has_state:
        assert after.confirmed == before.confirmed
        assert not before.confirmed or after.ends[0] <= before.ends[1] + ROUNDING_MS


def _died_in_good_order(state: State, claim: Claim, *, clustered: bool) -> None:
    """What a pod left lapses in seconds, or somebody can end it; on one server nothing is done to some hosts only."""
    lanes = [entry for (_, claim_id), entry in state.lanes.items() if claim_id == claim.id]
    assert all(entry.confirmed or entry.ends[0] <= _now() + PROVISIONAL_MS for entry in lanes)
    if not clustered:
        assert len({entry.confirmed for entry in lanes}) <= 1


PROFILE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    # Not shrunk: each try would sleep as long again.
    phases=[Phase.generate],
)
EXAMPLES = {"fakeredis": 10, "valkey": 40, "redis7": 25, "cluster": 30}


def run_examples(store: Store, number: int) -> None:
    class Machine(HoldsMachine):
        def __init__(self) -> None:
            super().__init__(store)

    run_state_machine_as_test(Machine, settings=settings(PROFILE, max_examples=number))


def test_a_store_does_what_the_model_says(store: Store, request: pytest.FixtureRequest) -> None:
    examples = EXAMPLES[request.node.callspec.params["store"]]
    run_examples(store, examples)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        pytest.param("claim", "if tonumber(ends) > from and", "if tonumber(ends) > to and", id="overlaps unseen"),
        pytest.param("claim", "from - longest", "from", id="only holds that begin within the range are seen"),
        pytest.param("claim", "and its_claim ~= ignored", "", id="a reservation is in its own way"),
        pytest.param("claim", "its_claim ~= ignored", "ignored == ''", id="a move ignores everybody"),
        pytest.param("claim", "if state == 'c' then", "if state then", id="what is unfinished counts as held"),
        pytest.param("claim", "its_group == group", "true", id="seats share with everybody"),
        pytest.param("confirm", "redis.call('PEXPIREAT', key, ARGV[1])", "", id="an index that goes before its hold"),
        pytest.param("confirm", "if redis.call('EXISTS', KEYS[3 * lane]) == 0 then", "if false then", id="dead kept"),
        pytest.param("confirm", "redis.call('DEL', KEYS[3 * lanes + 2 * old])", "", id="the old one stays"),
        pytest.param("confirm", "redis.call('PEXPIREAT', locator, ARGV[1])", "", id="a uid that never ends"),
        pytest.param("claim_seat", "> seats", "> seats + 1", id="a seat too many"),
        pytest.param("claim_seat", "and other ~= ignored", "", id="the own seat counts twice"),
        pytest.param("confirm_seat", "'PXAT', ARGV[1]", "'PX', 250", id="a seat that ends early"),
        pytest.param("claim", "used >= most", "used > most", id="a place too many"),
        pytest.param("claim", "ipairs({claim, ignored})", "ipairs({claim})", id="the own place counts twice"),
        pytest.param("move_locator", "elseif current ~= ARGV[1] then", "elseif false then", id="two moves of one"),
        pytest.param("live", "< turn)", "<= turn)", id="the own claim is seen"),
        pytest.param("release", "redis.call('DEL', KEYS[2 * lane])", "0", id="what is given up stays"),
        pytest.param("drop_locator", "return redis.call('DEL', KEYS[1])", "return 1", id="uids of nothing"),
        pytest.param("drop_locator", "~= ARGV[1]", "== ''", id="what is undone ends what took its place"),
        pytest.param("extend", "if redis.call('EXISTS', KEYS[number]) == 0 then", "if false then", id="dead extended"),
        pytest.param("claim", "if string.sub(before, 1, 1) == 'c' then", "if false then", id="a copy reopens"),
        pytest.param("claim", "math.max(ttl, redis.call('PTTL', hold))", "ttl", id="a copy shortens"),
        pytest.param("claim", "'GT', now + ttl", "now + ttl", id="a copy shortens a place"),
        pytest.param(
            "claim_seat", "if string.sub(before, 1, 1) == 'c' then", "if false then", id="a copy reopens a seat"
        ),
        pytest.param("claim_seat", "before == '' and ARGV[5] or hosts_of(before)", "ARGV[5]", id="a copy's hosts"),
        pytest.param("claim_seat", "lasts, 'GT'", "0, 'GT'", id="a ledger that goes before its seats"),
        pytest.param("claim", "lasts, 'GT'", "0, 'GT'", id="an index that goes before its claim"),
        pytest.param("extend", "ARGV[1], 'GT'", "number % 3 == 0 and ARGV[1] or 0, 'GT'", id="an index not extended"),
        pytest.param("claim_seat", "math.max(ttl, redis.call('PTTL', KEYS[2]))", "ttl", id="a copy shortens a seat"),
    ],
)
@pytest.mark.parametrize("store", ["valkey"], indirect=True)
def test_a_store_that_is_broken_is_found_out(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str, right: str, wrong: str
) -> None:
    text = scripts.script(name).text
    assert right in text
    broken = text.replace(right, wrong)
    known = scripts.script
    sabotaged = Script(broken, sha1(broken.encode(), usedforsecurity=False).hexdigest())
    monkeypatch.setattr(scripts, "script", lambda asked: sabotaged if asked == name else known(asked))
    # Hypothesis runs what failed once more, and says so if that went otherwise: it may have been a matter of time.
    with pytest.raises((AssertionError, Flaky)):
        run_examples(store, 150)
