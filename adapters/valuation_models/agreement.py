"""Whether a compiled model says what the fitted pipeline says, also of homes that nobody would think of.

Asked for are values; explanations and distances have their oracles in tests/contracts. Of the numbers that trees ask
for, those of the home itself are tried (areas, counts, coordinates, further features), not those that columns make.

Columns of the matrix and the walk through each tree are bit for bit the same, but for the means over circles: their
weights are exponentials, which numpy and the C library may round differently. The sums over trees run in another order
than the libraries', and the leaves are scaled before they are added: hence values agree to a few parts in 10^15, and
1e-9 is what is asked for.
"""

import pickle
from collections.abc import Iterator

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from adapters.valuation_models.columns import Number, Vector
from adapters.valuation_models.compiled import SAME, table_of
from adapters.valuation_models.neighbourhood import NEAREST, Neighbourhood
from adapters.valuation_models.recipes import Fitted
from application.appraisal import homes_of
from application.ports.model_trainer import UNSEEN_CATEGORY
from domain.errors import ModelDisagreement
from domain.model_version import Agreement, FeatureSchema
from domain.property import NUMBER_FIELDS, TEXT_FIELDS

TOLERANCE = SAME

_ORDINARY = 40
_THRESHOLDS = 40
_MIXED = 300
_MOST_KNOWN = 2_000
_ONE_BY_ONE = 50
_FEWEST_FOR_THREADS = 20_000
_LARGEST = 1e30
_AREAS = ("net_usable_area", "net_area")
_COUNTS = ("n_rooms", "n_bathroom")


def check_agreement(fitted: Fitted, sales: pd.DataFrame, unseen: pd.DataFrame, seed: int) -> Agreement:
    """Compares both on sales that were learned from, on all of `unseen`, and on hostile homes.

    Raises ModelDisagreement where a value differs by more than TOLERANCE, where a home gets another value alone than
    among others or from the model as it is stored, or where the nearest sales are not the nearest.
    """
    homes = pd.concat([sales.head(_MOST_KNOWN), unseen[sales.columns], *hostile_homes(fitted, sales, seed)])
    homes = homes.reset_index(drop=True)
    # Of few rows, OpenMP's threads only wait for each other.
    with threadpool_limits(1 if len(homes) < _FEWEST_FOR_THREADS else None):
        pipeline = fitted.predict(homes)
    compiled = fitted.model.value_table(homes)
    furthest = _furthest(compiled, pipeline)
    if not furthest <= TOLERANCE:
        raise ModelDisagreement(
            f"The compiled model differs from the fitted pipeline by up to {furthest:.1e} relative (allowed: "
            f"{TOLERANCE:g}), so it is not stored. This is a fault of Tasador or of a library version: please report "
            "it with the versions of scikit-learn and category-encoders."
        )
    chosen = homes.iloc[np.linspace(0, len(homes) - 1, _ONE_BY_ONE).astype(int)]
    _check_alone(fitted, chosen, compiled[chosen.index])
    _check_neighbours(fitted, chosen)
    fitted.model.remember(chosen)
    if not np.array_equal(pickle.loads(pickle.dumps(fitted.model)).value_table(homes), compiled):  # noqa: S301 (our own)
        raise ModelDisagreement(
            "The compiled model values homes otherwise once it is stored, so it is not. This is a fault of Tasador: "
            "please report it."
        )
    return Agreement(len(homes), furthest)


def _check_alone(fitted: Fitted, homes: pd.DataFrame, values: Vector) -> None:
    """As requests ask for them: one by one, as objects of the domain."""
    for home, value in zip(homes_of(homes, fitted.model.features), values.tolist(), strict=True):
        if fitted.model.value([home])[0] != value:
            raise ModelDisagreement(
                "The compiled model gives a home another value alone than among others, so it is not stored. This is a "
                "fault of Tasador: please report it with the kind of the processor."
            )


def _check_neighbours(fitted: Fitted, homes: pd.DataFrame) -> None:
    """The pipeline asks the kernel for the nearest sales too: here they are looked for among all."""
    table = table_of(homes, fitted.model.features)
    for column in fitted.model.columns:
        if isinstance(column, Neighbourhood):
            places = np.column_stack(column.plane.kilometres(table))
            _, found = column.around.nearest(places, NEAREST[-1])
            for place, rows in zip(places, found, strict=True):
                squares = ((column.points - place) ** 2).sum(axis=1)
                near = np.flatnonzero(squares <= np.partition(squares, len(rows) - 1)[len(rows) - 1])
                if not np.array_equal(near[np.argsort(squares[near], kind="stable")][: len(rows)], rows):
                    raise ModelDisagreement(
                        "The kernel does not find the nearest sales, so nothing is stored. This is a fault of Tasador: "
                        "please report it with the kind of the processor."
                    )


def hostile_homes(fitted: Fitted, sales: pd.DataFrame, seed: int) -> Iterator[pd.DataFrame]:
    """Homes at which two programs that say the same are likeliest to part."""
    random = np.random.default_rng(seed)
    ordinary = sales.iloc[np.linspace(0, len(sales) - 1, min(_ORDINARY, len(sales))).astype(int)]
    features = fitted.model.features
    yield from _of_unknown(ordinary, features)
    for name, thresholds in _thresholds(fitted, random):
        for numbers in (thresholds, np.nextafter(thresholds, -np.inf), np.nextafter(thresholds, np.inf)):
            yield ordinary.sample(len(numbers), replace=True, random_state=seed).assign(**{name: numbers})
    yield _in_crowds(sales, seed)
    yield from _extreme(ordinary, features)
    yield _shaken_up(sales, features, random, seed)


def _of_unknown(ordinary: pd.DataFrame, features: FeatureSchema) -> Iterator[pd.DataFrame]:
    """Categories never seen, alone and together; further features that are missing, alone and together."""
    categories = (*TEXT_FIELDS, *features.categorical)
    missing = {**dict.fromkeys(features.numeric, np.nan), **dict.fromkeys(features.categorical)}
    for name in categories:
        yield ordinary.assign(**{name: UNSEEN_CATEGORY})
    yield ordinary.assign(**dict.fromkeys(categories, UNSEEN_CATEGORY))
    for name, nothing in missing.items():
        yield ordinary.assign(**{name: nothing})
    yield ordinary.assign(**missing)


def _in_crowds(sales: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Homes on top of the sales where most of these lie on top of each other."""
    crowds = sales.groupby(["latitude", "longitude"])["latitude"].transform("size")
    places = sales.iloc[np.argsort(-crowds.to_numpy(), kind="stable")[:_ORDINARY]]
    return sales.sample(len(places), replace=True, random_state=seed).assign(
        latitude=places["latitude"].to_numpy(), longitude=places["longitude"].to_numpy()
    )


def _extreme(ordinary: pd.DataFrame, features: FeatureSchema) -> Iterator[pd.DataFrame]:
    """Numbers far beyond what was ever sold, and the ends of the Earth."""
    for names, numbers in ((_AREAS, (1e-3, 1.0, 1e5, 1e9)), ((*_COUNTS, *features.numeric), (0.0, 0.5, 1e6))):
        for name in names:
            for number in numbers:
                yield ordinary.assign(**{name: number})
    for latitude, longitude in ((90.0, 0.0), (-90.0, 180.0), (0.0, -180.0), (-33.45, -70.66), (1e-9, 1e-9)):
        yield ordinary.assign(latitude=latitude, longitude=longitude)


def _shaken_up(sales: pd.DataFrame, features: FeatureSchema, random: np.random.Generator, seed: int) -> pd.DataFrame:
    """Everything of everybody, mixed."""
    mixed = sales.sample(_MIXED, replace=True, random_state=seed)
    names = (*TEXT_FIELDS, *NUMBER_FIELDS, *features.numeric, *features.categorical)
    return mixed.assign(**{name: mixed[name].to_numpy()[random.permutation(_MIXED)] for name in names})


def _thresholds(fitted: Fitted, random: np.random.Generator) -> Iterator[tuple[str, Vector]]:
    """By number of a home, some of the thresholds of the trees on it, where homes may have them."""
    nodes = fitted.model.trees.nodes
    inner = nodes.left != np.arange(len(nodes.left))
    place = 0
    for column in fitted.model.columns:
        if isinstance(column, Number):
            asked = np.unique(nodes.threshold[inner & (nodes.feature == place)]) * column.scale + column.centre
            asked = asked[np.abs(asked) < _LARGEST]  # a split between known and unknown numbers lies at infinity
            if column.name in _AREAS:
                asked = asked[asked > 0]
            if len(asked):
                yield column.name, random.choice(asked, min(_THRESHOLDS, len(asked)), replace=False)
        place += column.width


def _furthest(one: Vector, other: Vector) -> float:
    """The largest difference, relative; infinite where either is no number."""
    with np.errstate(all="ignore"):
        apart = np.where(one == other, 0.0, np.abs(one - other) / np.abs(other))
    return float(np.max(np.nan_to_num(apart, nan=np.inf)))
