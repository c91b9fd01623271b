"""`tasador monitor drift`: whether the homes asked for are still those that a model learned from."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from config.loader import LoadedSettings
from domain.drift import MOST_DAYS, VALUE, DriftStudy, FeatureDrift
from entrypoints.cli.output_file import check_writable, write_page
from entrypoints.cli.report.words import middle
from entrypoints.cli.session import configured, container_of, json_option, print_json, print_table

if TYPE_CHECKING:
    from application.served_model import ServedVersion
    from config.container import Container


@click.command()
@click.option("--version", "version", metavar="V", help="The stored version (default: the served one).")
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    help="How many days to look back (default: monitoring.drift_days).",
)
@click.option(
    "--report",
    metavar="FILE.html",
    type=click.Path(path_type=Path),
    help="Write all of it, with charts, to one page that works offline.",
)
@json_option
@configured
def drift(loaded: LoadedSettings, *, version: str | None, days: int | None, report: Path | None, as_json: bool) -> None:
    """Hold the homes that a version valued against those it learned from."""
    if report:
        check_writable(report)
    container = container_of(loaded)
    stored = _stored(container, version)
    study = container.study_drift()(stored, days)
    if report:
        from entrypoints.cli.report.drift_page import rendered

        write_page(report, rendered(study))
    if as_json:
        from entrypoints.http.drift_answer import DriftAnswer

        print_json(DriftAnswer.of(study))
        return
    click.echo(
        f"{study.version}: {study.homes:,} different homes in {study.valuations:,} valuations from "
        f"{study.since:%Y-%m-%d} to {study.until:%Y-%m-%d}, held against {study.training_homes:,} homes learned from"
    )
    if study.is_enough:
        print_table(_table(study))
        click.echo(
            f"PSI: the population stability index, how far both distributions lie apart; told of from {study.psi:g}"
        )
    for sentence in study.sentences:
        click.echo(sentence)
    if report:
        click.echo(f"The report: {report}")


def _stored(container: "Container", version: str | None) -> "ServedVersion":
    """The version asked for, or the one that a service would serve. Raises NoModelServed, ModelNotFound and others."""
    if version is None:
        served = container.served_model()
        served.refresh()
        return served.current()
    from application.served_model import loaded_version

    return loaded_version(container.model_repository(), version)


def _table(study: DriftStudy) -> Table:
    table = Table("what", "now", "in training", "PSI", "p, corrected", "", box=None, padding=(0, 2, 0, 0))
    for column in table.columns[1:5]:
        column.justify = "right"
    for row in _rows(study):
        table.add_row(*map(Text, row))
    return table


def _rows(study: DriftStudy) -> Iterator[tuple[str, ...]]:
    for each in study.features:
        now, then = (middle(quartiles, each.name) for quartiles in (each.quartiles, each.training_quartiles))
        yield _what(each, study.currency), now, then, _figure(each.psi), _probability(each.p_corrected), _mark(each)
    for share in study.shares:
        now, then = _share(share.hits, share.homes), _share(share.training_hits, share.training_homes)
        name = f"{share.kind} {share.feature}" if share.feature else share.kind.replace("_", " ")
        yield name, now, then, "", _probability(share.p_corrected), "DRIFTED" if share.drifted else ""


def _share(hits: int, homes: int) -> str:
    return f"{hits / homes:.1%}" if homes else "-"


def _figure(psi: float | None) -> str:
    return "-" if psi is None else f"{psi:.3f}"


def _probability(p: float | None) -> str:
    return "-" if p is None else f"{p:.2g}" if p >= 1e-4 else "< 0.0001"


def _what(each: FeatureDrift, currency: str) -> str:
    return f"value ({currency}, at the index's reference day)" if each.name == VALUE else each.name


def _mark(each: FeatureDrift) -> str:
    return "DRIFTED" if each.drifted else "differs, by less than is told of" if each.differs else ""
