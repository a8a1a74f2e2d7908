"""`holds`: the live reservations, for whoever runs the service."""

import click
import orjson
import uvloop

from app.api.instants import utc_text
from app.application.holds import live_holds, release_hold
from app.application.stores import reachable
from app.commands.shared import examples, read_settings, told
from app.domain.reservation import KeptReservation


@click.group(epilog=examples("holds list --event-type 1", "holds release 3f5ba25c-0674-1aeb-8526-6f4059842ded"))
def holds() -> None:
    """List live reservations, and end one."""


@holds.command("list", epilog=examples("holds list --host 1", "holds list --json | jq -r .reservationUid"))
@click.option("--event-type", "event_type_id", type=int, help="Only this event type's, by id.")
@click.option("--host", "host_id", type=int, help="Only those that take this user's time, by id.")
@click.option("--most", type=click.IntRange(1, 100_000), default=1_000, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line, for programs.")
def list_holds(event_type_id: int | None, host_id: int | None, most: int, *, as_json: bool) -> None:
    """List live reservations, those that end first first.

    A uid is all that is needed to end a reservation: keep the list to yourself.
    """

    def wanted(kept: KeptReservation) -> bool:
        return event_type_id in {None, kept.claim.event_type_id} and (host_id is None or host_id in kept.claim.host_ids)

    settings = read_settings()
    with told(), reachable(settings) as urls:
        found = uvloop.run(live_holds(settings, urls, most=most, of=wanted))
    for kept in found:
        click.echo(_json(kept) if as_json else _line(kept))
    if len(found) == most:
        click.echo(f"There may be more than {most}; `--most` shows more.", err=True)


def _line(kept: KeptReservation) -> str:
    claim = kept.claim
    event_type = "a dynamic event" if claim.event_type_id is None else f"event type {claim.event_type_id}"
    hosts = ",".join(map(str, claim.host_ids))
    time = f"{utc_text(claim.start)} to {utc_text(claim.end)}"
    return f"{kept.uid}\t{event_type}\thosts {hosts}\t{time}\tuntil {utc_text(kept.until)}"


def _json(kept: KeptReservation) -> bytes:
    return orjson.dumps(
        {
            "reservationUid": kept.uid,
            "eventTypeId": kept.claim.event_type_id,
            "hostIds": kept.claim.host_ids,
            "slotStart": utc_text(kept.claim.start),
            "slotEnd": utc_text(kept.claim.end),
            "reservationUntil": utc_text(kept.until),
        }
    )


@holds.command(epilog=examples("holds release 3f5ba25c-0674-1aeb-8526-6f4059842ded"))
@click.argument("uid")
def release(uid: str) -> None:
    """End a reservation by its UID, at once, as `DELETE /v2/slots/reservations/UID` does: webhooks hear of it."""
    settings = read_settings()
    with told(), reachable(settings) as urls:
        released = uvloop.run(release_hold(settings, urls, uid))
    if not released:
        raise click.ClickException("there is no live reservation with this uid; `holds list` shows those there are")
    click.echo("The reservation is ended; its slot is free.")
