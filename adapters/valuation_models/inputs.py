"""What the kernel is told of homes: numbers, and codes of categories and of their combinations."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.columns import MISSING_CATEGORY, Columns, Fields, Table, Vocabulary
from domain.model_version import FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS, Property, normalised

AREAS = ("net_usable_area", "net_area")
Numbers = NDArray[np.float64]
Codes = NDArray[np.int32]
Distinct = tuple[NDArray[np.intp], list[Any]]
"""Of each row the place of its text, or tuple of texts, among the distinct ones; and those."""

_numbers_of = attrgetter(*NUMBER_FIELDS)


class Inputs:
    """The order of the numbers and of the codes, for columns of some features.

    Numbers: NUMBER_FIELDS, the numeric extras, and the logarithms of the areas, which numpy takes as it did in
    training: other libraries' differ in the last bit. Codes: by the fields whose texts they stand for, -1 for a text
    or combination that no column knows.
    """

    def __init__(self, features: FeatureSchema, columns: Sequence[Columns]) -> None:
        self._features = features
        self._numbers = (*NUMBER_FIELDS, *features.numeric, *(f"log {name}" for name in AREAS))
        known: dict[Fields, dict[Any, int]] = {}
        for column in columns:
            for fields, keys in column.vocabularies.items():
                vocabulary = known.setdefault(fields, {})
                for key in keys:
                    vocabulary.setdefault(key, len(vocabulary))
        self._vocabularies = known
        self._texts = (*TEXT_FIELDS, *features.categorical)
        self._code_of_text = [(place, known[(name,)]) for place, name in enumerate(self._texts) if (name,) in known]
        self._code_together = [
            ([self._texts.index(name) for name in fields], vocabulary)
            for fields, vocabulary in known.items()
            if len(fields) > 1
        ]
        places = [(self._texts[place],) for place, _ in self._code_of_text]
        self._place_of_code = {
            fields: place for place, fields in enumerate([*places, *(fields for fields in known if len(fields) > 1)])
        }

    @property
    def numbers(self) -> int:
        """How many numbers there are of a home."""
        return len(self._numbers)

    @property
    def codes(self) -> int:
        """How many codes there are of a home."""
        return len(self._place_of_code)

    def number(self, name: str) -> int:
        """Where a number stands."""
        return self._numbers.index(name)

    def log(self, area: str) -> int:
        """Where the logarithm of an area stands."""
        return self._numbers.index(f"log {area}")

    def code(self, fields: Fields) -> tuple[int, Vocabulary]:
        """Where the code of these fields stands, and the code of each text or combination."""
        return self._place_of_code[fields], self._vocabularies[fields]

    def of_homes(self, homes: Sequence[Property]) -> tuple[Numbers, Codes]:
        """Of homes as they are asked about, shapes (n, numbers) and (n, codes)."""
        extras, categories = self._features.numeric, self._features.categorical
        numbers = np.array(
            [(*_numbers_of(home), *(as_number(home.extras.get(name)) for name in extras), 0.0, 0.0) for home in homes],
            dtype=np.float64,
        ).reshape(len(homes), self.numbers)
        codes = [
            self._codes_of(
                (
                    normalised(home.type),
                    normalised(home.sector),
                    *(as_category(home.extras.get(name)) for name in categories),
                )
            )
            for home in homes
        ]
        return self._with_logs(numbers), np.array(codes, dtype=np.int32).reshape(len(homes), self.codes)

    def of_table(self, table: Table, count: int) -> tuple[Numbers, Codes]:
        """Of n homes as columns, likewise."""
        numbers = np.zeros((count, self.numbers))
        for place, name in enumerate(self._numbers[: -len(AREAS)]):
            numbers[:, place] = table[name]
        texts = {
            name: _distinct(table[name])
            for name in dict.fromkeys(name for each in self._place_of_code for name in each)
        }
        codes = np.empty((count, self.codes), dtype=np.int32)
        for fields, place in self._place_of_code.items():
            rows, keys = texts[fields[0]] if len(fields) == 1 else _together([texts[name] for name in fields])
            vocabulary = self._vocabularies[fields]
            codes[:, place] = np.array([vocabulary.get(key, -1) for key in keys], dtype=np.int32)[rows]
        return self._with_logs(numbers), codes

    def _codes_of(self, texts: Sequence[str]) -> list[int]:
        codes = [vocabulary.get(texts[place], -1) for place, vocabulary in self._code_of_text]
        for places, vocabulary in self._code_together:
            codes.append(vocabulary.get(tuple([texts[place] for place in places]), -1))
        return codes

    def _with_logs(self, numbers: Numbers) -> Numbers:
        # Of a copy that lies side by side: numpy may take another way to the logarithm of scattered numbers.
        numbers[:, -len(AREAS) :] = np.log(numbers[:, : len(AREAS)].copy())
        return numbers


def _distinct(texts: NDArray[np.object_]) -> Distinct:
    import pandas as pd

    rows, distinct = pd.factorize(texts)
    return rows, distinct.tolist()


def _together(columns: Sequence[Distinct]) -> Distinct:
    """The combinations of several columns that occur in any row."""
    import pandas as pd

    rows = columns[0][0]
    keys: list[tuple[Any, ...]] = [(text,) for text in columns[0][1]]
    for more, texts in columns[1:]:
        rows, distinct = pd.factorize(rows * len(texts) + more)
        keys = [(*keys[one], texts[other]) for one, other in (divmod(pair, len(texts)) for pair in distinct.tolist())]
    return rows, keys


def as_number(extra: float | str | None) -> float:
    """A further number as a model sees it: NaN where it is unknown."""
    return np.nan if extra is None else float(extra)


def as_category(extra: float | str | None) -> str:
    """A further category as a model sees it: MISSING_CATEGORY where it is unknown."""
    return MISSING_CATEGORY if extra is None else normalised(str(extra))
