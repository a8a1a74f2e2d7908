"""What clients do about bookings: book what they hold or straight away, move and cancel, and look at the end.

A booking that was asked for without an answer is asked for again under the same `Idempotency-Key`. What may have been
booked even so, and nobody knows of, or was not cancelled though somebody asked for it, is found by the hosts in their
lists and cancelled, or they would soon have no time left to fight over.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf
from random import Random
from typing import Any

from scripts.races.asking import Answer, Asker, milliseconds, seconds
from scripts.races.record import Hold, Look, Record
from scripts.races.wishes import Wish, Wisher
from scripts.races.world import EVENT_TYPES, HOST_IDS, host_token, utc_text

_VERSION = {"cal-api-version": "2024-08-13"}
_ATTENDEE = {"name": "Somebody", "email": "somebody@example.org", "timeZone": "UTC"}
_TRIES = 8
_BREATH_S = 0.5
"""Before a look is tried again."""
_FORGOTTEN_S = 120.0
"""Nobody asks for a booking any more that was made so long ago without being told of."""
_LOOKS_AT_ONCE = 8
_PATIENCE_S = 10.0


class Bookers:
    """The clients' bookings."""

    def __init__(self, asker: Asker, random: Random, record: Record) -> None:
        """Share the record with those who hold slots."""
        self._asker = asker
        self._random = random
        self._record = record
        self._wisher = Wisher(random)
        self._bookings: list[Hold] = []
        self._pending: list[Hold] = []
        """Bookings that a host has to confirm: until then they take nobody's time."""

    @property
    def number(self) -> int:
        """How many bookings there are to do something with."""
        return len(self._bookings)

    async def book(self, hold: Hold | None, patience_s: float) -> tuple[Answer | None, bool]:
        """Book what is held, or any slot; return the answer, and whether the hold is theirs no more."""
        wish = self._wisher.wish() if hold is None else None
        answer = await self._asker.insist("bookings", patience_s, body=_body(hold, wish), headers=_VERSION)
        if answer is None:
            return None, False
        if answer.status == 201 and answer.data["status"] == "pending":
            self._pending.append(_booking(answer))
        elif answer.status == 201:
            self._bookings.append(self._won(answer))
        if hold is not None and (answer.status == 201 or not answer.is_certain):
            hold.given_up = answer.sent
            return answer, True
        return answer, False

    async def confirm(self, patience_s: float) -> Answer | None:
        """Let a host confirm a booking; one that cannot be confirmed is left for the hosts to tidy away."""
        if not self._pending:
            return None
        booking = self._pending.pop(self._random.randrange(len(self._pending)))
        answer = await self._as_host(booking, "confirm", patience_s)
        if answer is not None and answer.status == 200:
            self._bookings.append(self._won(answer))
        return answer

    async def reassign(self, patience_s: float) -> Answer | None:
        """Give a booking that any host may have to another one."""
        booking = self._take(lambda one: EVENT_TYPES[one.event_type_id].any_host)
        if booking is None:
            return None
        answer = await self._as_host(booking, "reassign", patience_s)
        if answer is None or (answer.is_certain and answer.status != 200):
            self._bookings.append(booking)
            return answer
        booking.given_up = answer.sent
        if answer.status == 200:
            host_ids = (answer.data["reassignedTo"]["id"],)
            given = replace(booking, sent=answer.sent, acknowledged=answer.arrived, given_up=inf, host_ids=host_ids)
            self._record.holds.append(given)
            self._bookings.append(given)
        return answer

    async def _as_host(self, booking: Hold, action: str, patience_s: float) -> Answer | None:
        """Do something that only hosts may, once: sent again it would do something else."""
        headers = {**_VERSION, "Authorization": f"Bearer {host_token((booking.host_ids or HOST_IDS)[0])}"}
        return await self._asker.ask("POST", f"bookings/{booking.uid}/{action}", patience_s, body={}, headers=headers)

    async def move(self, patience_s: float) -> Answer | None:
        """Move a booking, or a seat, to another time."""
        booking = self._take()
        if booking is None:
            return None
        start = self._wisher.start(EVENT_TYPES[booking.event_type_id], booking)
        body = {"start": utc_text(start), **_seat(booking)}
        answer = await self._asker.insist(f"bookings/{booking.uid}/reschedule", patience_s, body=body, headers=_VERSION)
        if answer is None or (answer.is_certain and answer.status != 201):
            self._bookings.append(booking)
        else:
            booking.given_up = answer.sent
        if answer is not None and answer.status == 201:
            waits = answer.data["status"] == "pending"
            (self._pending if waits else self._bookings).append(_booking(answer) if waits else self._won(answer))
        return answer

    async def cancel(self, patience_s: float) -> Answer | None:
        """Cancel a booking, or a seat."""
        booking = self._take()
        if booking is None:
            return None
        booking.given_up = time.time()
        return await self._asker.ask(
            "POST", f"bookings/{booking.uid}/cancel", patience_s, body=_seat(booking), headers=_VERSION
        )

    def _won(self, answer: Answer) -> Hold:
        booking = _booking(answer)
        self._record.holds.append(booking)
        return booking

    def _take(self, suits: Callable[[Hold], bool] = lambda _: True) -> Hold | None:
        positions = [position for position, booking in enumerate(self._bookings) if suits(booking)]
        if not positions:
            return None
        position = self._random.choice(positions)
        self._bookings[position], self._bookings[-1] = self._bookings[-1], self._bookings[position]
        return self._bookings.pop()

    # Afterwards ----------------------------------------------------------------------------------------------------

    async def look_at_all(self) -> None:
        """Look at every booking that must be there, when all is over."""
        turns = asyncio.Semaphore(_LOOKS_AT_ONCE)
        await asyncio.gather(*(self._look(booking, turns) for booking in self._bookings))

    async def _look(self, booking: Hold, turns: asyncio.Semaphore) -> None:
        path = f"bookings/{booking.uid}" if booking.seat_uid is None else f"bookings/by-seat/{booking.seat_uid}"
        async with turns:
            for _ in range(_TRIES):
                answer = await self._asker.ask("GET", path, _PATIENCE_S, headers=_VERSION)
                if answer is not None and answer.is_certain:
                    found = answer.status == 200 and _shows(answer.data, booking)
                    self._record.looks.append(Look(booking, answer.sent, answer.arrived, found=found))
                    return
                await asyncio.sleep(_BREATH_S)

    async def cancel_forgotten(self) -> None:
        """Let each host cancel the bookings that nobody has any more, or knows of."""
        had = (booking for booking in self._record.holds if booking.booked and booking.given_up == inf)
        known = {booking.seat_uid or booking.uid for booking in had}
        for host_id in HOST_IDS:
            headers = {**_VERSION, "Authorization": f"Bearer {host_token(host_id)}"}
            path = "bookings?status=upcoming,unconfirmed&take=250"
            answer = await self._asker.ask("GET", path, _PATIENCE_S, headers=headers)
            listed = answer.data if answer is not None and answer.status == 200 else []
            for uid, seat in (found for one in listed for found in _forgotten(one, known)):
                await self._asker.ask("POST", f"bookings/{uid}/cancel", _PATIENCE_S, body=seat, headers=headers)


def _booking(answer: Answer) -> Hold:
    data = answer.data
    return Hold(
        uid=data["uid"],
        event_type_id=data["eventTypeId"],
        start=milliseconds(data["start"]),
        end=milliseconds(data["end"]),
        sent=answer.sent,
        acknowledged=answer.arrived,
        until=inf,
        booked=True,
        host_ids=tuple(host["id"] for host in data["hosts"]),
        seat_uid=data.get("seatUid"),
    )


def _forgotten(listed: dict[str, Any], known: set[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Tell what to cancel of a listed booking: its uid and, where it has seats, which of them."""
    if time.time() - seconds(listed["updatedAt"]) < _FORGOTTEN_S:
        return
    seats = [one["seatUid"] for one in listed["attendees"] if "seatUid" in one]
    if not seats and listed["uid"] not in known:
        yield listed["uid"], {}
    for seat in seats:
        if seat not in known:
            yield listed["uid"], {"seatUid": seat}


def _body(hold: Hold | None, wish: Wish | None) -> dict[str, Any]:
    if hold is not None:
        asked = {"eventTypeId": hold.event_type_id, "start": utc_text(hold.start), "reservationUid": hold.uid}
        return {**asked, "attendee": _ATTENDEE}
    assert wish is not None  # noqa: S101 - one of the two is there
    asked = {"eventTypeId": wish.event_type.id, "start": utc_text(wish.start), "attendee": _ATTENDEE}
    return {**asked, "lengthInMinutes": wish.length} if len(wish.event_type.lengths) > 1 else asked


def _seat(booking: Hold) -> dict[str, str]:
    return {} if booking.seat_uid is None else {"seatUid": booking.seat_uid}


def _shows(data: Any, booking: Hold) -> bool:
    """Say whether an answer shows this very booking, standing, at its time and with its hosts."""
    return (
        data["status"] == "accepted"
        and milliseconds(data["start"]) == booking.start
        and tuple(host["id"] for host in data["hosts"]) == booking.host_ids
    )
