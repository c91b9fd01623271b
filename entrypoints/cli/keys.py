"""`tasador keys`: issue, list and revoke API keys."""

import click
from rich.table import Column, Table
from rich.text import Text

from config.loader import LoadedSettings
from domain.api_key import ApiKey, Scope, parse_lifetime
from entrypoints.cli.session import configured, container_of, json_option, print_json, print_table


@click.group()
def keys() -> None:
    """Issue, list and revoke API keys."""


@keys.command()
@click.option("--label", required=True, help="Whose key it is, or what for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=[Scope.VALUE.value],
    show_default=True,
    help=f"What it may do; repeat for several: {', '.join(Scope)}.",
)
@click.option("--expires-in", default="90d", show_default=True, help="How long it lives, such as 12h, 30d, 8w.")
@json_option
@configured
def create(loaded: LoadedSettings, *, label: str, scopes: tuple[str, ...], expires_in: str, as_json: bool) -> None:
    """Issue a key. Its token is shown this once and is not kept."""
    lifetime = parse_lifetime(expires_in)
    issued = container_of(loaded).issue_key()(label, scopes, lifetime)
    if as_json:
        print_json(_shown(issued.key) | {"token": issued.token})
        return
    click.echo(f"{issued.token}\n")
    click.echo(
        f"This is key {issued.key.id} for '{issued.key.label}' ({', '.join(sorted(issued.key.scopes))}), valid until "
        f"{issued.key.expires_at:%Y-%m-%d %H:%M} UTC. It is shown only now: keep it safe."
    )


@keys.command("list")
@json_option
@configured
def list_keys(loaded: LoadedSettings, *, as_json: bool) -> None:
    """List the keys, oldest first; never their secrets."""
    known = container_of(loaded).list_keys()()
    if as_json:
        print_json([_shown(listed.key) | {"state": listed.state} for listed in known])
        return
    table = Table("id", "label", "scopes", "created", Column("expires, UTC", no_wrap=True), "state", box=None)
    for listed in known:
        key = listed.key
        scopes = " ".join(sorted(key.scopes))
        created, expires = f"{key.created_at:%Y-%m-%d}", f"{key.expires_at:%Y-%m-%d %H:%M}"
        table.add_row(key.id, Text(key.label), scopes, created, expires, listed.state)
    print_table(table if known else "There are no keys yet: create one with `tasador keys create --label ...`.")


@keys.command()
@click.argument("key_id", metavar="ID")
@json_option
@configured
def revoke(loaded: LoadedSettings, *, key_id: str, as_json: bool) -> None:
    """Revoke a key for good."""
    revoked = container_of(loaded).revoke_key()(key_id)
    if as_json:
        print_json(_shown(revoked))
        return
    click.echo(f"Key {revoked.id} ('{revoked.label}') is revoked and will not open the door again.")


def _shown(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "label": key.label,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
