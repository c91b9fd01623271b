"""Where a home lies, in the directions that trees cannot find by themselves.

A tree splits north from south and east from west; a neighbourhood that lies slantwise takes it many splits. Coordinates
turned by several angles give it slanting borders in one (measured in `docs/decisions/0004-the-boosted-recipe.md`).
"""

import math
from ctypes import pointer
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from adapters.valuation_models.columns import Columns, Fields, Matrix, Native, Table, Vector
from adapters.valuation_models.kernel import library as kernel
from adapters.valuation_models.kernel.library import address
from application.ports.model_trainer import LOCATION

if TYPE_CHECKING:
    from adapters.valuation_models.inputs import Inputs

Sphere = NDArray[np.float64]
"""Points on the unit sphere, shape (n, 3)."""

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
        return (np.asarray(table["longitude"]) - self.longitude) * self._km_per_longitude, north

    @property
    def _km_per_longitude(self) -> float:
        return _KM_PER_DEGREE * math.cos(math.radians(self.latitude))

    def native(self, inputs: "Inputs") -> kernel.Plane:
        """The same for the kernel."""
        places = (inputs.number("latitude"), inputs.number("longitude"))
        return kernel.Plane(*places, self.latitude, self.longitude, _KM_PER_DEGREE, self._km_per_longitude)


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

    def native(self, inputs: "Inputs") -> Native:
        """Cosine and sine of each angle."""
        turns = np.array([(math.cos(math.radians(angle)), math.sin(math.radians(angle))) for angle in ANGLES])
        plane = self.plane.native(inputs)
        column = kernel.Column(kind=kernel.TURNED, width=self.width, numbers=address(turns), plane=pointer(plane))
        return Native(column, (turns, plane))


def on_the_unit_sphere(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> Sphere:
    """Degrees, of shape (n,), as points of shape (n, 3).

    There is no seam at the 180th meridian, degrees do not shrink towards the poles, and the straight line (chord)
    between two points orders distances as the ground does.
    """
    phi, theta = np.radians(latitude), np.radians(longitude)
    return np.column_stack((np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)))
