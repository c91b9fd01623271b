"""`tasador train` and `tasador evaluate`."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import click

from application.ports.workforce import Workforce
from application.working_alone import ALONE
from config.loader import LoadedSettings
from config.log_lines import on_one_line
from config.settings import TrainingSettings
from domain.duration import parse_duration
from domain.model_version import ModelVersion
from entrypoints.cli.output_file import check_writable, write_page
from entrypoints.cli.progress import progress_bars
from entrypoints.cli.session import (
    configured,
    container_of,
    json_option,
    operator,
    print_json,
    print_table,
)
from entrypoints.cli.tables import judgement_table, model_table, recipes_table
from entrypoints.cli.training_run import TrainingRun, scheduled

if TYPE_CHECKING:
    from application.evaluate_model import Evaluation
    from application.train_model import TrainingReport
    from config.container import Container

RECIPES = get_args(get_type_hints(TrainingSettings)["recipe"])
_EXIT_CODES = """\b
Exit codes:
  0    trained; served, or stored without serving it
  1    refused or failed; what is served stays
  2    wrong usage or configuration
  3    stored, but the gate kept it from service (with --exit-codes; else 0)
  4    another training into this model repository is under way
  130  interrupted (Ctrl-C)
  143  terminated (SIGTERM)
"""


@click.command(epilog=_EXIT_CODES)
@click.option("--recipe", type=click.Choice(RECIPES), help="How to train (default: training.recipe).")
@click.option("--no-promote", is_flag=True, help="Store the model without serving it.")
@click.option("--force", is_flag=True, help="Serve it even if it is worse than the version in service; recorded.")
@click.option("--compare", is_flag=True, help="Cross-validate every recipe on these sales, and say how each does.")
@click.option("--engine", type=click.Choice(("local", "dask")), default="local", help="What cross-validates.")
@click.option("--scheduler", metavar="ADDRESS", help="Of the Dask cluster (default: one is started here).")
@click.option("--wait", metavar="TIME", help="Wait so long, such as 30m, for another training to end (default: not).")
@json_option
@scheduled
@configured
def train(
    loaded: LoadedSettings,
    *,
    run: TrainingRun,
    recipe: str | None,
    no_promote: bool,
    force: bool,
    compare: bool,
    engine: str,
    scheduler: str | None,
    wait: str | None,
    as_json: bool,
) -> None:
    """Train on the configured sales; store, judge and serve."""
    if no_promote and force:
        raise click.UsageError("--no-promote and --force contradict each other: give one of them.")
    patience = parse_duration(wait or "0m")
    if patience is None:
        raise click.BadParameter("give a time such as 10m, 2h", param_hint="--wait")
    if scheduler and engine != "dask":
        raise click.UsageError("--scheduler is that of a Dask cluster: give --engine dask too.")
    container = container_of(loaded)
    workforce = container.dask_workforce(scheduler) if engine == "dask" else nullcontext(ALONE)
    report = train_with(
        container, recipe, promote=not no_promote, force=force, compare=compare, workforce=workforce, wait=patience
    )
    run.came_to(report, asked_to_promote=not no_promote)
    if as_json:
        print_json(_shown(report))
        return
    print_table(model_table(report.stored, serving=report.promoted))
    if report.recipes:
        print_table(recipes_table(report.recipes, report.stored.card.currency))
    for note in report.notes:
        click.echo(f"note: {note}")
    if report.quarantine:
        click.echo(f"The rows that were set aside: {report.quarantine}")
    if not report.promoted:
        click.echo(f"Stored, not served: `tasador models promote {report.stored.version}` serves it.")


class _SalesFile(click.Path):
    """A file or a folder that is there, or a URL."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As it was given."""
        return value if "://" in value else super().convert(value, param, ctx)


@click.command()
@click.option("--version", "version", metavar="V", help="The stored version (default: the served one).")
@click.option(
    "--data",
    metavar="PATH",
    type=_SalesFile(exists=True),
    help="A file of sales, CSV or Parquet, or its URL (default: the version's own holdout).",
)
@click.option(
    "--report",
    metavar="FILE.html",
    type=click.Path(path_type=Path),
    help="Write all of it, with charts and a comparison, to one page that works offline.",
)
@json_option
@configured
def evaluate(
    loaded: LoadedSettings, *, version: str | None, data: str | None, report: Path | None, as_json: bool
) -> None:
    """Hold a stored model against sales: errors and ratio study."""
    if report:
        check_writable(report)
    container = container_of(loaded)
    given = container.sales_file(data) if data else None
    evaluation = container.evaluate_model()(version, given)
    judgement = evaluation.judgement
    if report:
        _write_report(container, evaluation, report)
    if as_json:
        from application.judge_model import studies_by_group

        print_json(
            {
                "version": evaluation.version.version,
                "recipe": evaluation.version.card.recipe,
                "source": evaluation.source,
                "own_holdout": evaluation.own_holdout,
                "rows": {
                    "used": judgement.metrics.count,
                    "quarantined": sum(evaluation.quarantined_by_reason.values()),
                    "quarantined_by_reason": evaluation.quarantined_by_reason,
                    "quarantine": evaluation.quarantine,
                },
                "notes": evaluation.notes,
                "metrics": judgement.metrics,
                "ratio_study": judgement.ratio_study,
                "interval": judgement.interval,
                "refused": judgement.refused,
                "by_group": studies_by_group(evaluation.appraised, evaluation.sales, evaluation.spellings),
            }
            | ({"report": str(report)} if report else {})
        )
        return
    facts = {
        "model": f"{evaluation.version.version} ({evaluation.version.card.recipe})",
        "sales": f"{judgement.metrics.count} of {evaluation.source}"
        + (", its own holdout" if evaluation.own_holdout else f", {_counted(evaluation.quarantined_by_reason)}"),
    }
    print_table(judgement_table(facts, judgement, evaluation.version.card.currency))
    for note in evaluation.notes:
        click.echo(f"note: {on_one_line(note)}")
    if evaluation.quarantine:
        click.echo(f"The rows that were set aside: {evaluation.quarantine}")
    if report:
        click.echo(f"The report: {report}")


def _write_report(container: "Container", evaluation: "Evaluation", file: Path) -> None:
    from entrypoints.cli.report.page import rendered

    with progress_bars() as watcher:
        report = container.build_report()(evaluation, watcher)
    write_page(file, rendered(report))


def _counted(by_reason: Mapping[str, int]) -> str:
    reasons = ", ".join(f"{count} x {reason}" for reason, count in by_reason.items())
    return f"{sum(by_reason.values())} set aside" + (f" ({reasons})" if reasons else "")


def train_with(
    container: "Container",
    recipe: str | None = None,
    *,
    promote: bool = True,
    force: bool = False,
    compare: bool = False,
    workforce: AbstractContextManager[Workforce] = nullcontext(ALONE),  # noqa: B008 (it can be entered again)
    wait: timedelta = timedelta(0),
) -> "TrainingReport":
    """Trains, one at a time, with progress bars where somebody watches. Raises TrainingBusy after `wait`."""
    with container.training_lock().held(operator(), wait), workforce as workers, progress_bars() as watcher:
        report = container.train_model()(
            operator(), recipe, promote=promote, force=force, compare=compare, workforce=workers, progress=watcher
        )
    card = report.stored.card
    container.loggers().service.info(
        "model trained",
        version=report.stored.version,
        recipe=card.recipe,
        promoted=report.promoted,
        sales=card.data.used,
        mdape=round(card.metrics.mdape, 4),
        seconds=round(card.training_seconds, 1),
    )
    return report


def _shown(report: "TrainingReport") -> dict[str, Any]:
    stored: ModelVersion = report.stored
    card = stored.card
    return {
        "version": stored.version,
        "recipe": card.recipe,
        "promoted": report.promoted,
        "trained_at": card.trained_at,
        "training_seconds": card.training_seconds,
        "seed": card.seed,
        "currency": card.currency,
        "source": card.data.source,
        "rows": {
            "read": card.data.read,
            "used": card.data.used,
            "quarantined": card.data.quarantined,
            "quarantined_by_reason": card.data.quarantined_by_reason,
            "screened": card.screened,
            "screened_share": card.screened / card.data.read if card.data.read else 0.0,
            "quarantine": report.quarantine,
        },
        "data_sha256": card.data.sha256,
        "validation": card.validation,
        "metrics": card.metrics,
        "cross_validation": card.cross_validation,
        "ratio_study": card.ratio_study,
        "interval": card.interval,
        "index": card.index,
        "equity": card.equity,
        "equity_applied": card.equity_applied,
        "importance": card.importance,
        "unknown": card.unknown,
        "gate": card.gate,
        "recipes": report.recipes,
        "artifact": stored.artifact,
        "notes": report.notes,
    }
