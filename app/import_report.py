"""What `import-calcom` says at its end, for people to read."""

from collections.abc import Iterator, Mapping
from typing import Final

from app.application.worlds import Imported
from app.storage.calcom.report import Tally

NOT_TAKEN: Final[Mapping[str, str]] = {
    "SelectedCalendar": "calendars to look at for conflicts: what they report takes no time here",
    "Credential": "connected apps",
    "Availability": "hours that belong to no schedule",
    "Webhook": "webhooks",
    "Workflow": "workflows",
    "App_RoutingForms_Form": "routing forms",
    "Payment": "payments",
    "HashedLink": "private links",
    "PlatformOAuthClient": "OAuth clients of the platform",
    "SelectedSlots": "slots being held at this moment",
    "UserHolidaySettings": "public holidays of people: those days are on offer here",
    "Attribute": "attributes of members",
}
"""What the tables hold that are counted and not taken."""


def import_report(imported: Imported) -> Iterator[str]:
    """Yield the lines of the report."""
    report, findings = imported.report, imported.findings
    yield f"Taken from Cal.com: {_counts(report.counts)}."
    for verb, attribute in (("Added", "added"), ("Changed", "changed"), ("Deleted", "deleted")):
        yield f"{verb} here: {_counts({name: getattr(one, attribute) for name, one in report.changes.items()})}."
    if report.overlapping_bookings:
        yield (
            f"Marked as imported, because they share a host's time with others: bookings {report.overlapping_bookings}."
        )
    if report.staying_user_ids:
        named = ", ".join(map(str, report.staying_user_ids))
        yield f"Gone there, but they stay because of bookings made here: users {named}."
    if findings.left_out:
        yield "Left out, because it makes no sense or needs what was left out; what came of it earlier stays as it was:"
        yield from (f"  {name} {_tally(tally)}" for name, tally in findings.left_out.items())
    if findings.unmatched or findings.not_taken:
        yield "Without a counterpart here:"
        yield from (f"  {name}, {what}: {_tally(tally)}" for (name, what), tally in findings.unmatched.items())
        yield from (f"  {NOT_TAKEN[table]}: {count}" for table, count in findings.not_taken.items())


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "nothing"


def _tally(tally: Tally) -> str:
    more = "; …" if tally.count > len(tally.examples) else ""
    return f"{tally.count} ({'; '.join(tally.examples)}{more})"
