"""A pod that is killed, as by `kill -9`, at one point of its work: `python -m tests.api.doomed_pod METHOD serve ...`.

The point is a method of `RedisHolds`: the process ends when it would be called.
"""

import os
import signal
import sys

from app.__main__ import main
from app.storage.holds.redis_holds import RedisHolds


async def _die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    setattr(RedisHolds, sys.argv.pop(1), _die)
    main(prog_name="python -m tests.api.doomed_pod")
