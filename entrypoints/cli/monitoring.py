"""`tasador monitor`: the served model against the world."""

import secrets
from datetime import datetime
from pathlib import Path

import click
import msgspec

from config.loader import LoadedSettings
from entrypoints.cli.drift import drift
from entrypoints.cli.moments import since_option, until_option
from entrypoints.cli.output_file import check_writable, write_whole
from entrypoints.cli.report.words import count as counted
from entrypoints.cli.session import configured, container_of, json_option, operator, print_json, print_table

_LARGEST_SEED = 2**63 - 1


@click.group()
def monitor() -> None:
    """Hold the served model against the world: drift, later sales, samples to be reviewed."""


monitor.add_command(drift)


@monitor.command()
@since_option
@until_option
@click.option("--version", metavar="V", help="Only valuations by this version of the model.")
@json_option
@configured
def coverage(
    loaded: LoadedSettings, *, since: datetime | None, until: datetime | None, version: str | None, as_json: bool
) -> None:
    """Hold valuations against the prices that their homes were sold for later."""
    study = container_of(loaded).study_coverage()(since, until, version)
    if as_json:
        print_json(study)
        return
    from entrypoints.cli.coverage_tables import coverage_tables

    print_table(coverage_tables(study))


@monitor.command()
@click.argument("output", metavar="[OUTPUT.csv]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--count", required=True, type=click.IntRange(min=1), help="How many valuations to draw.")
@click.option("--seed", type=click.IntRange(0, _LARGEST_SEED), help="Draws the same again (default: a new one).")
@since_option
@until_option
@json_option
@configured
def sample(
    loaded: LoadedSettings,
    *,
    output: Path | None,
    count: int,
    seed: int | None,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """Draw valuations at random, to be reviewed by hand. The draw goes on record."""
    from entrypoints.cli.sample_table import sample_csv, sample_table

    if output:
        check_writable(output)  # a draw that nobody gets to see is on record all the same
    seed = secrets.randbelow(2**32) if seed is None else seed
    drawn = container_of(loaded).sample_valuations()(count, seed, since, until, operator())
    if output:
        write_whole(output, sample_csv(drawn.valuations))
    made = drawn.sample
    if as_json:
        told = {"already_known": drawn.already_known, "samples_on_record": drawn.draws}
        print_json(msgspec.to_builtins(made) | told | {"output": str(output) if output else None})
        return
    if not output and drawn.valuations:
        print_table(sample_table(drawn.valuations))
    again = f"--count {count} --seed {seed} --until {made.until.isoformat()}"
    again += f" --since {made.since.isoformat()}" if made.since else ""
    click.echo(
        f"{len(drawn.valuations)} of {counted(made.population, 'valuation')} drawn"
        + (f" to {output}" if output else "")
        + f"; {again} draws the same again."
    )
    click.echo(
        f"This draw was on record already, from {made.at:%Y-%m-%d %H:%M} UTC by {made.by}."
        if drawn.already_known
        else f"The draw is on record: {counted(drawn.draws, 'sample')} until now."
    )
