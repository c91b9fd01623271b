/* Sums of the leaves that rows fall into; each row's in the order of the trees, so that a row among others gets the
 * same bits as alone. */
#include "kernel.h"

enum {
    ROWS_AT_ONCE = 1024, /* by columns, these fit into the second-level cache */
    FEW_ROWS = 48,       /* up to here, rows are walked one by one */
};

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

typedef struct {
    int32_t node, low, high;
} Part;

/* Many rows through one tree, sorted apart at each node. keys: by feature, ROWS_AT_ONCE apart. parts: room for the
 * parts that wait, one a level at most. */
static void add_tree(
    const Ensemble *e, int32_t root, const int64_t *keys, int32_t n, uint16_t *rows, uint16_t *right, Part *parts,
    double *out
) {
    int64_t waiting = 0;
    for (int32_t i = 0; i < n; i++) rows[i] = (uint16_t)i;
    parts[waiting++] = (Part){root, 0, n};
    while (waiting) {
        Part part = parts[--waiting];
        for (;;) {
            const Node *node = e->nodes + part.node;
            if (node->child == part.node) {
                double value = e->values[part.node];
                for (int32_t i = part.low; i < part.high; i++) out[rows[i]] += value;
                break;
            }
            const int64_t *column = keys + node->feature * (int64_t)ROWS_AT_ONCE;
            const int64_t key = node->key, nan = node->nan_left ? KEY_OF_NAN : INT64_MIN;
            int32_t middle = part.low, moved = 0;
            for (int32_t i = part.low; i < part.high; i++) {
                uint16_t row = rows[i];
                int goes_right = (column[row] > key) & (column[row] != nan);
                rows[middle] = row;
                right[moved] = row;
                middle += !goes_right;
                moved += goes_right;
            }
            memcpy(rows + middle, right, (size_t)moved * sizeof *right);
            if (!moved) {
                part.node = node->child;
            } else if (middle == part.low) {
                part.node = node->child + 1;
            } else {
                parts[waiting++] = (Part){node->child + 1, middle, part.high};
                part = (Part){node->child, part.low, middle};
            }
        }
    }
}

static int many_values(const Ensemble *e, const double *matrix, int64_t stride, int64_t n, double *out) {
    int64_t *keys = malloc((size_t)(e->features + 1) * ROWS_AT_ONCE * sizeof *keys);
    uint16_t *rows = malloc(2 * ROWS_AT_ONCE * sizeof *rows);
    Part *parts = malloc((ROWS_AT_ONCE + 1) * sizeof *parts); /* each waiting part holds a row of its own */
    int result = keys && rows && parts ? DONE : OUT_OF_MEMORY;
    for (int64_t start = 0; result == DONE && start < n; start += ROWS_AT_ONCE) {
        int32_t many = (int32_t)(n - start < ROWS_AT_ONCE ? n - start : ROWS_AT_ONCE);
        for (int32_t i = 0; i < many; i++) {
            for (int64_t f = 0; f < e->features; f++)
                keys[f * ROWS_AT_ONCE + i] = key_of(matrix[(start + i) * stride + f]);
            out[start + i] = e->base;
        }
        for (int64_t tree = 0; tree < e->trees; tree++)
            add_tree(e, e->roots[tree], keys, many, rows, rows + ROWS_AT_ONCE, parts, out + start);
    }
    free(keys);
    free(rows);
    free(parts);
    return result;
}

EXPORT int ensemble_values(const Ensemble *e, const double *matrix, int64_t stride, int64_t n, double *out) {
    return (n <= FEW_ROWS ? few_values : many_values)(e, matrix, stride, n, out);
}
