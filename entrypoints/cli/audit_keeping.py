"""`tasador audit export`, `erase`, `prune` and `adopt`: what is handed out, let go of, and taken over."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from application.export_client import ClientEvidence
from config.loader import LoadedSettings
from config.log_lines import on_one_line
from domain.duration import parse_duration
from domain.evidence_faults import Fault
from domain.follow_up import Outcome, ReviewSample, ValuerOverride
from domain.reason import LONGEST_REASON, reason_fits
from entrypoints.cli.missing_valuation import telling_why_missing
from entrypoints.cli.output_file import write_json
from entrypoints.cli.report.words import count
from entrypoints.cli.session import configured, container_of, json_option, operator, print_json, tell

if TYPE_CHECKING:
    from config.container import Container

_client_option = click.option("--client-ref", metavar="REF", help="The client's own reference.")
_dry_run_option = click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
_yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command()
@click.option("--client-ref", required=True, metavar="REF", help="The client's own reference.")
@click.argument("output", required=False, type=click.Path(dir_okay=False, path_type=Path))
@json_option
@configured
def export(loaded: LoadedSettings, *, client_ref: str, output: Path | None, as_json: bool) -> int:
    """Export all that is kept under a client's reference, as one JSON document; exit code 1 if it is not whole."""
    container = container_of(loaded)
    found = container.export_client()(client_ref)
    faults = [
        *container.vouch_for_evidence()({each.id for each in found.valuations}).faults,
        *(Fault(f"{place}: it cannot be read") for place in found.damaged),
    ]
    document = _document(found) | {"faults": faults}
    if output is None:
        print_json(document)
    else:
        write_json(output, document)
        if as_json:
            counts = {"valuations": len(found.valuations), "follow_ups": len(found.follow_ups), "faults": len(faults)}
            print_json({"output": str(output)} | counts)
        else:
            said = count(len(found.follow_ups), "word said of them", "words said of them")
            click.echo(f"{count(len(found.valuations), 'valuation')} and {said} written to {output}.")
    if faults:
        tell(on_one_line(f"not all of it is whole, and the document says so: {faults[0].line}"))
    return 1 if faults else 0


def _checked_reason(_: click.Context, __: click.Parameter, because: str) -> str:
    if not because.strip() or not reason_fits(because):
        raise click.BadParameter(f"give one line of at most {LONGEST_REASON} characters; it is kept for good")
    return because.strip()


@click.command()
@_client_option
@click.option("--id", "ids", multiple=True, metavar="ID", help="A valuation; repeat for several.")
@click.option(
    "--because",
    required=True,
    metavar="WHY",
    callback=_checked_reason,
    help="Why, in one line. It is kept for good: name nobody in it.",
)
@_dry_run_option
@_yes_option
@json_option
@configured
def erase(
    loaded: LoadedSettings,
    *,
    client_ref: str | None,
    ids: tuple[str, ...],
    because: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Erase valuations for good, with all that was said of them; the rest stays proven."""
    if (client_ref is None) == (not ids):
        raise click.UsageError("give --client-ref, or --id")
    container = container_of(loaded)
    erase_evidence = container.erase_evidence()
    found = _checked(container, ids) if client_ref is None else erase_evidence.of_client(client_ref)
    if dry_run:
        if as_json:
            print_json({"valuations": found, "records": None, "dry_run": True})
        else:
            for valuation_id in found:
                click.echo(f"{valuation_id}: would be erased")
            click.echo(f"{count(len(found), 'valuation')} would be erased, with all that was said of them")
        return 0
    if not _agreed(f"Erase {count(len(found), 'valuation')} for good?", yes=yes):
        tell("nothing was erased.")
        return 1
    records = erase_evidence(found, operator(), because)
    container.loggers().service.info("evidence erased", by=operator(), valuations=len(found), records=records)
    if as_json:
        print_json({"valuations": found, "records": records, "dry_run": False})
    else:
        click.echo(
            f"{count(len(found), 'valuation')} erased, {count(records, 'record')} in all; the register tells why."
        )
    return 0


@click.command()
@click.option("--older-than", metavar="TIME", help="Such as 365d (default: valuation_log.retention_days).")
@_dry_run_option
@_yes_option
@json_option
@configured
def prune(loaded: LoadedSettings, *, older_than: str | None, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Remove the segments whose records are all older, for good; the register keeps that they were there."""
    age = _age(older_than, loaded)
    container = container_of(loaded)
    prune_evidence = container.prune_evidence()
    found = prune_evidence(age, operator(), dry_run=True)
    if found.segments and not dry_run:
        told = f"{count(found.entries, 'record')} in {count(len(found.segments), 'segment')}"
        if not _agreed(f"Remove {told} for good?", yes=yes):
            tell("nothing was removed.")
            return 1
        found = prune_evidence(age, operator())
        container.loggers().service.info(
            "evidence pruned", by=operator(), segments=len(found.segments), records=found.entries
        )
    if as_json:
        print_json({"segments": found.segments, "records": found.entries, "dry_run": dry_run})
        return 0
    done = "would be removed" if dry_run else "removed"
    for segment in found.segments:
        click.echo(f"{segment}: {done}")
    click.echo(f"{count(found.entries, 'record')} in {count(len(found.segments), 'segment')} {done}")
    return 0


@click.command()
@_dry_run_option
@json_option
@configured
def adopt(loaded: LoadedSettings, *, dry_run: bool, as_json: bool) -> int:
    """Chain and seal what an older Tasador kept in plain files; exit code 1 if some of them must be left."""
    container = container_of(loaded)
    found = container.evidence_archive().adopt(dry_run=dry_run)
    if found.sources and not dry_run:
        container.loggers().service.info(
            "evidence adopted", by=operator(), files=len(found.sources), records=found.records
        )
    if as_json:
        print_json({"files": found.sources, "records": found.records, "left": found.left, "dry_run": dry_run})
    else:
        done = "would be adopted" if dry_run else "adopted"
        for source in found.sources:
            click.echo(f"{source}: {done}")
        click.echo(f"{count(found.records, 'record')} of {count(len(found.sources), 'older file')} {done}")
        if found.records and not dry_run:
            click.echo("note: chained and sealed from now on; what happened to them before, nothing can prove")
    for why in found.left:
        tell(why)
    return 1 if found.left else 0


def _checked(container: "Container", ids: tuple[str, ...]) -> tuple[str, ...]:
    for valuation_id in ids:
        with telling_why_missing(container, valuation_id):
            container.erase_evidence().check(valuation_id)
    return tuple(dict.fromkeys(ids))


def _age(older_than: str | None, loaded: LoadedSettings) -> timedelta:
    if older_than is None:
        days = loaded.settings.valuation_log.retention_days
        if days is None:
            raise click.UsageError("give --older-than, such as 365d, or set valuation_log.retention_days.")
        return timedelta(days=days)
    age = parse_duration(older_than)
    if age is None:
        raise click.BadParameter("give a time such as 12h, 30d, 52w", param_hint="--older-than")
    return age


def _agreed(question: str, *, yes: bool) -> bool:
    """Whether who runs the command says yes. Raises UsageError where nobody can be asked."""
    if yes:
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: give --yes, or --dry-run to see what would be done")
    return click.confirm(question, err=True)


def _document(found: ClientEvidence) -> dict[str, Any]:
    said: dict[str, list[Any]] = {"outcomes": [], "overrides": []}
    for each in found.follow_ups:
        match each:
            case Outcome():
                said["outcomes"].append(each)
            case ValuerOverride():
                said["overrides"].append(each)
            case ReviewSample():  # is about no client
                pass
    return {"client_ref": found.client_ref, "valuations": found.valuations} | said
