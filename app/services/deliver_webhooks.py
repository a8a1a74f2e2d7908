"""Use case: send webhooks what they want to hear of, each thing until it has arrived, or has been tried often enough.

Every pod does this; a delivery is one pod's while it is under way. Before it is sent it is put off, by longer than a
try takes: should the pod die in the middle, another sends it again, under the same id, since nobody knows whether it
arrived. A pod never sends again what it knows to have arrived.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.domain.time_ranges import Instant
from app.domain.webhook import Trigger
from app.services.errors import StoreUnavailableError

PAUSES_S = (10, 60, 300, 1_800, 7_200, 21_600, 43_200)
"""Between one try and the next; after the last of them comes one more, and then none."""
TRY_S = 10.0
"""How long a try may take."""
_PUT_OFF_S = 60.0
"""How long after the beginning of a try that nobody hears of again comes the next."""
MOST_UNDER_WAY = 200
_MOST_OF_A_RECEIVER = 4
_MOST_OF_AN_OWNER = 20
"""Deliveries of one process under way at once, in all, to one receiver and for one owner: those that never answer delay
nobody else."""
_POLL_S = 1.0
_FORGET_EVERY_S = 600.0
_STOPPING_S = 2.0
"""How long a process that stops waits for its tries."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something that is to be sent to a webhook. What may be secret does not show in logs."""

    id: str
    """The same at every try, so that receivers can tell."""
    tries: int
    """How many there have been, with this one."""
    webhook_id: int
    url: str = field(repr=False)
    receiver: str
    """The URL's host:port."""
    owner: str
    """Whose webhook it is: "person 1" or "team 5"."""
    secret: str | None = field(repr=False)
    template: str | None = field(repr=False)
    trigger: Trigger
    created_at: Instant
    payload: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a try."""

    delivered: bool
    said: str
    """The status that was answered, or what went wrong."""
    for_good: bool = False
    """Whether it would go wrong every time."""


class Outbox(Protocol):
    """Keeps deliveries. Every method raises StoreUnavailableError if the store does not answer in time."""

    async def take(
        self,
        most: int,
        under_way: Mapping[str, int],
        *,
        most_of_a_receiver: int,
        most_of_an_owner: int,
        put_off_s: float,
    ) -> Sequence[Delivery]:
        """Take up to `most` deliveries that are due, and put them off so that nobody else takes them.

        `under_way` says how many the caller has of each receiver and of each owner already.
        """

    async def delivered(self, delivery: Delivery, said: str) -> None:
        """Note that a delivery has arrived, whoever else is trying it meanwhile."""

    async def failed(self, delivery: Delivery, said: str, pause_s: float | None) -> None:
        """Note that a try failed, and when to try next; None: never. Nothing happens if another try began since."""

    async def forget(self) -> bool:
        """Forget some of what is long past; False if there is nothing more."""


class Sender(Protocol):
    """Sends deliveries."""

    async def send(self, delivery: Delivery) -> Outcome:
        """Try a delivery, for at most `TRY_S`, and until nothing of the try is under way any more."""


class WebhookDeliverer:
    """Sends what is due while the process runs."""

    def __init__(
        self,
        outbox: Outbox,
        sender: Sender,
        news: asyncio.Event,
        *,
        pauses_s: Sequence[float] = PAUSES_S,
        put_off_s: float = _PUT_OFF_S,
        poll_s: float = _POLL_S,
    ) -> None:
        """Work on these ports; `news` is set when this very process has written something to send.

        Others' are found by looking every `poll_s`. What is tried comes up again after `put_off_s`, should nobody hear
        of that try again.
        """
        self._outbox = outbox
        self._sender = sender
        self._news = news
        self._pauses_s = pauses_s
        self._put_off_s = put_off_s
        self._poll_s = poll_s
        self._under_way = Counter[str]()
        """Of each receiver and each owner, which are never called the same."""
        self._places = MOST_UNDER_WAY
        self._tries = set[asyncio.Task[None]]()
        self._arrived = dict[str, tuple[Delivery, str]]()
        """What is known to have arrived and could not be written down: of tries, so no more than those may be."""
        self._stopping = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send what is due until the block ends; tries under way then have a moment to finish."""
        sending, forgetting = asyncio.create_task(self._send_due()), asyncio.create_task(self._forget())
        try:
            yield
        finally:
            self._stopping = True
            self._news.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOPPING_S):
                    # Not ended at once: what it is taking would lie until it comes up again.
                    await asyncio.wait([sending])
                    await asyncio.gather(*self._tries)
            await _ended([sending, forgetting, *self._tries])

    async def _send_due(self) -> None:
        while not self._stopping:
            self._news.clear()
            if not await self._begin_tries():
                # Not wait_for, which in Python 3.11 may swallow that the task is to end.
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_s):
                        await self._news.wait()

    async def _begin_tries(self) -> bool:
        """Begin to send some of what is due; False if there is nothing, or no place for more."""
        if not self._places:
            return False
        try:
            await self._write_arrived()
            due = await self._outbox.take(
                self._places,
                self._under_way,
                most_of_a_receiver=_MOST_OF_A_RECEIVER,
                most_of_an_owner=_MOST_OF_AN_OWNER,
                put_off_s=self._put_off_s,
            )
        except StoreUnavailableError:
            return False  # Every request says so in the log already.
        except Exception:
            _logger.exception("looking for deliveries failed")
            return False
        for delivery in due:
            self._places -= 1
            self._under_way.update((delivery.receiver, delivery.owner))
            task = asyncio.create_task(self._try(delivery))
            self._tries.add(task)
            task.add_done_callback(self._tries.discard)
        return bool(due)

    async def _try(self, delivery: Delivery) -> None:
        try:
            await self._note(delivery, await self._sent(delivery))
        finally:
            self._places += 1
            self._under_way -= Counter((delivery.receiver, delivery.owner))
            self._news.set()  # There is a place for another one.

    async def _sent(self, delivery: Delivery) -> Outcome:
        try:
            return await self._sender.send(delivery)
        except Exception as error:  # A mistake of ours; it must not be made for ever.
            _logger.exception("delivery %s to webhook %d failed", delivery.id, delivery.webhook_id)
            return Outcome(delivered=False, said=type(error).__name__)

    async def _note(self, delivery: Delivery, outcome: Outcome) -> None:
        """Write down what became of a try.

        While the store is away a failure is kept until the delivery is anybody's again; an arrival until it is written,
        before anything else is taken.
        """
        if outcome.delivered:
            self._arrived[delivery.id] = delivery, outcome.said
            with suppress(StoreUnavailableError):
                await self._write_arrival(delivery.id)
        else:
            await self._note_failure(delivery, outcome)

    async def _note_failure(self, delivery: Delivery, outcome: Outcome) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._put_off_s):
                while True:
                    with suppress(StoreUnavailableError):
                        return await self._write_failure(delivery, outcome)
                    await asyncio.sleep(self._poll_s)

    async def _write_arrived(self) -> None:
        for delivery_id in list(self._arrived):
            await self._write_arrival(delivery_id)

    async def _write_arrival(self, delivery_id: str) -> None:
        delivery, said = self._arrived.pop(delivery_id)
        try:
            await self._outbox.delivered(delivery, said)
        except StoreUnavailableError:
            self._arrived[delivery_id] = delivery, said
            raise

    async def _write_failure(self, delivery: Delivery, outcome: Outcome) -> None:
        goes_on = delivery.tries <= len(self._pauses_s) and not outcome.for_good
        pause_s = self._pauses_s[delivery.tries - 1] if goes_on else None
        _logger.log(
            logging.INFO if pause_s is not None else logging.WARNING,
            "delivery %s to webhook %d at %s: %s, %s",
            delivery.id,
            delivery.webhook_id,
            delivery.receiver,
            outcome.said,
            "given up" if pause_s is None else f"again in {pause_s} s",
        )
        await self._outbox.failed(delivery, outcome.said, pause_s)

    async def _forget(self) -> None:
        while True:
            try:
                while await self._outbox.forget():
                    pass
            except StoreUnavailableError:
                pass  # Every request says so in the log already.
            except Exception:
                _logger.exception("forgetting deliveries failed")
            await asyncio.sleep(_FORGET_EVERY_S)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """End tasks and wait for their end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
