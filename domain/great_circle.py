"""Distances on the ground."""

import math

EARTH_RADIUS_KM = 6371.0088


def great_circle_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Kilometres between two points given in degrees, by the haversine formula on a sphere of the Earth's mean radius.

    Good to half a per cent everywhere, the poles and the 180th meridian included.
    """
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    north = math.sin((other_phi - phi) / 2) ** 2
    east = math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, north + math.cos(phi) * math.cos(other_phi) * east)))
