"""A deliverer ends when it is told to, whatever happens in that moment."""

import asyncio
from collections.abc import Mapping, Sequence

from app.services.deliver_webhooks import Delivery, Outcome, WebhookDeliverer


class NothingDue:
    """An outbox in which nothing is due."""

    async def take(
        self,
        most: int,  # noqa: ARG002 - a port's method
        under_way: Mapping[str, int],  # noqa: ARG002
        *,
        most_of_a_receiver: int,  # noqa: ARG002
        most_of_an_owner: int,  # noqa: ARG002
        put_off_s: float,  # noqa: ARG002
    ) -> Sequence[Delivery]:
        await asyncio.sleep(0)
        return []

    async def delivered(self, delivery: Delivery, said: str) -> None:
        """Nothing was."""

    async def failed(self, delivery: Delivery, said: str, pause_s: float | None) -> None:
        """Nothing did."""

    async def forget(self) -> bool:
        return False


class NobodySends:
    async def send(self, delivery: Delivery) -> Outcome:
        raise AssertionError(delivery)


async def test_news_in_the_moment_of_its_end_do_not_keep_it() -> None:
    """`asyncio.wait_for` of Python 3.11 forgets that it was cancelled if what it waits for has just come."""
    for steps in range(60):
        news = asyncio.Event()
        deliverer = WebhookDeliverer(NothingDue(), NobodySends(), news, poll_s=0.001)
        async with asyncio.timeout(5), deliverer.running():
            await asyncio.sleep(0.0005 * (steps % 6))
            news.set()
            for _ in range(steps % 5):
                await asyncio.sleep(0)
