"""A sample of valuations for people and for spreadsheets."""

import csv
import io
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from domain.property import PROPERTY_FIELDS, printable
from domain.valuation_record import ValuationRecord
from entrypoints.cli.report.words import NOTHING, amount

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
_OWN = (
    *("valuation_id", "recorded_at", "client_ref", "model_version", "status", "reason", "currency", "valuation_date"),
    *("value", "value_low", "value_high", "interval_level", "fsd", "confidence_score", "confidence_level"),
    "limiting_factors",
)
_FOR_THE_REVIEWER = ("reviewed_value", "reviewer", "remarks")


def sample_csv(valuations: Sequence[ValuationRecord]) -> bytes:
    """A row a valuation, in UTF-8, with empty columns for who reviews it.

    Text that a spreadsheet would take for a formula stands behind an apostrophe.
    """
    extras = sorted({name for each in valuations for name in each.property.extras})
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow([_safe(name) for name in (*_OWN, *PROPERTY_FIELDS, *extras, *_FOR_THE_REVIEWER)])
    for each in valuations:
        home = each.property
        cells = [*_figures(each), *(getattr(home, name) for name in PROPERTY_FIELDS)]
        cells += [home.extras.get(name) for name in extras]
        rows.writerow([*map(_safe, cells), *("" for _ in _FOR_THE_REVIEWER)])
    return out.getvalue().encode()


def sample_table(valuations: Sequence[ValuationRecord]) -> Table:
    """A line a valuation."""
    table = Table("valuation", "made, UTC", "model", "sector", "value", "confidence", box=None, padding=(0, 2, 0, 0))
    for each in valuations:
        table.add_row(
            each.id,
            f"{each.at:%Y-%m-%d %H:%M}",
            each.model_version,
            Text(printable(each.property.sector)),
            NOTHING if each.value is None else f"{each.currency} {amount(each.value)}",
            each.confidence.level if each.confidence else f"refused: {each.refusal.reason if each.refusal else ''}",
        )
    return table


def _figures(record: ValuationRecord) -> list[object]:
    interval, sure, refusal = record.interval, record.confidence, record.refusal
    return [
        record.id,
        record.at.isoformat(),
        record.client_ref,
        record.model_version,
        "refused" if refusal else "valued",
        refusal.reason if refusal else None,
        record.currency,
        record.valuation_date.isoformat(),
        record.value,
        interval.low if interval else None,
        interval.high if interval else None,
        interval.level if interval else None,
        sure.fsd if sure else None,
        sure.score if sure else None,
        sure.level if sure else None,
        " ".join(sure.limiting_factors) if sure else None,
    ]


def _safe(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULAS) else cell
