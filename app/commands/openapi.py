"""`openapi`: the description."""

import click

from app.api.app import document_text
from app.commands.shared import examples


@click.command(epilog=examples("openapi >openapi.json"))
def openapi() -> None:
    """Print the API's OpenAPI document. `GET /v2/openapi.json` gives the same."""
    click.echo(document_text())
