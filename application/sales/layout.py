"""How a source's columns become ours, and what to call them in a message."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from application.ports.model_trainer import Extras
from domain.property import normalised

M2_PER_FT2 = 0.09290304
_LONGEST_CELL = 40
_MOST_COLUMNS_NAMED = 30


@dataclass(frozen=True, slots=True)
class SalesLayout:
    """How a source's columns become ours.

    columns: our name -> the source's name, for columns and extras that the source calls otherwise.
    area_unit: what the source measures areas in. extras: the further features to read.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    area_unit: Literal["m2", "ft2"] = "m2"
    extras: Extras = field(default_factory=Extras)

    def source_name(self, name: str) -> str:
        """What the source calls our column `name`."""
        return self.columns.get(name, name)

    def label(self, name: str) -> str:
        """What to call the column in a message, so that a person finds it in the source."""
        return label(name, self.source_name(name))

    def factor(self, unit: str) -> float:
        """By what a number of this unit (of a NumberRule) is multiplied when it is read."""
        return M2_PER_FT2 if unit == "m2" and self.area_unit == "ft2" else 1.0


def label(name: str, source_name: str) -> str:
    """What to call our column `name` in a message, where the source calls it `source_name`."""
    return name if source_name == name else f"{name} (column '{shown(source_name)}')"


def missing_columns(
    source: str, found: Sequence[str], missing: Sequence[str], layout: SalesLayout, used: Collection[str]
) -> str:
    """The sentences that tell which of our columns a source lacks, each with the column that it might be.

    `used`: the source's columns that are read as others already.
    """
    free = [name for name in found if name not in used]
    columns = listed(found) if found else "none"
    named = ", ".join(_missing_column(name, layout, free) for name in missing)
    return f"{source} has no column {named}. Its columns are: {columns}."


def _missing_column(name: str, layout: SalesLayout, free: Sequence[str]) -> str:
    wanted = layout.source_name(name)
    label = f"'{shown(wanted)}'" + ("" if wanted == name else f" for {name}")
    by_plain_name = {normalised(candidate): candidate for candidate in reversed(free)}
    close = difflib.get_close_matches(normalised(wanted), by_plain_name, n=1, cutoff=0.5)
    return f"{label} (is it '{shown(by_plain_name[close[0]])}'?)" if close else label


def shown(cell: object) -> str:
    """A cell or a column name on one line of a message: printable, and not too long."""
    text = str(cell)
    text = text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "..."
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def shown_by_codes(text: str) -> str:
    """A text with control characters, in quotation marks, each of them as its code."""
    return ascii(text)[:_LONGEST_CELL]


def listed(names: Sequence[str]) -> str:
    """The names in quotation marks; of very many the first ones."""
    quoted = [f"'{shown(name)}'" for name in names[:_MOST_COLUMNS_NAMED]]
    more = len(names) - len(quoted)
    return ", ".join(quoted) + (f" and {more} more" if more else "")
