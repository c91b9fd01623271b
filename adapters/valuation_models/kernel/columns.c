/* The columns of a learner's matrix from the numbers and codes of homes; columns.py and its neighbours say the same
 * with numpy. */
#include "kernel.h"

typedef struct {
    double *distances, *near, *weighted;
    int32_t *rows;
} Room;

static void place_on(const Plane *plane, const double *home, double *east_north) {
    east_north[0] = (home[plane->longitude] - plane->centre_longitude) * plane->km_per_longitude;
    east_north[1] = (home[plane->latitude] - plane->centre_latitude) * plane->km_per_latitude;
}

static int64_t at_most(int64_t count, int64_t most) {
    return count < most ? count : most;
}

/* The nearest sales and their distances, and how many these are. */
static int find_near(const Neighbourhood *a, const double *home, int64_t wanted, Room *room, int64_t *count) {
    double place[2];
    *count = at_most(wanted, a->points.points);
    place_on(&a->plane, home, place);
    int result = nearest_to(&a->points, place, *count, room->distances, room->rows);
    for (int64_t i = 0; result == DONE && i < *count; i++) room->distances[i] = sqrt(room->distances[i]);
    return result;
}

static int write_neighbourhood(const Neighbourhood *a, const double *home, Room *room, double *out) {
    int64_t count;
    int result = find_near(a, home, a->nearest[a->nearest_count - 1], room, &count);
    if (result != DONE) return result;
    int64_t alike = at_most(a->alike, count);
    double *weights = room->weighted + count;
    for (int64_t r = 0; r < a->radius_count; r++)
        for (int64_t i = 0; i < count; i++) {
            double share = room->distances[i] / a->radii[r];
            weights[r * count + i] = exp(-0.5 * (share * share));
        }
    for (int64_t f = 0; f < a->figure_count; f++) {
        const double *figure = a->figures + f * a->points.points;
        for (int64_t i = 0; i < count; i++) room->near[i] = figure[room->rows[i]];
        for (int64_t k = 0; k < a->nearest_count; k++) {
            int64_t many = at_most(a->nearest[k], count);
            *out++ = sum_of(room->near, many) / (double)many;
        }
        for (int64_t r = 0; r < a->radius_count; r++) {
            for (int64_t i = 0; i < count; i++) room->weighted[i] = weights[r * count + i] * room->near[i];
            *out++ = (sum_of(room->weighted, count) + a->prior * a->market[f]) /
                     (sum_of(weights + r * count, count) + a->prior);
        }
    }
    for (int64_t k = 0; k < a->attribute_count; k++) {
        const double *attribute = a->attributes + k * a->points.points;
        double sum = 0.0;
        for (int64_t i = 0; i < alike; i++) sum += attribute[room->rows[i]];
        out[k] = sum / (double)alike;
        out[a->attribute_count + k] = home[a->own[k]] - out[k];
    }
    out += 2 * a->attribute_count;
    for (int64_t k = 0; k < a->far_count; k++) *out++ = room->distances[at_most(a->far[k], count) - 1];
    return DONE;
}

static int write_local_errors(const Neighbourhood *a, const double *home, Room *room, double *out) {
    int64_t count;
    int result = find_near(a, home, a->nearest[0], room, &count);
    if (result != DONE) return result;
    for (int64_t i = 0; i < count; i++) room->near[i] = a->figures[room->rows[i]];
    out[0] = sum_of(room->near, count) / (double)count;
    out[1] = room->distances[at_most(a->far[0], count) - 1];
    return DONE;
}

static int write_row(const Columns *c, const double *home, const int32_t *codes, Room *room, double *out) {
    int result = DONE;
    for (int64_t i = 0; result == DONE && i < c->count; i++) {
        const Column *column = c->columns + i;
        double place[2];
        switch (column->kind) {
        case NUMBER:
            *out = (home[column->a] - column->centre) / column->scale;
            break;
        case SHARE:
            *out = home[column->a] / home[column->b];
            break;
        case SHARE_OF_AT_LEAST_ONE:
            *out = home[column->a] / (home[column->b] < 1.0 ? 1.0 : home[column->b]);
            break;
        case TURNED:
            place_on(column->plane, home, place);
            for (int64_t j = 0; j < column->width; j += 2) {
                double cosine = column->numbers[j], sine = column->numbers[j + 1];
                out[j] = cosine * place[0] + sine * place[1];
                out[j + 1] = cosine * place[1] - sine * place[0];
            }
            break;
        case CODED:
            memcpy(
                out, column->numbers + (codes[column->a] + 1) * column->width, (size_t)column->width * sizeof *out
            );
            break;
        case NEIGHBOURHOOD:
            result = write_neighbourhood(column->around, home, room, out);
            break;
        case LOCAL_ERRORS:
            result = write_local_errors(column->around, home, room, out);
            break;
        }
        out += column->width;
    }
    return result;
}

EXPORT int columns_write(
    const Columns *c, const double *numbers, const int32_t *codes, int64_t n, double *matrix, int64_t stride
) {
    size_t most = 1, most_radii = 0;
    for (int64_t i = 0; i < c->count; i++) {
        const Neighbourhood *around = c->columns[i].around;
        if (!around) continue;
        size_t nearest = (size_t)around->nearest[around->nearest_count - 1], radii = (size_t)around->radius_count;
        if (nearest > most) most = nearest;
        if (radii > most_radii) most_radii = radii;
    }
    double *doubles = malloc((3 + most_radii) * most * sizeof *doubles);
    int32_t *rows = malloc(most * sizeof *rows);
    int result = doubles && rows ? DONE : OUT_OF_MEMORY;
    Room room = {doubles, doubles + most, doubles + 2 * most, rows};
    for (int64_t i = 0; result == DONE && i < n; i++)
        result = write_row(c, numbers + i * c->numbers, codes + i * c->codes, &room, matrix + i * stride);
    free(doubles);
    free(rows);
    return result;
}
