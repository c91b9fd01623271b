/* Homes in an order in which the next one is near: along a curve through squares of squares (Morton's). */
#include "kernel.h"

enum { FEWEST = 16, CELLS = 65536, DIGITS = 256 };

/* Bit i of the number at bit 2i. */
static uint64_t spread_out(uint64_t number) {
    number = (number | number << 8) & 0x00FF00FF;
    number = (number | number << 4) & 0x0F0F0F0F;
    number = (number | number << 2) & 0x33333333;
    return (number | number << 1) & 0x55555555;
}

typedef struct {
    double lowest, scale;
} Axis;

static Axis axis_of(const double *numbers, int64_t stride, int64_t n) {
    double lowest = INFINITY, highest = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        double number = numbers[i * stride];
        if (number < lowest) lowest = number;
        if (number > highest) highest = number;
    }
    return (Axis){lowest, CELLS / (highest - lowest)};
}

static uint64_t cell_of(Axis axis, double number) {
    double cell = (number - axis.lowest) * axis.scale;
    return !(cell > 0.0) ? 0 : cell < CELLS ? (uint64_t)cell : CELLS - 1; /* NaN: 0 */
}

int order_by_place(const double *latitudes, const double *longitudes, int64_t stride, int64_t n, int32_t **order) {
    *order = NULL;
    if (n < FEWEST) return DONE;
    size_t many = (size_t)n;
    uint64_t *keys = malloc(2 * many * sizeof *keys), *sorted = keys + many;
    *order = malloc(many * sizeof **order);
    if (!keys || !*order) {
        free(keys);
        free(*order);
        *order = NULL;
        return OUT_OF_MEMORY;
    }
    Axis north = axis_of(latitudes, stride, n), east = axis_of(longitudes, stride, n);
    for (int64_t i = 0; i < n; i++) {
        uint64_t y = cell_of(north, latitudes[i * stride]), x = cell_of(east, longitudes[i * stride]);
        keys[i] = (spread_out(y) << 1 | spread_out(x)) << 32 | (uint64_t)i;
    }
    for (int shift = 32; shift < 64; shift += 8) {
        int64_t starts[DIGITS + 1] = {0};
        for (int64_t i = 0; i < n; i++) starts[(keys[i] >> shift) % DIGITS + 1]++;
        for (int64_t i = 1; i < DIGITS; i++) starts[i] += starts[i - 1];
        for (int64_t i = 0; i < n; i++) sorted[starts[(keys[i] >> shift) % DIGITS]++] = keys[i];
        uint64_t *other = keys;
        keys = sorted;
        sorted = other;
    }
    for (int64_t i = 0; i < n; i++) (*order)[i] = (int32_t)keys[i];
    free(keys); /* after an even number of turns, that which was made */
    return DONE;
}
