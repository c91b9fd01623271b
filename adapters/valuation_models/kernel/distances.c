/* How far homes are from sales; great_circle.py has the formula. */
#include "kernel.h"

#define RADIANS (3.14159265358979323846 / 180.0)
#define EARTH_RADIUS_KM 6371.0088

static double great_circle_km(double latitude, double longitude, double other_latitude, double other_longitude) {
    double phi = latitude * RADIANS, other_phi = other_latitude * RADIANS;
    double north = sin((other_phi - phi) / 2), east = sin((other_longitude - longitude) * RADIANS / 2);
    double square = north * north + cos(phi) * cos(other_phi) * (east * east);
    return 2 * EARTH_RADIUS_KM * asin(sqrt(square < 1.0 ? square : 1.0));
}

static int distance(const Places *p, const Points *among, const double *place, double *kilometres) {
    double phi = place[0] * RADIANS, theta = place[1] * RADIANS, square;
    double point[3] = {cos(phi) * cos(theta), cos(phi) * sin(theta), sin(phi)};
    int32_t row;
    int result = nearest_to(among, point, 1, &square, &row);
    if (result == DONE) *kilometres = great_circle_km(place[0], place[1], p->latitudes[row], p->longitudes[row]);
    return result;
}

EXPORT int places_distances(const Places *p, const double *places, const int32_t *sectors, int64_t n, double *out) {
    int result = DONE;
    for (int64_t i = 0; result == DONE && i < n; i++) {
        result = distance(p, p->everywhere, places + 2 * i, out + 2 * i);
        out[2 * i + 1] = NAN;
        if (result == DONE && sectors[i] >= 0)
            result = distance(p, p->sectors + sectors[i], places + 2 * i, out + 2 * i + 1);
    }
    return result;
}
