"""What a valued portfolio came to, for a person on a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from entrypoints.cli.report.words import count


def totals_table(shown: Mapping[str, Any]) -> Table:
    """The facts of what `tasador value --json` tells."""
    rows = shown["rows"]
    own = shown["valuation_date_column"]
    day = f"{shown['valuation_date']}, or each row's own {own}" if own else shown["valuation_date"]
    facts = {
        "input": shown["input"],
        "output": shown["output"],
        "model": f"{shown['model_version']}, as of {day}, intervals at {shown['interval_level']:g}",
        "rows": f"{rows['read']:,} read, {rows['valued']:,} valued, {rows['refused']:,} refused"
        + (f", {rows['resumed']:,} of them by the run before" if rows["resumed"] else ""),
        "refused": ", ".join(f"{number:,} x {reason}" for reason, number in rows["refused_by_reason"].items()),
        "confidence": ", ".join(f"{number:,} {level}" for level, number in shown["confidence"].items()),
        "value in all": f"{shown['total_value']:,.0f} {shown['currency']}",
        "took": f"{shown['seconds']:,.1f} s, {count(round(shown['rows_per_second']), 'row')} a second",
    }
    table = Table.grid(padding=(0, 2))
    for name, fact in facts.items():
        if fact:
            table.add_row(name, fact)
    return table
