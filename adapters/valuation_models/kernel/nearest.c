/* The nearest of many points, exactly, in a tree of boxes that are halved along their longest side. */
#include "kernel.h"

enum {
    IN_A_LEAF = 8,
    DEEPEST = 64, /* no tree that halves its boxes is so deep */
    BUCKETS = 256,
    BY_INSERTION = 8,
};

EXPORT int64_t points_boxes(int64_t points) {
    int64_t last_level = 1;
    for (int64_t size = points; size > IN_A_LEAF; size = (size + 1) / 2) last_level *= 2;
    return 2 * last_level - 1;
}

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

/* Sorts what is nearly in order; gives up (0) where it turns out not to be. */
static int insert(Ranked *found, int64_t count) {
    int64_t moves = 4 * count;
    for (int64_t i = 1; i < count; i++) {
        if (!is_before(found + i, found + i - 1)) continue;
        Ranked one = found[i];
        int64_t j = i;
        for (; j > 0 && is_before(&one, found + j - 1); j--, moves--) found[j] = found[j - 1];
        found[j] = one;
        if (moves < 0) return 0;
    }
    return 1;
}

/* Sorts by merging what is not yet in order; `spare` is as long. */
static void merge_sort(Ranked *found, Ranked *spare, int64_t count) {
    if (count <= BY_INSERTION) {
        insert(found, count);
        return;
    }
    int64_t half = count / 2, i = 0, j = half, k = 0;
    merge_sort(found, spare, half);
    merge_sort(found + half, spare, count - half);
    if (is_before(found + half - 1, found + half)) return;
    memcpy(spare, found, (size_t)half * sizeof *found);
    while (i < half && j < count) found[k++] = is_before(found + j, spare + i) ? found[j++] : spare[i++];
    memcpy(found + k, spare + i, (size_t)(half - i) * sizeof *found);
}

/* Sorts those found: into buckets first, over which the squares of ways to points on a plane are spread evenly. */
static void sort_found(Search *s) {
    double most = s->farthest.number;
    if (most == INFINITY) {
        most = 0.0;
        for (int64_t i = 0; i < s->count; i++) most = s->found[i].number > most ? s->found[i].number : most;
    }
    double scale = BUCKETS / most;
    if (s->count > BY_INSERTION && most < INFINITY && scale < INFINITY) {
        int32_t starts[BUCKETS + 1] = {0};
        for (int64_t i = 0; i < s->count; i++) {
            int32_t bucket = (int32_t)(s->found[i].number * scale);
            s->found[i].bucket = bucket < BUCKETS ? bucket : BUCKETS - 1;
            starts[s->found[i].bucket + 1]++;
        }
        for (int64_t i = 1; i < BUCKETS; i++) starts[i] += starts[i - 1];
        for (int64_t i = 0; i < s->count; i++) s->spare[starts[s->found[i].bucket]++] = s->found[i];
        Ranked *sorted = s->spare;
        s->spare = s->found;
        s->found = sorted;
    }
    if (!insert(s->found, s->count)) merge_sort(s->found, s->spare, s->count);
}

/* Leaves the wanted ones, the nearest first, of those found so far. */
static void leave_wanted(Search *s) {
    sort_found(s);
    if (s->count >= s->wanted) {
        s->count = s->wanted;
        s->farthest = s->found[s->wanted - 1];
    }
}

/* The square of the way to a box. A little less than it may be by rounding, so that no point in it is missed. */
static inline double square_to(const double *corner, const double *point, const int64_t dimensions) {
    double square = 0.0;
    for (int64_t d = 0; d < dimensions; d++) {
        double below = corner[d] - point[d], above = point[d] - corner[dimensions + d];
        double gap = below > above ? below : above;
        gap = gap > 0.0 ? gap : 0.0;
        square += gap * gap;
    }
    return square * (1.0 - 1e-12);
}

static inline double square_between(const double *one, const double *other, const int64_t dimensions) {
    double square = 0.0;
    for (int64_t d = 0; d < dimensions; d++) {
        double apart = one[d] - other[d];
        square += apart * apart;
    }
    return square;
}

static inline void look_through_leaf(Search *s, int64_t low, int64_t high, const int64_t dimensions) {
    const double *coordinates = s->points->coordinates;
    const int32_t *rows = s->points->rows;
    if (s->wanted == 1) {
        for (int64_t i = low; i < high; i++) {
            Ranked one = {square_between(coordinates + i * dimensions, s->place, dimensions), rows[i], 0};
            if (!is_before(&one, &s->farthest)) continue;
            s->found[0] = s->farthest = one;
            s->count = 1;
        }
        return;
    }
    if (s->count + IN_A_LEAF > s->room) leave_wanted(s);
    Ranked *found = s->found, farthest = s->farthest;
    int64_t count = s->count;
    for (int64_t i = low; i < high; i++) {
        double square = square_between(coordinates + i * dimensions, s->place, dimensions);
        found[count].number = square;
        found[count].row = rows[i];
        count += (square < farthest.number) | ((square == farthest.number) & (rows[i] < farthest.row));
    }
    s->count = count;
}

typedef struct {
    int64_t box, low, high;
    double square;
} Part;

static inline __attribute__((always_inline)) void look_through(Search *s, const int64_t dimensions) {
    const double *boxes = s->points->boxes, *place = s->place;
    Part waiting[DEEPEST], part = {0, 0, s->points->points, 0.0};
    int64_t parts = 0;
    for (;;) {
        if (part.square <= s->farthest.number) {
            if (part.high - part.low > IN_A_LEAF) {
                int64_t middle = part.low + (part.high - part.low) / 2, box = 2 * part.box + 1;
                const double *corner = boxes + box * 2 * dimensions;
                Part left = {box, part.low, middle, square_to(corner, place, dimensions)};
                Part right = {box + 1, middle, part.high, square_to(corner + 2 * dimensions, place, dimensions)};
                int first = left.square <= right.square;
                waiting[parts++] = first ? right : left;
                part = first ? left : right;
                continue;
            }
            look_through_leaf(s, part.low, part.high, dimensions);
        }
        if (!parts) return;
        part = waiting[--parts];
    }
}

int search_begin(Search *s, const Points *points, int64_t wanted) {
    if (wanted > points->points) wanted = points->points;
    *s = (Search){.points = points, .wanted = wanted, .room = 2 * wanted + 2 * IN_A_LEAF};
    s->memory = malloc(2 * (size_t)s->room * sizeof *s->memory);
    s->found = s->memory;
    s->spare = s->memory + s->room;
    return s->memory ? DONE : OUT_OF_MEMORY;
}

void search_end(Search *s) {
    free(s->memory);
    s->memory = NULL;
}

/* No farther than this are as many as wanted: those of the last place are no farther than they were from there and it
 * is from here. A little more than it may be by rounding. */
static double farthest_from(const Search *s, const double *place) {
    if (!s->count || s->count < s->wanted) return INFINITY;
    double way = sqrt(square_between(s->place, place, s->points->dimensions));
    double whole = (sqrt(s->found[s->count - 1].number) + way) * (1.0 + 1e-9);
    double square = whole * whole + 1e-300;
    return square < INFINITY ? square : INFINITY;
}

int search_nearest(Search *s, const double *place) {
    size_t width = (size_t)s->points->dimensions * sizeof *place;
    s->farthest = (Ranked){farthest_from(s, place), INT32_MAX, 0};
    memcpy(s->place, place, width);
    s->count = 0;
    if (s->wanted < 1) return DONE;
    if (s->points->dimensions == 2) look_through(s, 2);
    else look_through(s, 3);
    if (s->count < s->wanted) return NO_NUMBER; /* nothing is near to a place that is no number */
    leave_wanted(s);
    return DONE;
}

EXPORT int points_nearest(
    const Points *points, const double *many, int64_t n, int64_t count, double *squares, int32_t *rows
) {
    Search s;
    int result = search_begin(&s, points, count);
    for (int64_t i = 0; result == DONE && i < n; i++) {
        result = search_nearest(&s, many + i * points->dimensions);
        for (int64_t j = 0; result == DONE && j < s.wanted; j++) {
            squares[i * s.wanted + j] = s.found[j].number;
            rows[i * s.wanted + j] = s.found[j].row;
        }
    }
    search_end(&s);
    return result;
}
