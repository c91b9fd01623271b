"""`tasador keys`: issue, list, rotate and revoke API keys."""

from collections.abc import Sequence

import click
from rich.table import Column, Table
from rich.text import Text

from application.issue_key import IssuedKey
from application.list_keys import ListedKey
from config.loader import LoadedSettings
from domain.api_key import LONGEST_NAME, ApiKey, KeyAdmin, KeyState, Scope, parse_lifetime, parse_overlap
from entrypoints.cli.session import configured, container_of, json_option, operator, print_json, print_table, tell

_ID = click.argument("key_id", metavar="ID")


@click.group()
def keys() -> None:
    """Issue, list, rotate and revoke API keys."""


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
    issued = container_of(loaded).issue_key()(label, scopes, local_admin(), lifetime)
    if as_json:
        print_json(_shown(issued.key, "active") | {"token": issued.token})
        return
    _show_once(issued)


@keys.command("list")
@json_option
@configured
def list_keys(loaded: LoadedSettings, *, as_json: bool) -> int:
    """List the keys, oldest first; never their secrets. Exit code 1 if some cannot be read."""
    known = container_of(loaded).list_keys()()
    if as_json:
        print_json([_shown(listed.key, listed.state) for listed in known.keys])
    elif known.keys or not known.faults:
        _print_keys(known.keys)
    for fault in known.faults:
        tell(fault)
    return 1 if known.faults else 0


@keys.command()
@_ID
@click.option("--reason", default="", help="Why, in one line; it is kept with the key.")
@click.option("--force", is_flag=True, help="Also where no key is left then that may manage keys.")
@json_option
@configured
def revoke(loaded: LoadedSettings, *, key_id: str, reason: str, force: bool, as_json: bool) -> None:
    """Revoke a key for good."""
    revoked = container_of(loaded).revoke_key()(key_id, local_admin(), reason, force=force)
    if as_json:
        print_json(_shown(revoked, "revoked"))
        return
    click.echo(f"Key {revoked.id} ('{revoked.label}') is revoked and will not open the door again.")


@keys.command()
@_ID
@click.option(
    "--overlap", default="1h", show_default=True, help="How long the old key stays valid, such as 0m, 1h, 2d."
)
@click.option("--expires-in", help="How long the new key lives (default: as long as the old one was given).")
@click.option("--force", is_flag=True, help="Also where a key that may manage keys would end sooner for it.")
@json_option
@configured
def rotate(
    loaded: LoadedSettings, *, key_id: str, overlap: str, expires_in: str | None, force: bool, as_json: bool
) -> None:
    """Issue a key in the place of another, which stays valid for a while."""
    lifetime = None if expires_in is None else parse_lifetime(expires_in)
    rotate_key = container_of(loaded).rotate_key()
    rotated = rotate_key(key_id, local_admin(), parse_overlap(overlap), lifetime, force=force)
    if as_json:
        replaced = {"id": rotated.old.id, "expires_at": rotated.old.expires_at}
        print_json(_shown(rotated.issued.key, "active") | {"token": rotated.issued.token, "replaces": replaced})
        return
    _show_once(rotated.issued)
    click.echo(f"It replaces key {rotated.old.id}, which is valid until {rotated.old.expires_at:%Y-%m-%d %H:%M} UTC.")


@keys.command()
@click.argument("key_id", metavar="[ID]", required=False)
@json_option
@configured
def events(loaded: LoadedSettings, *, key_id: str | None, as_json: bool) -> None:
    """List what has happened to the keys, or to one of them, oldest first."""
    known = container_of(loaded).list_key_events()(key_id)
    if as_json:
        print_json(known)
        return
    table = Table(
        Column("at, UTC", no_wrap=True),
        "what",
        Column("key", no_wrap=True),
        Column("by", overflow="fold"),
        Column("more", overflow="fold"),
        box=None,
    )
    for event in known:
        what = event.action.replace("_", " ")
        table.add_row(f"{event.at:%Y-%m-%d %H:%M:%S}", what, event.key_id, Text(event.by), Text(event.detail))
    print_table(table if known else "Nothing has happened to any key yet.")


@keys.command("rotate-pepper")
@json_option
@configured
def rotate_pepper(loaded: LoadedSettings, *, as_json: bool) -> None:
    """Hash new keys under a new pepper; those issued so far stay valid until they expire."""
    pepper = container_of(loaded).rotate_pepper()(local_admin())
    if as_json:
        print_json({"pepper": pepper})
        return
    click.echo(
        f"New keys are hashed under pepper {pepper} from now on; keys issued before stay valid until they expire.\n"
        "Back the secret up again: without it no key can be checked."
    )


def local_admin() -> KeyAdmin:
    """Who runs the command: whoever may read the secrets of the service may manage its keys."""
    name = "".join(letter for letter in operator() if letter.isprintable())
    return KeyAdmin(name[:LONGEST_NAME])


def _show_once(issued: IssuedKey) -> None:
    key = issued.key
    click.echo(f"{issued.token}\n")
    click.echo(
        f"This is key {key.id} for '{key.label}' ({', '.join(sorted(key.scopes))}), valid until "
        f"{key.expires_at:%Y-%m-%d %H:%M} UTC. It is shown only now: keep it safe."
    )


def _print_keys(known: Sequence[ListedKey]) -> None:
    table = Table(
        Column("id", no_wrap=True),
        Column("label", overflow="fold"),
        Column("scopes", overflow="fold"),
        Column("created", no_wrap=True),
        Column("expires, UTC", no_wrap=True),
        "last used, UTC",
        Column("state", overflow="fold"),
        box=None,
    )
    for listed in known:
        key = listed.key
        scopes = " ".join(sorted(key.scopes))
        created, expires = f"{key.created_at:%Y-%m-%d}", f"{key.expires_at:%Y-%m-%d %H:%M}"
        used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
        table.add_row(key.id, Text(key.label), scopes, created, expires, used, Text(_state_in_words(key, listed.state)))
    print_table(table if known else "There are no keys yet: create one with `tasador keys create --label ...`.")


def _state_in_words(key: ApiKey, state: KeyState) -> str:
    if key.revoked_at is not None:
        by = f" by {key.revoked_by}" if key.revoked_by else ""
        return f"revoked{by}{f': {key.revoked_because}' if key.revoked_because else ''}"
    return f"{state}, replaced by {key.replaced_by}" if key.replaced_by else state


def _shown(key: ApiKey, state: KeyState) -> dict[str, object]:
    return {
        "id": key.id,
        "label": key.label,
        "scopes": sorted(key.scopes),
        "state": state,
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
        "revoked_by": key.revoked_by,
        "revoked_because": key.revoked_because,
        "replaced_by": key.replaced_by,
    }
