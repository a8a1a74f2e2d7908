"""`import-calcom`."""

import click
import uvloop

from app.application.stores import reachable
from app.application.worlds import import_from_calcom
from app.commands.shared import examples, progress, read_settings, told
from app.import_report import import_report


@click.command("import-calcom", epilog=examples("import-calcom --from postgresql://localhost/calendso"))
@click.option(
    "--from",
    "source_url",
    required=True,
    envvar="CALCOM_DATABASE_URL",
    show_envvar=True,
    help="URL of Cal.com's PostgreSQL, as its DATABASE_URL. In the environment others cannot see it.",
)
def import_calcom(source_url: str) -> None:
    """Bring in the data of a self-hosted Cal.com.

    That is people, schedules, teams, event types, bookings, absences and API keys.

    Its database is only read, as it stands at one moment. All or nothing: what makes no sense there is left out and
    named at the end, with what has no counterpart here. Ids, uids and keys stay as they are; bookings and
    memberships have new numbers. Meanwhile slots can be listed and reserved. Changes of imported bookings wait, and
    from the first one with a new time on all bookings do.

    Run it again to follow Cal.com. Afterwards, what came from there is as it is there: changes made here to it are
    undone, and what is gone there is deleted here with what hangs on it. What can no longer be read stays as it was,
    and so do people who have bookings that were made here. What was made here otherwise is left alone; where it has
    an id, uid or name that Cal.com uses, nothing is imported. So import into an empty database, and make nothing by
    hand before the last import but bookings.
    """
    settings = read_settings()
    with told(), reachable(settings) as urls, progress() as tell:
        imported = uvloop.run(import_from_calcom(settings, urls, source_url, tell))
    click.echo("\n".join(import_report(imported)))
