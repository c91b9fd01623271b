/* The nearest of many points, exactly, in a tree of boxes that are halved along their longest side. */
#include "kernel.h"

enum {
    IN_A_LEAF = 8,
    ON_THE_STACK = 1024, /* found ones; more are looked for in memory of their own */
};

EXPORT int64_t points_boxes(int64_t points) {
    int64_t last_level = 1;
    for (int64_t size = points; size > IN_A_LEAF; size = (size + 1) / 2) last_level *= 2;
    return 2 * last_level - 1;
}

/* A number of a point: one of its coordinates, or the square of the way to it. */
typedef struct {
    double number;
    int32_t row;
} Ranked;

/* No two points are level. */
static int is_before(const Ranked *one, const Ranked *other) {
    return one->number < other->number || (one->number == other->number && one->row < other->row);
}

/* Brings the one of this rank, and those before it, to their side (Hoare's selection). */
static void select_rank(Ranked *ranked, int64_t count, int64_t rank) {
    int64_t low = 0, high = count - 1;
    while (low < high) {
        Ranked pivot = ranked[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (is_before(ranked + i, &pivot)) i++;
            while (is_before(&pivot, ranked + j)) j--;
            if (i <= j) {
                Ranked other = ranked[i];
                ranked[i++] = ranked[j];
                ranked[j--] = other;
            }
        }
        if (rank <= j) high = j;
        else if (rank >= i) low = i;
        else return;
    }
}

/* order: the points by where they stand. */
static void sort_into(const Points *p, Ranked *order, int64_t box, int64_t low, int64_t high) {
    int64_t longest = 0;
    double *corner = p->boxes + box * 2 * p->dimensions, length = -1.0;
    for (int64_t d = 0; d < p->dimensions; d++) {
        double lowest = INFINITY, highest = -INFINITY;
        for (int64_t i = low; i < high; i++) {
            double number = p->coordinates[order[i].row * p->dimensions + d];
            if (number < lowest) lowest = number;
            if (number > highest) highest = number;
        }
        corner[d] = lowest;
        corner[p->dimensions + d] = highest;
        if (highest - lowest > length) {
            length = highest - lowest;
            longest = d;
        }
    }
    if (high - low <= IN_A_LEAF) return;
    int64_t middle = low + (high - low) / 2;
    for (int64_t i = low; i < high; i++) order[i].number = p->coordinates[order[i].row * p->dimensions + longest];
    select_rank(order + low, high - low, middle - low);
    sort_into(p, order, 2 * box + 1, low, middle);
    sort_into(p, order, 2 * box + 2, middle, high);
}

EXPORT int points_sort(Points *p) {
    size_t points = (size_t)p->points, width = (size_t)p->dimensions * sizeof *p->coordinates;
    Ranked *order = malloc(points * sizeof *order);
    double *coordinates = malloc(points * width);
    int32_t *rows = malloc(points * sizeof *rows);
    int result = order && coordinates && rows ? DONE : OUT_OF_MEMORY;
    if (result == DONE) {
        for (int64_t i = 0; i < p->points; i++) order[i].row = (int32_t)i;
        sort_into(p, order, 0, 0, p->points);
        memcpy(coordinates, p->coordinates, points * width);
        memcpy(rows, p->rows, points * sizeof *rows);
        for (int64_t i = 0; i < p->points; i++) {
            memcpy(p->coordinates + i * p->dimensions, coordinates + order[i].row * p->dimensions, width);
            p->rows[i] = rows[order[i].row];
        }
    }
    free(order);
    free(coordinates);
    free(rows);
    return result;
}

/* found: the nearest so far and some more, in no order, room for `room`; none at `farthest` or beyond is wanted. */
typedef struct {
    const Points *points;
    const double *point;
    Ranked *found;
    int64_t count, wanted, room;
    Ranked farthest;
} Search;

static void offer(Search *s, double square, int32_t row) {
    Ranked one = {square, row};
    if (!is_before(&one, &s->farthest)) return;
    s->found[s->count++] = one;
    if (s->count == s->room) {
        select_rank(s->found, s->count, s->wanted - 1);
        s->count = s->wanted;
        s->farthest = s->found[s->wanted - 1];
    }
}

/* The square of the way to a box. A little less than it may be by rounding, so that no point in it is missed. */
static double square_to(const Points *p, int64_t box, const double *point) {
    const double *corner = p->boxes + box * 2 * p->dimensions;
    double square = 0.0;
    for (int64_t d = 0; d < p->dimensions; d++) {
        double gap = 0.0;
        if (point[d] < corner[d]) gap = corner[d] - point[d];
        else if (point[d] > corner[p->dimensions + d]) gap = point[d] - corner[p->dimensions + d];
        square += gap * gap;
    }
    return square * (1.0 - 1e-12);
}

static void search(Search *s, int64_t box, double to_box, int64_t low, int64_t high) {
    const Points *p = s->points;
    if (to_box > s->farthest.number) return;
    if (high - low <= IN_A_LEAF) {
        for (int64_t i = low; i < high; i++) {
            double square = 0.0;
            for (int64_t d = 0; d < p->dimensions; d++) {
                double apart = p->coordinates[i * p->dimensions + d] - s->point[d];
                square += apart * apart;
            }
            offer(s, square, p->rows[i]);
        }
        return;
    }
    int64_t middle = low + (high - low) / 2;
    double left = square_to(p, 2 * box + 1, s->point), right = square_to(p, 2 * box + 2, s->point);
    if (left <= right) {
        search(s, 2 * box + 1, left, low, middle);
        search(s, 2 * box + 2, right, middle, high);
    } else {
        search(s, 2 * box + 2, right, middle, high);
        search(s, 2 * box + 1, left, low, middle);
    }
}

/* Sorts by merging; `spare` is as long. */
static void sort_found(Ranked *found, Ranked *spare, int64_t count) {
    enum { BY_INSERTION = 8 };
    if (count <= BY_INSERTION) {
        for (int64_t i = 1; i < count; i++) {
            Ranked one = found[i];
            int64_t j = i;
            for (; j > 0 && is_before(&one, found + j - 1); j--) found[j] = found[j - 1];
            found[j] = one;
        }
        return;
    }
    int64_t half = count / 2, i = 0, j = half, k = 0;
    sort_found(found, spare, half);
    sort_found(found + half, spare, count - half);
    memcpy(spare, found, (size_t)half * sizeof *found);
    while (i < half && j < count) found[k++] = is_before(found + j, spare + i) ? found[j++] : spare[i++];
    memcpy(found + k, spare + i, (size_t)(half - i) * sizeof *found);
}

int nearest_to(const Points *points, const double *point, int64_t count, double *squares, int32_t *rows) {
    if (count < 1) return DONE;
    int64_t room = 2 * count + 2 * IN_A_LEAF;
    Ranked few[ON_THE_STACK], *found = 2 * room <= ON_THE_STACK ? few : malloc(2 * (size_t)room * sizeof *found);
    if (!found) return OUT_OF_MEMORY;
    Search s = {points, point, found, 0, count, room, {INFINITY, INT32_MAX}};
    search(&s, 0, 0.0, 0, points->points);
    int result = s.count < count ? NO_NUMBER : DONE; /* nothing is near to a place that is no number */
    if (result == DONE) {
        select_rank(found, s.count, count - 1);
        sort_found(found, found + room, count);
        for (int64_t i = 0; i < count; i++) {
            squares[i] = found[i].number;
            rows[i] = found[i].row;
        }
    }
    if (found != few) free(found);
    return result;
}

EXPORT int points_nearest(
    const Points *points, const double *many, int64_t n, int64_t count, double *squares, int32_t *rows
) {
    int result = DONE;
    for (int64_t i = 0; result == DONE && i < n; i++)
        result = nearest_to(points, many + i * points->dimensions, count, squares + i * count, rows + i * count);
    return result;
}
