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

static void swap(Points *p, int64_t i, int64_t j) {
    int32_t row = p->rows[i];
    p->rows[i] = p->rows[j];
    p->rows[j] = row;
    for (int64_t d = 0; d < p->dimensions; d++) {
        double number = p->coordinates[i * p->dimensions + d];
        p->coordinates[i * p->dimensions + d] = p->coordinates[j * p->dimensions + d];
        p->coordinates[j * p->dimensions + d] = number;
    }
}

/* Whether point i stands before (number, row) along one dimension; no two points are level. */
static int is_before(const Points *p, int64_t i, int64_t dimension, double number, int32_t row) {
    double own = p->coordinates[i * p->dimensions + dimension];
    return own < number || (own == number && p->rows[i] < row);
}

static int is_after(const Points *p, int64_t i, int64_t dimension, double number, int32_t row) {
    double own = p->coordinates[i * p->dimensions + dimension];
    return own > number || (own == number && p->rows[i] > row);
}

/* Brings the point of this rank, and those before it, to their side (Hoare's selection). */
static void select_rank(Points *p, int64_t low, int64_t high, int64_t rank, int64_t dimension) {
    high--;
    while (low < high) {
        int64_t middle = low + (high - low) / 2, i = low, j = high;
        double number = p->coordinates[middle * p->dimensions + dimension];
        int32_t row = p->rows[middle];
        while (i <= j) {
            while (is_before(p, i, dimension, number, row)) i++;
            while (is_after(p, j, dimension, number, row)) j--;
            if (i <= j) swap(p, i++, j--);
        }
        if (rank <= j) high = j;
        else if (rank >= i) low = i;
        else return;
    }
}

static void sort_into(Points *p, int64_t box, int64_t low, int64_t high) {
    int64_t longest = 0;
    double *corner = p->boxes + box * 2 * p->dimensions, length = -1.0;
    for (int64_t d = 0; d < p->dimensions; d++) {
        double lowest = INFINITY, highest = -INFINITY;
        for (int64_t i = low; i < high; i++) {
            double number = p->coordinates[i * p->dimensions + d];
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
    select_rank(p, low, high, middle, longest);
    sort_into(p, 2 * box + 1, low, middle);
    sort_into(p, 2 * box + 2, middle, high);
}

EXPORT void points_sort(Points *points) {
    sort_into(points, 0, 0, points->points);
}

typedef struct {
    double square;
    int32_t row;
} Found;

/* found: the nearest so far and some more, in no order, room for `room`; none at `farthest` or beyond is wanted. */
typedef struct {
    const Points *points;
    const double *point;
    Found *found;
    int64_t count, wanted, room;
    Found farthest;
} Search;

static int is_nearer(const Found *one, const Found *other) {
    return one->square < other->square || (one->square == other->square && one->row < other->row);
}

/* Brings the one of this rank, and those before it, to their places (Hoare's selection). */
static void select_found(Found *found, int64_t count, int64_t rank) {
    int64_t low = 0, high = count - 1;
    while (low < high) {
        Found pivot = found[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (is_nearer(found + i, &pivot)) i++;
            while (is_nearer(&pivot, found + j)) j--;
            if (i <= j) {
                Found other = found[i];
                found[i++] = found[j];
                found[j--] = other;
            }
        }
        if (rank <= j) high = j;
        else if (rank >= i) low = i;
        else return;
    }
}

static void offer(Search *s, double square, int32_t row) {
    Found one = {square, row};
    if (!is_nearer(&one, &s->farthest)) return;
    s->found[s->count++] = one;
    if (s->count == s->room) {
        select_found(s->found, s->count, s->wanted - 1);
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
    if (to_box > s->farthest.square) return;
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
static void sort_found(Found *found, Found *spare, int64_t count) {
    enum { BY_INSERTION = 8 };
    if (count <= BY_INSERTION) {
        for (int64_t i = 1; i < count; i++) {
            Found one = found[i];
            int64_t j = i;
            for (; j > 0 && is_nearer(&one, found + j - 1); j--) found[j] = found[j - 1];
            found[j] = one;
        }
        return;
    }
    int64_t half = count / 2, i = 0, j = half, k = 0;
    sort_found(found, spare, half);
    sort_found(found + half, spare, count - half);
    memcpy(spare, found, (size_t)half * sizeof *found);
    while (i < half && j < count) found[k++] = is_nearer(found + j, spare + i) ? found[j++] : spare[i++];
    memcpy(found + k, spare + i, (size_t)(half - i) * sizeof *found);
}

int nearest_to(const Points *points, const double *point, int64_t count, double *squares, int32_t *rows) {
    if (count < 1) return DONE;
    int64_t room = 2 * count + 2 * IN_A_LEAF;
    Found few[ON_THE_STACK], *found = 2 * room <= ON_THE_STACK ? few : malloc(2 * (size_t)room * sizeof *found);
    if (!found) return OUT_OF_MEMORY;
    Search s = {points, point, found, 0, count, room, {INFINITY, INT32_MAX}};
    search(&s, 0, 0.0, 0, points->points);
    int result = s.count < count ? NO_NUMBER : DONE; /* nothing is near to a place that is no number */
    if (result == DONE) {
        select_found(found, s.count, count - 1);
        sort_found(found, found + room, count);
        for (int64_t i = 0; i < count; i++) {
            squares[i] = found[i].square;
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
