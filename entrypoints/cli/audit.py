"""`tasador audit`: every valuation on record, and the proof that nobody changed it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from application.verify_evidence import Verification
from config.loader import LoadedSettings
from config.log_lines import on_one_line
from config.settings import ValuationLogSettings
from domain.errors import ValuationLogUnavailable
from domain.evidence_heads import Heads
from entrypoints.cli import audit_keeping, audit_replay, audit_show, overriding
from entrypoints.cli.output_file import write_json
from entrypoints.cli.progress import progress_bars
from entrypoints.cli.report.words import count
from entrypoints.cli.session import configured, container_of, json_option, print_json, tell

if TYPE_CHECKING:
    from config.container import Container

_TIMES_TOO_LONG = 2
_STANDARD_OUTPUT = Path("-")
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
    audit_keeping.adopt,
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
    missing = _missing_place(loaded.settings.valuation_log)
    container = container_of(loaded)
    with progress_bars() as watch:
        found = container.verify_evidence()({segment} if segment else None, heads, watch)
    if missing and found.sound and not found.events:  # no evidence is not sound evidence
        raise ValuationLogUnavailable(
            f"There is no evidence to verify: {missing} does not exist. Nothing was recorded yet, it was taken away, "
            "or the settings of valuation_log name another place."
        )
    if as_json:
        print_json({"sound": found.sound} | msgspec.to_builtins(found))
    else:
        for fault in found.faults:
            click.echo(on_one_line(fault.line))
        for line in (*_told(found), *_noted(found, loaded, container)):
            click.echo(line)
    if not found.sound:
        tell(f"{count(len(found.faults), 'fault')} found in the evidence")
    return 0 if found.sound else 1


@audit.command()
@click.argument("output", required=False, type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@json_option
@configured
def heads(loaded: LoadedSettings, *, output: Path | None, as_json: bool) -> None:
    """Export the signed heads, to be kept where nobody who can write here can write."""
    exported = container_of(loaded).export_heads()()
    if output is None or output == _STANDARD_OUTPUT:
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
    container = container_of(loaded)
    if not container.evidence_archive().events():
        container.evidence_signer().begin()
    key = container.evidence_signer().public_key()
    if as_json:
        print_json({"public_key": key})
        return
    click.echo(f'[valuation_log]\ntrusted_keys = ["{key}"]')


def _missing_place(log: ValuationLogSettings) -> Path | None:
    """The folder or file that the evidence should be in, where there is none."""
    _, is_file, file = log.url.partition("sqlite:///")
    place = log.path if log.kind == "jsonl" else Path(file) if is_file else None
    return place if place and not place.exists() else None


def _heads_in(file: Path) -> Heads:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Heads)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{file} is not what `tasador audit heads` exports: {error}") from None


def _noted(found: Verification, loaded: LoadedSettings, container: "Container") -> Iterator[str]:
    """What lets others change evidence unseen, though nothing is wrong yet."""
    if oldest := found.oldest_open:
        minutes = loaded.settings.valuation_log.segment_minutes
        open_for = (container.clock().now() - oldest.since) / timedelta(minutes=1)
        if open_for > _TIMES_TOO_LONG * minutes:
            yield (
                f"note: segment {oldest.segment} has been open for {open_for:,.0f} minutes, and segment_minutes is "
                f"{minutes}: is the service that writes it, or anybody who holds its lock, stuck?"
            )
    for gone in found.fences_gone:
        yield on_one_line(f"note: {gone}")


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
