"""`doctor`: says what is wrong, and what to do."""

import sys

import click
import orjson
import uvloop

from app.application.stores import reachable
from app.checkup import Finding, Verdict, check_up
from app.commands.shared import examples, read_settings, told

_COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.WRONG: "red"}


@click.command(epilog=examples("doctor", "doctor --json"))
@click.option("--json", "as_json", is_flag=True, help="One JSON object for programs.")
def doctor(*, as_json: bool) -> None:
    """Check the settings and both stores, and say what to do.

    Looks at versions, writes, connections, the schema, LISTEN, eviction, persistence and clocks, and changes nothing.
    Exits with 1 if anything is wrong; a warning alone is no error.
    """
    findings = _findings()
    click.echo(_json(findings) if as_json else "\n".join(map(_line, findings)))
    sys.exit(any(finding.verdict is Verdict.WRONG for finding in findings))


def _findings() -> list[Finding]:
    try:
        settings = read_settings()
    except click.ClickException as error:
        return [Finding("settings", Verdict.WRONG, error.message, "README's table of settings says what each takes.")]
    with told(), reachable(settings) as urls:
        return uvloop.run(check_up(settings, urls))


def _line(finding: Finding) -> str:
    verdict = click.style(f"{finding.verdict.value:8}", fg=_COLOURS[finding.verdict])
    advice = f"\n{'':8}{finding.advice}" if finding.advice else ""
    return f"{verdict}{finding.check}: {finding.found}{advice}"


def _json(findings: list[Finding]) -> bytes:
    listed = [
        {"check": one.check, "verdict": one.verdict.value, "found": one.found, "advice": one.advice} for one in findings
    ]
    wrong = any(one.verdict is Verdict.WRONG for one in findings)
    return orjson.dumps({"status": "wrong" if wrong else "ok", "checks": listed}, option=orjson.OPT_INDENT_2)
