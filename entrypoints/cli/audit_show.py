"""`tasador audit show`: one valuation as it was recorded."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
import msgspec
from rich.table import Table
from rich.text import Text

from application.locate_evidence import Located
from config.loader import LoadedSettings
from config.log_lines import on_one_line
from domain.evidence_faults import Fault
from domain.valuation import Comparable
from domain.valuation_record import ValuationRecord
from entrypoints.cli.missing_valuation import telling_why_missing
from entrypoints.cli.report.words import amount, count
from entrypoints.cli.session import configured, container_of, json_option, print_json, print_table, tell

if TYPE_CHECKING:
    from application.show_valuation import ShownValuation


@click.command()
@click.argument("valuation_id", metavar="ID")
@json_option
@configured
def show(loaded: LoadedSettings, *, valuation_id: str, as_json: bool) -> int:
    """Show a valuation as it was recorded, and what was said of it since; exit code 1 if a segment is not whole."""
    container = container_of(loaded)
    with telling_why_missing(container, valuation_id):
        found = container.show_evidence()(valuation_id)
    shown, located, faults = found.shown, found.located, found.faults
    if as_json:
        print_json(msgspec.to_builtins(shown) | {"evidence": _evidence(located, faults)})
    else:
        table = Table.grid(padding=(0, 2))
        for name, fact in _facts(shown):
            table.add_row(name, Text(on_one_line(fact)))
        place = _place(located, faults) if located else "in no segment: nothing vouches for it"
        table.add_row("evidence", Text(on_one_line(place)))
        print_table(table)
    if faults:
        tell(on_one_line(f"not all of it is whole: {faults[0].line}; `tasador audit verify` looks at everything"))
    return 1 if faults else 0


def _evidence(located: Located | None, faults: Sequence[Fault]) -> dict[str, object] | None:
    if located is None:
        return None
    return {
        "segment": located.entry.segment,
        "number": located.entry.number,
        "digest": located.entry.digest,
        "sealed_at": located.closed.at if located.closed else None,
        "faults": msgspec.to_builtins(faults),
    }


def _place(located: Located, faults: Sequence[Fault]) -> str:
    sealed = f"sealed {located.closed.at:%Y-%m-%d %H:%M} UTC" if located.closed else "not sealed yet"
    whole = f"NOT WHOLE: {count(len(faults), 'fault')}" if faults else "whole"
    return f"record {located.entry.number} of segment {located.entry.segment}, {sealed}, {whole}"


def _facts(shown: "ShownValuation") -> Iterator[tuple[str, str]]:
    record = shown.record
    yield "valuation", record.id
    yield "asked", f"{record.at:%Y-%m-%d %H:%M:%S} UTC by key {record.key_id}, request {record.request_id}"
    if record.client_ref is not None:
        yield "reference", record.client_ref
    yield "model", f"{record.model_version}, SHA-256 {record.artifact_sha256}"
    yield "took", f"{1000 * record.seconds:.1f} ms"
    yield "home", ", ".join(f"{name} {value}" for name, value in _home(record))
    yield "as of", f"{record.valuation_date} ({'as asked' if record.asked_date else 'the day of asking'})"
    yield from _figures(record)
    for warning in record.warnings:
        yield "warning", warning
    for outcome in shown.outcomes:
        said = f"{record.currency} {amount(outcome.price)} on {outcome.sold_on}"
        yield "sold", f"{said}, told {outcome.at:%Y-%m-%d %H:%M} UTC by {outcome.key_id or outcome.by}"
    for override in shown.overrides:
        said = f"{record.currency} {amount(override.value)} by {override.valuer}: {override.reason}"
        yield "overridden", f"{said} (told {override.at:%Y-%m-%d %H:%M} UTC by {override.key_id or override.by})"


def _home(record: ValuationRecord) -> Iterator[tuple[str, object]]:
    home = msgspec.to_builtins(record.property)
    extras = home.pop("extras", {})
    yield from home.items()
    yield from extras.items()
    if record.coordinate_decimals is not None:
        yield "coordinates", f"rounded to {record.coordinate_decimals} decimals before they were kept"


def _figures(record: ValuationRecord) -> Iterator[tuple[str, str]]:
    if record.refusal:
        yield "refused", f"{record.refusal.reason}: {record.refusal.explanation}"
        return
    if record.value is not None:
        yield "value", f"{record.currency} {record.value!r}"
    if record.interval:
        low, high, level = record.interval.low, record.interval.high, record.interval.level
        asked = "as asked" if record.asked_level else "the model's own level"
        yield "interval", f"{low!r} to {high!r}, expected to hold {level:.0%} of sales ({asked})"
    if record.percentiles:
        yield "percentiles", ", ".join(f"{per_cent} %: {price!r}" for per_cent, price in record.percentiles.items())
    if confidence := record.confidence:
        factors = f", limited by {', '.join(confidence.limiting_factors)}" if confidence.limiting_factors else ""
        yield "confidence", f"{confidence.level}, score {confidence.score}, FSD {confidence.fsd!r}{factors}"
    if explanation := record.explanation:
        effects = ", ".join(f"{each.feature} {each.effect:+,.2f}" for each in explanation.contributions)
        yield "explanation", f"{explanation.base_value!r} by {explanation.method}: {effects}"
    for comparable in record.comparables or ():
        yield "comparable", _told(comparable)


def _told(comparable: Comparable) -> str:
    sale, similar = comparable.similar.sale, comparable.similar
    return (
        f"{similar.id} sold for {amount(sale.price)} ({sale.sold_on or 'no date'}), adjusted to "
        f"{amount(comparable.adjusted_price)}, {similar.distance_m:.0f} m away, similarity {similar.similarity:.2f}"
    )
