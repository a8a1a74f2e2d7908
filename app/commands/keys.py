"""`keys`: API keys and access tokens."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
import uvloop

from app.api.instants import utc_text
from app.application.clock import now
from app.application.keys import with_credentials
from app.application.stores import reachable
from app.commands.shared import examples, read_settings, told
from app.domain.time_ranges import DAY
from app.storage.postgres.credentials import Credential, CredentialKind, PostgresCredentials

Result = TypeVar("Result")


@click.group(epilog=examples("keys create 1 --days 30", "keys list", "keys revoke 1"))
def keys() -> None:
    """Make, list and revoke API keys and access tokens."""


@keys.command(epilog=examples("keys create 1", "keys create 1 --days 30 --access-token"))
@click.argument("user_id", type=int)
@click.option("--days", type=click.IntRange(1, 36_500), help="How long it is good for. [default: for ever]")
@click.option("--access-token", is_flag=True, help="Make an access token, not an API key (cal_...).")
def create(user_id: int, days: int | None, *, access_token: bool) -> None:
    """Make a key for a user, by id. It is shown once, here, and kept only as a hash."""
    kind = CredentialKind.ACCESS_TOKEN if access_token else CredentialKind.API_KEY
    expires_at = None if days is None else now() + days * DAY
    key_id, token = _with_credentials(lambda credentials: credentials.create(user_id, kind, expires_at))
    click.echo(token)
    click.echo(f"This is key {key_id}. It is not shown again; `keys revoke {key_id}` ends it.", err=True)


@keys.command("list", epilog=examples("keys list --user 1"))
@click.option("--user", "user_id", type=int, help="Only this user's, by id.")
def list_keys(user_id: int | None) -> None:
    """List keys: id, user, kind, first characters, and how they stand."""
    for key in _with_credentials(lambda credentials: credentials.list_all(user_id)):
        click.echo(f"{key.id}\tuser {key.user_id}\t{key.kind.value}\t{key.hint}...\t{_standing(key)}")


def _standing(key: Credential) -> str:
    if key.revoked_at is not None:
        return f"revoked {utc_text(key.revoked_at)}"
    if key.expires_at is None:
        return "good for ever"
    return f"{'expired' if key.expires_at <= now() else 'good until'} {utc_text(key.expires_at)}"


@keys.command(epilog=examples("keys revoke 1"))
@click.argument("key_id", type=int)
def revoke(key_id: int) -> None:
    """End a key, at once and for good."""
    if not _with_credentials(lambda credentials: credentials.revoke(key_id)):
        raise click.ClickException(f"there is no key {key_id} that is still good; `keys list` shows those there are")
    click.echo(f"Key {key_id} is revoked.")


def _with_credentials(use: Callable[[PostgresCredentials], Awaitable[Result]]) -> Result:
    settings = read_settings()
    with told(), reachable(settings) as urls:
        return uvloop.run(with_credentials(settings, urls, use))
