"""What goes wrong on purpose while the race is on."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from scripts.races.servers import Pods, Stores

_LONGEST_OUTAGE_S = 1.0
_SHORT_PAUSE_S = (0.5, 3.0)
_LONG_PAUSE_S = (5.5, 7.0)
"""Longer than a claim stands unconfirmed: a pod that slept for so long must not confirm one."""
_LONG_PAUSES = 0.3


@dataclass(slots=True)
class Faults:
    """Injects faults drawn by lot, and notes them."""

    random: Random
    stores: Stores
    pods: Pods
    injected: list[tuple[float, str]] = field(default_factory=list)
    """When, in Unix seconds, and what."""

    def inject(self) -> None:
        """Let one thing go wrong; stores are back when this returns, pods come back by themselves."""
        names, faults, weights = zip(*_FAULTS, strict=True)
        [number] = self.random.choices(range(len(names)), weights)
        self.injected.append((time.time(), names[number]))
        faults[number](self)

    def kill_pod(self) -> None:
        """Kill any pod and start it again."""
        pod = self.random.choice(self.pods.all)
        pod.kill()
        pod.start()

    def pause_pod(self) -> None:
        """Let any pod sleep in the middle of whatever it does."""
        between = _LONG_PAUSE_S if self.random.random() < _LONG_PAUSES else _SHORT_PAUSE_S
        self.random.choice(self.pods.all).pause(self.random.uniform(*between))

    def kill_valkey(self) -> None:
        """Kill the store of holds and start it again."""
        self.stores.kill_valkey()
        time.sleep(self.random.uniform(0, _LONGEST_OUTAGE_S))
        self.stores.restart_valkey()

    def pause_valkey(self) -> None:
        """Let the store of holds answer late: pods give up, and it does what they asked for all the same."""
        self.stores.pause_valkey(self.random.uniform(*_SHORT_PAUSE_S))

    def kill_postgres(self) -> None:
        """Kill the database and start it again."""
        self.stores.kill_postgres()
        time.sleep(self.random.uniform(0, _LONGEST_OUTAGE_S))
        self.stores.restart_postgres()


_FAULTS: tuple[tuple[str, Callable[[Faults], None], int], ...] = (
    ("pods killed", Faults.kill_pod, 8),
    ("pods paused", Faults.pause_pod, 6),
    ("Valkey killed", Faults.kill_valkey, 4),
    ("Valkey paused", Faults.pause_valkey, 2),
    ("PostgreSQL killed", Faults.kill_postgres, 1),
)
"""What may go wrong, and how often against each other."""

FAULTS = tuple(name for name, _, _ in _FAULTS)
