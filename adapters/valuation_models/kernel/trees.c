/* Sums of the leaves that rows fall into; each row's in the order of the trees, so that a row among others gets the
 * same bits as alone. */
#include "kernel.h"

enum { FEW_ROWS = 48 }; /* up to here, rows are walked one by one */

#define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
enum { SIDE_BY_SIDE = 8 };

static int32_t leaf_of(const Node *nodes, int32_t at, const int64_t *keys) {
    for (;;) {
        int32_t next = next_of(nodes + at, keys[nodes[at].feature]);
        if (next == at) return at;
        at = next;
    }
}

/* One row through eight trees at once: the processor need not wait for one step to begin another. */
static double value_of_row(const Ensemble *e, const int64_t *keys, int any_nan) {
    const Node *nodes = e->nodes;
    double sum = e->base;
    int64_t tree = 0;
    for (; !any_nan && tree + SIDE_BY_SIDE <= e->trees; tree += SIDE_BY_SIDE) {
#define BEGIN(j) int32_t at##j = e->roots[tree + j];
#define STEP(j)                                                              \
    {                                                                        \
        const Node *node = nodes + at##j;                                    \
        int32_t next = node->child + (keys[node->feature] > node->key);      \
        moved |= next ^ at##j;                                               \
        at##j = next;                                                        \
    }
#define ADD(j) sum += e->values[at##j];
        EACH(BEGIN)
        int32_t moved;
        do {
            moved = 0;
            EACH(STEP)
        } while (moved);
        EACH(ADD)
    }
    for (; tree < e->trees; tree++) sum += e->values[leaf_of(nodes, e->roots[tree], keys)];
    return sum;
}

static int few_values(const Ensemble *e, const double *matrix, int64_t stride, int64_t n, double *out) {
    int64_t *keys = malloc((size_t)(e->features + 1) * sizeof *keys);
    if (!keys) return OUT_OF_MEMORY;
    for (int64_t row = 0; row < n; row++) {
        int any_nan = 0;
        for (int64_t f = 0; f < e->features; f++) {
            keys[f] = key_of(matrix[row * stride + f]);
            any_nan |= keys[f] == KEY_OF_NAN;
        }
        out[row] = value_of_row(e, keys, any_nan);
    }
    free(keys);
    return DONE;
}

EXPORT int ensemble_values(const Ensemble *e, const double *matrix, int64_t stride, int64_t n, double *out) {
    return (n <= FEW_ROWS || !e->ranking ? few_values : ranking_values)(e, matrix, stride, n, out);
}
