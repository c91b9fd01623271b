/* The arithmetic of a valuation: columns, nearest sales, trees, and what each field brings.
 *
 * Plain C without state and without globals: all memory that outlives a call belongs to the caller, and the caller has
 * checked what its arrays refer to (the Python beside this folder does, before a model is used). Safe for many threads.
 *
 * Built without fused multiply-adds and without -ffast-math, so that every machine gives the same bits: options in
 * hatch_build.py.
 */
#ifndef TASADOR_KERNEL_H
#define TASADOR_KERNEL_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef KERNEL_SOURCES
#error "KERNEL_SOURCES: the digest of the sources (library.py); hatch_build.py gives it"
#endif

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

enum { DONE = 0, OUT_OF_MEMORY = 1, NO_NUMBER = 2 };

/* ---- trees.c ---- */

/* A row goes to `child` where the key of its feature is at most `key`, else to the node after `child`; NaN goes to
 * `child` where `nan_left` is set, else to the node after it. A leaf is its own child. See `key_of`. */
typedef struct {
    int64_t key;
    int32_t child;
    int16_t feature;
    int16_t nan_left;
} Node;

/* Trees side by side; the children of a node stand after it, side by side. values: of the leaves, by node. */
typedef struct {
    const Node *nodes;
    const double *values;
    const int32_t *roots;
    int64_t trees;
    int64_t features;
    double base;
    const struct Ranking *ranking; /* NULL: many rows are walked one by one, too */
} Ensemble;

#define KEY_OF_NAN INT64_MAX

/* An integer in the order of the numbers; comparing integers takes the processor less. NaN's is above all others. */
static inline int64_t key_of(double number) {
    int64_t bits;
    if (number != number) return KEY_OF_NAN;
    number += 0.0; /* there is one zero */
    memcpy(&bits, &number, sizeof bits);
    return bits ^ ((bits >> 63) & INT64_MAX);
}

static inline int32_t next_of(const Node *node, int64_t key) {
    return node->child + (key > node->key && !(key == KEY_OF_NAN && node->nan_left));
}

/* matrix: (n, features), rows `stride` apart; out: (n,). */
EXPORT int ensemble_values(const Ensemble *ensemble, const double *matrix, int64_t stride, int64_t n, double *out);

/* ---- ranks.c ---- */

/* A column of ranks: how many of a feature's thresholds[first:last], fewer than INT16_MAX, a number is above. NaN's rank
 * is 0 where `nan_left` is set, else INT16_MAX. */
typedef struct {
    int64_t first, last;
    int32_t feature, nan_left;
} RankedColumn;

/* A row goes to the node `below` places farther on where its rank in the column is at most `rank`, else to the one after
 * that. A leaf has nothing below. */
typedef struct {
    uint32_t below;
    uint16_t rank, column;
} RankedNode;

enum { MOST_LEAVES = 32 };

/* The leaves, a bit each, that a row cannot fall into whose rank is higher. */
typedef struct {
    int16_t rank;
    uint16_t column, gone;
} Split;

/* Of a tree of up to MOST_LEAVES, where its splits and its leaves begin: the splits that strike out any of the first 16
 * leaves, then those that strike out any of the others. Of a larger one, splits is -1. */
typedef struct {
    int32_t splits, leaves, count[2];
} Bush;

/* An ensemble for many rows. nodes: as its own; bushes: by tree; splits, leaves: as many as the nodes of all bushes. */
typedef struct Ranking {
    const int64_t *thresholds;
    const RankedColumn *columns;
    int64_t column_count;
    const RankedNode *nodes;
    Split *splits;
    double *leaves;
    Bush *bushes;
} Ranking;

/* Fills splits, leaves and bushes. */
EXPORT int ranking_prepare(Ranking *ranking, const Ensemble *ensemble, int64_t nodes);
int ranking_values(const Ensemble *ensemble, const double *matrix, int64_t stride, int64_t n, double *out);

/* ---- nearest.c ---- */

/* Points in a tree of boxes. coordinates: (n, dimensions) in the order of `rows`; rows: where they stand in the
 * caller's table; boxes: (boxes, 2, dimensions), lowest and highest corner, the children of box i being 2i+1, 2i+2. */
typedef struct {
    double *coordinates;
    int32_t *rows;
    double *boxes;
    int64_t points;
    int64_t dimensions;
} Points;

/* How many boxes there are for so many points. */
EXPORT int64_t points_boxes(int64_t points);
/* Fills `boxes` and sorts `coordinates` and `rows`, which hold the points with their rows ascending. */
EXPORT int points_sort(Points *points);
/* A point, and a number of it: one of its coordinates, or the square of the way to it. */
typedef struct {
    double number;
    int32_t row, bucket;
} Ranked;

/* What is nearest to one place after another; the closer to the last, the sooner found. found: as many as wanted, the
 * nearest first, of equals that of the lower row; while looking: those found so far, none as far as `farthest`. */
typedef struct {
    const Points *points;
    Ranked *memory, *found, *spare, farthest;
    int64_t wanted, count, room;
    double place[3];
} Search;

/* wanted: how many, all where there are fewer. Whatever this says, the search is to be ended. */
int search_begin(Search *search, const Points *points, int64_t wanted);
int search_nearest(Search *search, const double *place);
void search_end(Search *search);
/* The `count` points, at most all, nearest to each of n places (n, dimensions): squares of distances and rows, (n,
 * count). */
EXPORT int points_nearest(
    const Points *points, const double *many, int64_t n, int64_t count, double *squares, int32_t *rows
);

/* ---- order.c ---- */

/* Places, `stride` numbers apart, in an order in which the next one is near: *order is (n,), to be freed; NULL where few
 * places may stay as they are. */
int order_by_place(const double *latitudes, const double *longitudes, int64_t stride, int64_t n, int32_t **order);

/* ---- distances.c ---- */

/* Sales on the unit sphere: all of them, and those of each sector; latitudes and longitudes (degrees) by row. */
typedef struct {
    const Points *everywhere;
    const Points *sectors;
    const double *latitudes, *longitudes;
} Places;

/* places: (n, 2), latitude and longitude; sectors: (n,), -1 for one without sales; out: (n, 2), kilometres to the nearest
 * sale, and to the nearest one in the sector, NaN where there is none. */
EXPORT int places_distances(const Places *p, const double *places, const int32_t *sectors, int64_t n, double *out);

/* ---- columns.c ---- */

enum { NUMBER, SHARE, SHARE_OF_AT_LEAST_ONE, TURNED, CODED, NEIGHBOURHOOD, LOCAL_ERRORS };

/* Kilometres east and north of a centre. latitude, longitude: places among the numbers of a home. */
typedef struct {
    int64_t latitude, longitude;
    double centre_latitude, centre_longitude, km_per_latitude, km_per_longitude;
} Plane;

/* What is known around a place; figures: (figures, points) by row; attributes: (attributes, points) by row, and where
 * the home's own stand among its numbers. */
typedef struct {
    Plane plane;
    Points points;
    const double *figures;
    const double *market; /* the means of the figures */
    int64_t figure_count;
    const double *attributes;
    const int64_t *own;
    int64_t attribute_count;
    const int64_t *nearest; /* over how many sales the figures are averaged, ascending */
    int64_t nearest_count;
    const double *radii;
    int64_t radius_count;
    const int64_t *far; /* the ranks of the sales whose distances are told */
    int64_t far_count;
    int64_t alike;
    double prior;
} Neighbourhood;

/* One or more columns of the matrix. a, b: places among the numbers (CODED: a among the codes). numbers: CODED: one row
 * of `width` for each code from -1 on; TURNED: cosine and sine of each angle. */
typedef struct {
    int64_t kind, width, a, b;
    double centre, scale;
    const double *numbers;
    const Plane *plane;
    const Neighbourhood *around;
} Column;

typedef struct {
    const Column *columns;
    int64_t count;
    int64_t width;          /* of the matrix */
    int64_t numbers, codes; /* of a home */
} Columns;

/* numbers: (n, columns->numbers), codes: (n, columns->codes); matrix: (n, width), rows `stride` apart. */
EXPORT int columns_write(
    const Columns *columns, const double *numbers, const int32_t *codes, int64_t n, double *matrix, int64_t stride
);
/* The order in which homes are best taken; see order.c. */
int columns_order(const Columns *columns, const double *numbers, int64_t n, int32_t **order);
/* Takes n homes, order[i] or, without an order, i; it goes into row[i] or i of the matrix. */
int columns_write_in_order(
    const Columns *columns, const double *numbers, const int32_t *codes, const int32_t *order, const int32_t *row,
    int64_t n, double *matrix, int64_t stride
);

/* ---- figures.c ---- */

/* Columns, trees on them, and perhaps a line (slopes NULL: none), level below `lowest` and above `highest`. */
typedef struct {
    const Columns *columns;
    const Ensemble *ensemble;
    const double *slopes, *lowest, *highest;
} Model;

/* What trees and line say of n homes. */
EXPORT int model_figures(const Model *model, const double *numbers, const int32_t *codes, int64_t n, double *out);

/* ---- shapley.c ---- */

/* Of a node: the part of the training rows of its parent that reach it; what the tree expects there; and the players
 * asked for there and below, a bit each, all from 63 on sharing one. */
typedef struct {
    double share, expected;
    uint64_t below;
} Stage;

/* What the games on an ensemble need. stages: by node; most_players: on a path of each tree; player: of each feature. */
typedef struct {
    const Ensemble *ensemble;
    const int32_t *player;
    Stage *stages;
    int32_t *most_players;
    int64_t nodes, players;
} Games;

/* Gauss and Legendre's quadrature on (0, 1): exact for the values of games of up to 2 `count` players. */
typedef struct {
    const double *points, *weights;
    int64_t count;
} Quadrature;

/* Fills most_players, and of the stages all but the shares. */
EXPORT int games_prepare(Games *games);
/* The Shapley values of the path-dependent game for one row: adds to effects (players,). quadratures: of 2, 3, 4, 5, 6, 8
 * and 64 points. */
EXPORT int games_contributions(
    const Games *games, const double *row, const Quadrature *quadratures, double *effects
);
/* The Shapley values of the way from `baseline` to `row`: adds to effects (players,). unanimity: (players + 1, players
 * + 1), (a - 1)! m! / (a + m)! at [a, m]. */
EXPORT int games_steps(
    const Games *games, const double *row, const double *baseline, const double *unanimity, double *effects
);

/* ---- sums.c ---- */

/* The digest of the sources that this was built from. */
EXPORT uint64_t kernel_sources(void);
/* The sum in the order in which numpy adds contiguous numbers up. */
double sum_of(const double *numbers, int64_t count);

#endif
