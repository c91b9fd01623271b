"""`tasador value`: a whole portfolio, from a file or a table to a file or a table."""

import time
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from config.loader import LoadedSettings
from config.log_lines import on_one_line
from config.portfolio_places import STREAM, Format, PortfolioPlace
from domain.valuation_day import FIRST_DAY, LAST_DAY, can_be_valued_on
from entrypoints.cli.endings import ended_by_sigterm
from entrypoints.cli.portfolio_table import totals_table
from entrypoints.cli.progress import progress_of_rows
from entrypoints.cli.session import configured, container_of, json_option, print_json, print_table, tell

if TYPE_CHECKING:
    from application.value_portfolio import PortfolioOutcome

_FORMATS = get_args(Format)


class _Day(click.ParamType[date]):
    """A day, as 2026-11-23."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day."""
        try:
            day = datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007
        except ValueError:
            self.fail(f"'{value}' is no day: write it as 2026-11-23.", param, ctx)
        if not can_be_valued_on(day):
            self.fail(f"{day} is not from {FIRST_DAY} to {LAST_DAY}.", param, ctx)
        return day


class _Level(click.FloatRange):
    """A number between 0 and 1, which NaN is not."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        level = super().convert(value, param, ctx)
        return level if 0 < level < 1 else self.fail(f"{level} is not between 0 and 1.", param, ctx)


class _Word(click.ParamType[str]):
    """Text that is not empty, as an unset variable of a shell is, and that fits on a line."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text."""
        if not value.strip() or not value.isprintable():
            self.fail("it is empty, or holds control characters.", param, ctx)
        return str(value)


@click.command()
@click.argument("input_", metavar="INPUT", type=_Word())
@click.argument("output", metavar="OUTPUT", type=_Word())
@click.option("--engine", type=click.Choice(("local", "dask")), default="local", help="What does the work.")
@click.option(
    "--scheduler", type=_Word(), metavar="ADDRESS", help="Of the Dask cluster (default: one on this machine)."
)
@click.option("--workers", type=click.IntRange(1, 1024), help="Processes of this machine (default: one a core).")
@click.option("--resume", is_flag=True, help="Go on with a run of this output that was interrupted.")
@click.option("--version", type=_Word(), metavar="V", help="The stored version of the model (default: the served one).")
@click.option("--level", type=_Level(), help="Of the intervals.")
@click.option("--as-of", "day", type=_Day(), metavar="DAY", help="Value as of this day (default: today).")
@click.option("--explain", is_flag=True, help="Add each home's contributions, as JSON (slow).")
@click.option("--comparables", type=click.IntRange(0, 20), default=0, help="Add so many comparables, as JSON (slow).")
@click.option("--prefix", type=_Word(), help="Put this before the names of the added columns.")
@click.option("--query", metavar="SQL", help="What to read where INPUT is a database.")
@click.option("--input-format", type=click.Choice(_FORMATS), help="Of INPUT (default: by its name; csv for -).")
@click.option("--output-format", type=click.Choice(_FORMATS), help="Of OUTPUT, likewise.")
@click.option("--table", type=_Word(), metavar="NAME", help="The table to write where OUTPUT is a database.")
@click.option("--replace", is_flag=True, help="Put it in the place of a table of that name.")
@click.option(
    "--password-file", type=click.Path(path_type=Path), help="Holds the password of the database that is INPUT."
)
@click.option("--output-password-file", type=click.Path(path_type=Path), help="Likewise of OUTPUT.")
@json_option
@configured
def value(
    loaded: LoadedSettings,
    *,
    input_: str,
    output: str,
    engine: Literal["local", "dask"],
    scheduler: str | None,
    workers: int | None,
    resume: bool,
    version: str | None,
    level: float | None,
    day: date | None,
    explain: bool,
    comparables: int,
    prefix: str | None,
    query: str | None,
    input_format: Format | None,
    output_format: Format | None,
    table: str | None,
    replace: bool,
    password_file: Path | None,
    output_password_file: Path | None,
    as_json: bool,
) -> None:
    """Value every home of INPUT and write it, with its valuation, to OUTPUT.

    Each is a CSV or Parquet file (.csv, .csv.gz, .parquet; a folder of Parquet files as INPUT; also as a URL such as
    s3://bucket/homes.parquet), `-` for standard input and output, or a database: postgresql://user@host/name,
    sqlite:///file.db.

    Needed columns: type, sector, net_usable_area, net_area, n_rooms, n_bathroom, latitude and longitude, or what
    [data_source.columns] in tasador.toml calls them. Your own columns stay as they are; rows that cannot be valued are
    `refused`, with the reason. OUTPUT appears whole or not at all; of an interrupted run, --resume goes on.
    """
    from application.value_portfolio import PortfolioRequest

    if scheduler and engine != "dask":
        raise click.UsageError("--scheduler is for --engine dask.")
    if as_json and output == STREAM:
        raise click.UsageError("--json and OUTPUT - both want standard output: give one of them.")
    if resume and output == STREAM:
        raise click.UsageError("What was written to standard output cannot be gone on with: leave --resume out.")
    container = container_of(loaded)
    source = PortfolioPlace("INPUT", input_, input_format, password_file, query=query)
    target = PortfolioPlace("OUTPUT", output, output_format, output_password_file, table=table, replace=replace)
    _check_options(source, target)
    request = PortfolioRequest(version, level, day, explain, comparables, prefix or "", resume)
    sink = container.portfolio_sink(target)
    began = time.monotonic()
    done = 0

    with ended_by_sigterm(), progress_of_rows() as watch:

        def progress(rows: int, share: float | None) -> None:
            nonlocal done
            done = rows
            watch(rows, share)

        try:
            outcome = container.value_portfolio()(
                container.portfolio_source(source),
                sink,
                container.valuation_engine(engine, workers, scheduler),
                container.finished_parts(target, sink),
                request,
                progress,
            )
        except BaseException:
            if done and output != STREAM:
                tell(f"{done:,} rows are done: the same command with --resume goes on with them.")
            raise
    seconds = time.monotonic() - began
    shown = _shown(outcome, target.shown, seconds, engine)
    container.loggers().service.info(
        "portfolio valued",
        version=outcome.order.version,
        rows=outcome.totals.rows,
        valued=outcome.totals.valued,
        seconds=round(seconds, 1),
    )
    if as_json:
        print_json(shown)
        return
    for note in outcome.notes:
        click.echo(f"note: {on_one_line(note)}", err=output == STREAM)
    if output == STREAM:
        tell(_in_one_line(shown))
    else:
        print_table(totals_table(shown))


def _check_options(source: PortfolioPlace, target: PortfolioPlace) -> None:
    """Raises UsageError where an option is missing, or would be passed over in silence."""
    for place, needed, value in ((source, "--query", source.query), (target, "--table", target.table)):
        if place.is_database and not value:
            raise click.UsageError(f"{place.told_by} is a database: say with {needed} what in it is meant.")
        if value and not place.is_database:
            raise click.UsageError(f"{needed} is for a database, and {place.told_by} is none.")
        if place.password_file and not place.is_database:
            raise click.UsageError(f"A password file is for a database, and {place.told_by} is none.")
        if place.form and place.is_database:
            raise click.UsageError(f"--{place.told_by.lower()}-format is for files, and {place.told_by} is a database.")
    if target.replace and not target.is_database:
        raise click.UsageError("--replace is for a table; a file is replaced anyway, once the new one is whole.")


def _shown(outcome: "PortfolioOutcome", output: str, seconds: float, engine: str) -> dict[str, Any]:
    totals, order = outcome.totals, outcome.order
    return {
        "input": outcome.head.name,
        "output": output,
        "model_version": order.version,
        "model_sha256": order.digest,
        "valuation_date": order.day,
        "valuation_date_column": order.reading.day_column,
        "interval_level": order.level,
        "rows": {
            "read": totals.rows,
            "valued": totals.valued,
            "refused": totals.rows - totals.valued,
            "refused_by_reason": _most_first(totals.refused),
            "resumed": outcome.resumed,
        },
        "total_value": totals.value,
        "currency": outcome.currency,
        "confidence": _most_first(totals.by_confidence),
        "engine": engine,
        "seconds": round(seconds, 3),
        "rows_per_second": round((totals.rows - outcome.resumed) / max(seconds, 1e-9), 1),
        "notes": outcome.notes,
    }


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _in_one_line(shown: Mapping[str, Any]) -> str:
    rows = shown["rows"]
    return f"{rows['read']:,} rows: {rows['valued']:,} valued, {rows['refused']:,} refused ({shown['model_version']})."
