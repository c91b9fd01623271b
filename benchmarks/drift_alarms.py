"""How often drift is told of where there is none, and how soon where there is: on real sales.

python benchmarks/drift_alarms.py [--splits 10] [--runs 30] [FILE.csv ...]      (default: the bundled sales)

Each split trains on half of the homes and judges the model by a tenth; callers' homes are drawn from the others. First
as they are, at several sizes; then with one thing shifted, the same homes at growing numbers.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from adapters.data_sources.csv_file import CsvDataSource
from application.appraisal import homes_of
from application.record_valuations import RecordValuations
from application.sales.homes import home_numbers
from application.sales.layout import SalesLayout
from application.sales.table import check_sales
from application.served_model import ServedVersion
from application.study_drift import StudyDrift
from application.value_property import ValuationRequest, ValueProperty
from config.container import Container
from config.settings import DataSourceSettings, ModelRepositorySettings, ScreeningSettings, Settings, TrainingSettings
from domain.drift_judgement import DriftLimits
from domain.property import Property
from domain.valuation_record import Caller, ValuationRecord

BUNDLED = Path(__file__).parent.parent / "data" / "ames_sales.csv"
SIZES = (100, 150, 200, 300, 500, 800)
LIMITS = DriftLimits(level=0.01, psi=0.1)
"""As the settings have it where nothing else is asked for."""
BySize = dict[int, Counter[str]]
Shift = Callable[[Sequence[Property]], list[Property]]


def larger(homes: Sequence[Property]) -> list[Property]:
    """Usable areas 15 % larger, all else as it was."""
    return [replace(home, net_usable_area=1.15 * home.net_usable_area) for home in homes]


def a_room_more(homes: Sequence[Property]) -> list[Property]:
    """One more room."""
    return [replace(home, n_rooms=home.n_rooms + 1) for home in homes]


def new_sector(homes: Sequence[Property]) -> list[Property]:
    """One home in twelve in a sector that was founded since."""
    return [home if place % 12 else replace(home, sector="Atlantis") for place, home in enumerate(homes)]


def as_they_are(homes: Sequence[Property]) -> list[Property]:
    """No home is another one: more of one sector are asked for."""
    return list(homes)


SHIFTS: dict[str, tuple[Shift, str]] = {
    "usable areas +15 %": (larger, "net_usable_area"),
    "a room more": (a_room_more, "n_rooms"),
    "1 of 12 in a new sector": (new_sector, "unseen sector"),
    "40 of 100 in the largest sector": (as_they_are, "sector"),
}


class Recorded:
    """A log that holds these records."""

    def __init__(self, records: Sequence[ValuationRecord]) -> None:
        self._records = records

    def records(self, *_: object, **__: object) -> Iterator[ValuationRecord]:
        """All of them."""
        return iter(self._records)


@dataclass(frozen=True)
class Now:
    """A clock that stands."""

    def now(self) -> datetime:
        """A day in 2026."""
        return datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Market:
    """A trained version, and homes of its market that it has not learned from."""

    stored: ServedVersion
    homes: list[Property]

    def recorded(self, homes: Sequence[Property]) -> list[ValuationRecord]:
        """What would be on record, had callers asked for these homes."""
        kept: list[ValuationRecord] = []

        class Keeping(Recorded):
            def record(self, records: Sequence[ValuationRecord]) -> None:
                kept.extend(records)

        value, record = ValueProperty(None, Now()), RecordValuations(Keeping([]), Now())
        requests = [ValuationRequest(home) for home in homes]
        valuations = value(requests, served=self.stored)
        record(Caller("a key", "a request"), requests, valuations, level=None, began=0.0)
        return kept

    def alarms(self, records: Sequence[ValuationRecord]) -> set[str]:
        """What is told of."""
        study = StudyDrift(Recorded(records), Now(), LIMITS, days=30)(self.stored)
        shares = {f"{each.kind} {each.feature}" if each.feature else each.kind for each in study.shares if each.drifted}
        return {each.name for each in study.features if each.drifted} | shares


def markets(file: Path, splits: int, recipe: str) -> Iterator[Market]:
    """A market a split."""
    usable = check_sales(CsvDataSource(file, None).sales(), SalesLayout()).usable
    numbers = home_numbers(usable)
    for seed in range(splits):
        random = np.random.default_rng(seed)
        order = random.permutation(numbers.max() + 1)[numbers] / (numbers.max() + 1)
        parts = usable[order < 0.5], usable[(order >= 0.5) & (order < 0.6)], usable[order >= 0.6]
        with tempfile.TemporaryDirectory() as folder:
            yield _trained(Path(folder), *parts, recipe, seed)


def _trained(
    folder: Path, train: pd.DataFrame, holdout: pd.DataFrame, rest: pd.DataFrame, recipe: str, seed: int
) -> Market:
    train.to_csv(folder / "train.csv", index=False)
    holdout.to_csv(folder / "holdout.csv", index=False)
    container = Container(
        settings=Settings(
            data_source=DataSourceSettings(path=folder / "train.csv", test_path=folder / "holdout.csv"),
            training=TrainingSettings(recipe=recipe, seed=seed),
            screening=ScreeningSettings(quarantine=folder / "quarantine"),
            model_repository=ModelRepositorySettings(
                path=folder / "models", signing_key_file=folder / "signing-key.pem"
            ),
        ),
    )
    container.train_model()("a benchmark")
    models = container.model_repository()
    stored = ServedVersion(models.describe("v1"), models.load("v1"))
    one_each = np.unique(home_numbers(rest), return_index=True)[1]
    return Market(stored, list(homes_of(rest.iloc[one_each], stored.trained.model.features)))


def main() -> None:
    """Measures, and prints two tables a file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--splits", type=int, default=10)
    arguments.add_argument("--runs", type=int, default=30)
    arguments.add_argument("--recipe", default="boosted")
    arguments.add_argument("files", nargs="*", type=Path, default=[BUNDLED])
    given = arguments.parse_args()
    console = Console()
    for file in given.files:
        measured(console, file, given.splits, given.runs, given.recipe)


def measured(console: Console, file: Path, splits: int, runs: int, recipe: str) -> None:
    """The tables of one file."""
    quiet: BySize = {size: Counter() for size in SIZES}
    found: dict[str, BySize] = {name: {size: Counter() for size in SIZES} for name in SHIFTS}
    random = np.random.default_rng(7)
    for market in markets(file, splits, recipe):
        _run(market, quiet, market.recorded(market.homes), runs, random)
        for name, (shift, _) in SHIFTS.items():
            of_largest = shift is as_they_are
            _run(market, found[name], market.recorded(shift(market.homes)), runs // 3, random, of_largest=of_largest)
    _print(console, file, quiet, found)


def _run(
    market: Market,
    counts: BySize,
    records: Sequence[ValuationRecord],
    runs: int,
    random: np.random.Generator,
    *,
    of_largest: bool = False,
) -> None:
    for size in (size for size in SIZES if size < 0.9 * len(records)):
        for _ in range(runs):
            chosen = _drawn(market.homes, size, random, of_largest=of_largest)
            if len(chosen) == size:
                alarms = market.alarms([records[place] for place in chosen])
                counts[size].update(["runs", *(["any"] if alarms else []), *alarms])


def _print(console: Console, file: Path, quiet: BySize, found: dict[str, BySize]) -> None:
    table = Table("homes", "runs", "with an alarm", "named", title=f"{file.name}: no shift")
    for size, counts in quiet.items():
        if counts["runs"]:
            named = ", ".join(f"{name} x {count}" for name, count in counts.most_common() if name not in _OWN)
            table.add_row(str(size), str(counts["runs"]), f"{counts['any'] / counts['runs']:.2%}", named)
    console.print(table)
    table = Table("shift", *map(str, SIZES), "others named", title=f"{file.name}: share of runs that name it, by homes")
    for name, by_size in found.items():
        wanted = SHIFTS[name][1]
        shares = [f"{c[wanted] / c['runs']:.0%}" if c["runs"] else "" for c in by_size.values()]
        others = sum((c for c in by_size.values()), Counter[str]())
        named = ", ".join(
            f"{other} {count / others['runs']:.1%}"
            for other, count in others.most_common()
            if other not in {*_OWN, wanted}
        )
        table.add_row(name, *shares, named)
    console.print(table)


_OWN = {"runs", "any"}


def _drawn(homes: Sequence[Property], size: int, random: np.random.Generator, *, of_largest: bool) -> list[int]:
    """The places of so many homes, or of fewer where there are not so many; of the largest sector two in five."""
    order = random.permutation(len(homes)).tolist()
    if not of_largest:
        return order[:size]
    [(largest, _)] = Counter(home.sector for home in homes).most_common(1)
    inside = [place for place in order if homes[place].sector == largest]
    outside = [place for place in order if homes[place].sector != largest]
    return inside[: 2 * size // 5] + outside[: size - 2 * size // 5]


if __name__ == "__main__":
    main()
