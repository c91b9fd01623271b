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

/* Kilometres from a place, which is `point` on the unit sphere, to the nearest that a search finds. */
static int distance(const Places *p, Search *search, const double *place, const double *point, double *kilometres) {
    int result = search_nearest(search, point);
    if (result != DONE) return result;
    int32_t row = search->found->row;
    *kilometres = great_circle_km(place[0], place[1], p->latitudes[row], p->longitudes[row]);
    return DONE;
}

EXPORT int places_distances(const Places *p, const double *places, const int32_t *sectors, int64_t n, double *out) {
    int32_t *order, sector = -1;
    Search everywhere, inside = {0};
    int result = search_begin(&everywhere, p->everywhere, 1);
    int ordered = order_by_place(places, places + 1, 2, n, &order);
    if (result == DONE) result = ordered;
    for (int64_t j = 0; result == DONE && j < n; j++) {
        int64_t i = order ? order[j] : j;
        const double *place = places + 2 * i;
        double phi = place[0] * RADIANS, theta = place[1] * RADIANS;
        double point[3] = {cos(phi) * cos(theta), cos(phi) * sin(theta), sin(phi)};
        result = distance(p, &everywhere, place, point, out + 2 * i);
        out[2 * i + 1] = NAN;
        if (result != DONE || sectors[i] < 0) continue;
        if (sectors[i] != sector) {
            search_end(&inside);
            sector = sectors[i];
            result = search_begin(&inside, p->sectors + sector, 1);
        }
        if (result == DONE) result = distance(p, &inside, place, point, out + 2 * i + 1);
    }
    search_end(&everywhere);
    search_end(&inside);
    free(order);
    return result;
}
