/* The columns of a learner's matrix from the numbers and codes of homes; columns.py and its neighbours say the same
 * with numpy. */
#include "kernel.h"

/* What one column needs from home to home. written: what it wrote of the last one. */
typedef struct {
    Search search;
    double *doubles, *distances, *near, *weighted, *weights, *whole;
    const double *written;
} Room;

static void place_on(const Plane *plane, const double *home, double *east_north) {
    east_north[0] = (home[plane->longitude] - plane->centre_longitude) * plane->km_per_longitude;
    east_north[1] = (home[plane->latitude] - plane->centre_latitude) * plane->km_per_latitude;
}

static int64_t at_most(int64_t count, int64_t most) {
    return count < most ? count : most;
}

/* The nearest sales and their distances. is_new: whether this is another place than the last one. */
static int find_near(const Neighbourhood *a, const double *home, Room *room, int *is_new) {
    double place[2];
    const double *last = room->search.place;
    place_on(&a->plane, home, place);
    *is_new = !room->written || place[0] != last[0] || place[1] != last[1];
    if (!*is_new) return DONE;
    int result = search_nearest(&room->search, place);
    for (int64_t i = 0; result == DONE && i < room->search.count; i++)
        room->distances[i] = sqrt(room->search.found[i].number);
    return result;
}

/* By column, what it needs; none where there is nothing around. */
static int room_for(const Neighbourhood *a, Room *room) {
    if (!a) return DONE;
    int result = search_begin(&room->search, &a->points, a->nearest[a->nearest_count - 1]);
    size_t count = (size_t)room->search.wanted, radii = (size_t)a->radius_count;
    room->doubles = malloc(((3 + radii) * count + radii + 1) * sizeof *room->doubles);
    room->distances = room->doubles;
    room->near = room->distances + count;
    room->weighted = room->near + count;
    room->weights = room->weighted + count;
    room->whole = room->weights + radii * count;
    return room->doubles ? result : OUT_OF_MEMORY;
}

/* All that is the same for all homes at a place. */
static void write_place(const Neighbourhood *a, Room *room, double *out) {
    const Ranked *found = room->search.found;
    int64_t count = room->search.count, alike = at_most(a->alike, count);
    for (int64_t r = 0; r < a->radius_count; r++) {
        double *weights = room->weights + r * count, radius = a->radii[r];
        for (int64_t i = 0; i < count; i++) {
            double share = room->distances[i] / radius;
            weights[i] = -0.5 * (share * share);
        }
        for (int64_t i = 0; i < count; i++) weights[i] = exp(weights[i]);
        room->whole[r] = sum_of(weights, count);
    }
    for (int64_t f = 0; f < a->figure_count; f++) {
        const double *figure = a->figures + f * a->points.points;
        for (int64_t i = 0; i < count; i++) room->near[i] = figure[found[i].row];
        for (int64_t k = 0; k < a->nearest_count; k++) {
            int64_t many = at_most(a->nearest[k], count);
            *out++ = sum_of(room->near, many) / (double)many;
        }
        for (int64_t r = 0; r < a->radius_count; r++) {
            const double *weights = room->weights + r * count;
            for (int64_t i = 0; i < count; i++) room->weighted[i] = weights[i] * room->near[i];
            *out++ = (sum_of(room->weighted, count) + a->prior * a->market[f]) / (room->whole[r] + a->prior);
        }
    }
    for (int64_t k = 0; k < a->attribute_count; k++) {
        const double *attribute = a->attributes + k * a->points.points;
        double sum = 0.0;
        for (int64_t i = 0; i < alike; i++) sum += attribute[found[i].row];
        out[k] = sum / (double)alike;
    }
    out += 2 * a->attribute_count;
    for (int64_t k = 0; k < a->far_count; k++) *out++ = room->distances[at_most(a->far[k], count) - 1];
}

static int write_neighbourhood(const Neighbourhood *a, const double *home, Room *room, double *out, int64_t width) {
    int is_new, result = find_near(a, home, room, &is_new);
    if (result != DONE) return result;
    if (is_new) write_place(a, room, out);
    else memcpy(out, room->written, (size_t)width * sizeof *out);
    room->written = out;
    out += a->figure_count * (a->nearest_count + a->radius_count);
    for (int64_t k = 0; k < a->attribute_count; k++) out[a->attribute_count + k] = home[a->own[k]] - out[k];
    return DONE;
}

static int write_local_errors(const Neighbourhood *a, const double *home, Room *room, double *out) {
    int is_new, result = find_near(a, home, room, &is_new);
    if (result != DONE) return result;
    int64_t count = room->search.count;
    for (int64_t i = 0; is_new && i < count; i++) room->near[i] = a->figures[room->search.found[i].row];
    out[0] = is_new ? sum_of(room->near, count) / (double)count : room->written[0];
    out[1] = room->distances[at_most(a->far[0], count) - 1];
    room->written = out;
    return DONE;
}

static int write_row(const Columns *c, const double *home, const int32_t *codes, Room *rooms, double *out) {
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
            result = write_neighbourhood(column->around, home, rooms + i, out, column->width);
            break;
        case LOCAL_ERRORS:
            result = write_local_errors(column->around, home, rooms + i, out);
            break;
        }
        out += column->width;
    }
    return result;
}

int columns_order(const Columns *c, const double *numbers, int64_t n, int32_t **order) {
    *order = NULL;
    for (int64_t i = 0; i < c->count; i++) {
        if (!c->columns[i].around) continue;
        const Plane *plane = &c->columns[i].around->plane;
        return order_by_place(numbers + plane->latitude, numbers + plane->longitude, c->numbers, n, order);
    }
    return DONE;
}

int columns_write_in_order(
    const Columns *c, const double *numbers, const int32_t *codes, const int32_t *order, const int32_t *row, int64_t n,
    double *matrix, int64_t stride
) {
    Room *rooms = calloc((size_t)c->count + 1, sizeof *rooms);
    int result = rooms ? DONE : OUT_OF_MEMORY;
    for (int64_t i = 0; result == DONE && i < c->count; i++) result = room_for(c->columns[i].around, rooms + i);
    for (int64_t i = 0; result == DONE && i < n; i++) {
        int64_t home = order ? order[i] : i;
        double *out = matrix + (row ? row[i] : i) * stride;
        result = write_row(c, numbers + home * c->numbers, codes + home * c->codes, rooms, out);
    }
    for (int64_t i = 0; rooms && i < c->count; i++) {
        search_end(&rooms[i].search);
        free(rooms[i].doubles);
    }
    free(rooms);
    return result;
}

EXPORT int columns_write(
    const Columns *c, const double *numbers, const int32_t *codes, int64_t n, double *matrix, int64_t stride
) {
    int32_t *order;
    int result = columns_order(c, numbers, n, &order);
    if (result == DONE) result = columns_write_in_order(c, numbers, codes, order, order, n, matrix, stride);
    free(order);
    return result;
}
