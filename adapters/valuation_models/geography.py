"""Where a home lies, in the directions that trees cannot find by themselves.

A tree splits north from south and east from west; a neighbourhood that lies slantwise takes it many splits. Coordinates
turned by several angles give it slanting borders in one (measured in `docs/decisions/0004-the-boosted-recipe.md`).
"""

import math
from dataclasses import dataclass

import numpy as np

from adapters.valuation_models.columns import Columns, Fields, Matrix, Table, Vector
from application.ports.model_trainer import LOCATION

ANGLES = (15, 30, 45, 60, 75)
_KM_PER_DEGREE = 111.195  # of a great circle, on a sphere of 6,371 km


@dataclass(frozen=True, slots=True)
class Plane:
    """Kilometres east and north of a centre.

    The projection is equirectangular about the centre: true to a few parts in a thousand within 100 km of it.
    """

    latitude: float
    longitude: float

    @classmethod
    def around(cls, table: Table) -> "Plane":
        """About the middle (median) of the homes in `table`."""
        return cls(float(np.median(table["latitude"])), float(np.median(table["longitude"])))

    def kilometres(self, table: Table) -> tuple[Vector, Vector]:
        """East and north of the centre, each of shape (n,)."""
        north = (np.asarray(table["latitude"]) - self.latitude) * _KM_PER_DEGREE
        circle = _KM_PER_DEGREE * math.cos(math.radians(self.latitude))
        return (np.asarray(table["longitude"]) - self.longitude) * circle, north


@dataclass(frozen=True, slots=True)
class RotatedCoordinates(Columns):
    """Kilometres east and north, turned by each of `ANGLES` degrees: two columns an angle."""

    plane: Plane

    @property
    def fields(self) -> tuple[Fields, ...]:
        """The place, twice for each angle."""
        return ((LOCATION,),) * (2 * len(ANGLES))

    def write(self, table: Table, matrix: Matrix) -> None:
        """Writes the turned coordinates."""
        east, north = self.plane.kilometres(table)
        for place, degrees in enumerate(ANGLES):
            cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
            matrix[:, 2 * place] = cosine * east + sine * north
            matrix[:, 2 * place + 1] = cosine * north - sine * east
