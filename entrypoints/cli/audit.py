"""`tasador audit`: every valuation on record, and the proof that nobody changed it."""

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from application.verify_evidence import Verification
from config.loader import LoadedSettings
from config.log_lines import on_one_line
from domain.evidence_faults import Fault
from domain.evidence_heads import Heads
from entrypoints.cli import audit_keeping, audit_replay, audit_show, overriding
from entrypoints.cli.output_file import write_json
from entrypoints.cli.progress import progress_bars
from entrypoints.cli.report.words import count
from entrypoints.cli.session import configured, container_of, json_option, print_json, tell

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """The valuations on record: show, prove and replay them, export, prune and erase."""


for command in (
    audit_show.show,
    audit_replay.replay,
    overriding.override,
    audit_keeping.export,
    audit_keeping.erase,
    audit_keeping.prune,
):
    audit.add_command(command)


@audit.command()
@click.option("--segment", metavar="NAME", help="Only the records of this segment.")
@click.option(
    "--heads",
    "heads_file",
    type=_EXISTING,
    metavar="FILE",
    help="What `audit heads` exported once: finds a register that was cut off or written anew.",
)
@json_option
@configured
def verify(loaded: LoadedSettings, *, segment: str | None, heads_file: Path | None, as_json: bool) -> int:
    """Look for records that were changed, removed, inserted or moved; exit code 1 if there are any."""
    heads = _heads_in(heads_file) if heads_file else None
    with progress_bars() as watch:
        found = container_of(loaded).verify_evidence()(segment, heads, watch)
    if as_json:
        print_json({"sound": found.sound} | msgspec.to_builtins(found))
    else:
        for fault in found.faults:
            click.echo(_line(fault))
        for line in _told(found):
            click.echo(line)
    if not found.sound:
        tell(f"{count(len(found.faults), 'fault')} found in the evidence")
    return 0 if found.sound else 1


@audit.command()
@click.argument("output", required=False, type=click.Path(dir_okay=False, path_type=Path))
@json_option
@configured
def heads(loaded: LoadedSettings, *, output: Path | None, as_json: bool) -> None:
    """Export the signed heads, to be kept where nobody who can write here can write."""
    exported = container_of(loaded).export_heads()()
    if output is None:
        print_json(exported)
        return
    write_json(output, exported)
    if as_json:
        print_json({"output": str(output), "events": len(exported.all)})
        return
    last = f", the last is event {exported.last.signed.event.number}" if exported.last else ""
    click.echo(f"{count(len(exported.all), 'signed event')} written to {output}{last}: keep them elsewhere.")


@audit.command("signing-key")
@json_option
@configured
def signing_key(loaded: LoadedSettings, *, as_json: bool) -> None:
    """Show the public key that this machine's evidence is signed with, to pin it; made if there is none."""
    key = container_of(loaded).evidence_signer().public_key()
    if as_json:
        print_json({"public_key": key})
        return
    click.echo(f'[valuation_log]\ntrusted_keys = ["{key}"]')


def _heads_in(file: Path) -> Heads:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Heads)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{file} is not what `tasador audit heads` exports: {error}") from None


def _line(fault: Fault) -> str:
    return on_one_line(f"segment {fault.segment}: {fault.said}" if fault.segment else fault.said)


def _told(found: Verification) -> Iterator[str]:
    """What was looked at, in words; where something is wrong with it, no more than how much that was."""
    events, segments = count(found.events, "event"), count(found.segments, "segment")
    if not found.sound:
        yield f"looked at: {events} of the register, {count(found.records, 'record')} in {segments}"
    elif not found.events:
        yield "Nothing is on record yet."
    else:
        yield f"register: {events}, in order, each signed by a trusted key"
        yield f"records: {found.records:,} in {segments}, each as it was recorded"
    if found.open_segments:
        yield (
            f"note: {count(found.open_segments, 'segment')} with {count(found.open_records, 'record')} not sealed yet: "
            "what is cut off at an open end cannot be missed"
        )
    if found.untended:
        yield f"note: verified as it lies there, nothing could be sealed first: {on_one_line(found.untended)}"
    if found.sound and found.erased:
        yield f"erased: the content of {count(found.erased, 'record')}, as registered"
    if found.sound and found.pruned:
        yield f"pruned: {count(found.pruned, 'segment')}, as registered"
    if found.sound and found.heads is not None:
        yield f"heads: {count(found.heads, 'exported event')}, all in the register"
