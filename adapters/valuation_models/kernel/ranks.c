/* Many rows through the trees: numbers become ranks among the thresholds of their feature, 15 bits each, so that all that
 * trees ask of 64 rows lies in the first-level cache. */
#include "kernel.h"

enum {
    ROWS = 64,           /* of a block */
    BLOCKS = 16,         /* at once */
    LANES = 8,
    LEAVES_OF_A_SET = 16,
    SIDE_BY_SIDE = 8,
};

typedef int16_t Lanes __attribute__((vector_size(2 * LANES), may_alias));
enum { VECTORS = ROWS / LANES };

/* Fills `first`, the leaf that each node begins with, and `many`, how many it has. Children stand after their parents. */
static void number_leaves(const RankedNode *nodes, int32_t root, int32_t end, uint8_t *first, uint8_t *many) {
    for (int32_t i = end - 1; i >= root; i--) {
        int32_t child = i - root + (int32_t)nodes[i].below;
        many[i - root] = nodes[i].below ? (uint8_t)(many[child] + many[child + 1]) : 1;
    }
    first[0] = 0;
    for (int32_t i = root; i < end; i++) {
        int32_t child = i - root + (int32_t)nodes[i].below;
        if (!nodes[i].below) continue;
        first[child] = first[i - root];
        first[child + 1] = (uint8_t)(first[child] + many[child]);
    }
}

EXPORT int ranking_prepare(Ranking *r, const Ensemble *e, int64_t nodes) {
    int32_t split = 0, leaf = 0;
    for (int64_t tree = 0; tree < e->trees; tree++) {
        int32_t root = e->roots[tree], end = tree + 1 < e->trees ? e->roots[tree + 1] : (int32_t)nodes;
        uint8_t first[2 * MOST_LEAVES], many[2 * MOST_LEAVES];
        Bush *bush = r->bushes + tree;
        *bush = (Bush){-1, leaf, {0, 0}};
        if (end - root >= 2 * MOST_LEAVES) continue;
        bush->splits = split;
        number_leaves(r->nodes, root, end, first, many);
        for (int set = 0; set < 2; set++)
            for (int32_t i = root; i < end; i++) {
                const RankedNode *node = r->nodes + i;
                if (!node->below) continue;
                uint32_t left = (uint32_t)(((uint64_t)1 << many[i - root + (int32_t)node->below]) - 1) << first[i - root];
                uint16_t gone = (uint16_t)(left >> set * LEAVES_OF_A_SET);
                if (!gone) continue;
                r->splits[split++] = (Split){(int16_t)node->rank, node->column, gone};
                bush->count[set]++;
            }
        for (int32_t i = root; i < end; i++)
            if (!r->nodes[i].below) r->leaves[leaf + first[i - root]] = e->values[i];
        leaf += (end - root + 1) / 2;
    }
    return DONE;
}

#define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

/* How many thresholds lie below each of eight keys; without jumps, which the processor could not foresee. */
static void count_below(const int64_t *thresholds, int64_t count, const int64_t *keys, int64_t *below) {
#define START(j) const int64_t *from##j = thresholds;
#define HALVE(j) from##j += half & -(int64_t)(from##j[half - 1] < keys[j]);
#define END(j) below[j] = from##j - thresholds + (*from##j < keys[j]);
    EACH(START)
    for (int64_t half; count > 1; count -= half) {
        half = count / 2;
        EACH(HALVE)
    }
    EACH(END)
}

/* The ranks of `many` rows in the columns from `at` on that share their thresholds; returns where the next ones begin.
 * Blocks lie as many columns apart as there are. */
static int64_t rank_columns(
    const Ranking *r, int64_t at, const double *matrix, int64_t stride, int64_t many, int16_t *ranks
) {
    const RankedColumn *column = r->columns + at;
    int64_t end = at + 1, keys[SIDE_BY_SIDE] = {0}, below[SIDE_BY_SIDE];
    while (end < r->column_count && r->columns[end].first == column->first) end++;
    for (int64_t i = 0; i < many; i += SIDE_BY_SIDE) {
        int64_t some = many - i < SIDE_BY_SIDE ? many - i : SIDE_BY_SIDE;
        for (int64_t j = 0; j < some; j++) keys[j] = key_of(matrix[(i + j) * stride + column->feature]);
        count_below(r->thresholds + column->first, column->last - column->first, keys, below);
        for (int64_t c = at; c < end; c++) {
            int64_t nan = r->columns[c].nan_left ? 0 : INT16_MAX;
            int16_t *out = ranks + ((i / ROWS) * r->column_count + c) * ROWS + i % ROWS;
            for (int j = 0; j < SIDE_BY_SIDE; j++)
                out[j] = (int16_t)(keys[j] == KEY_OF_NAN ? nan : below[j]);
        }
    }
    return end;
}

/* Which leaves of a set are out of reach of the rows of a block: those to the left of where a row goes to the right. */
static inline void strike(const Split *splits, int32_t count, const int16_t *ranks, Lanes *gone) {
    Lanes struck[VECTORS] = {{0}};
    for (int32_t k = 0; k < count; k++) {
        const Lanes *column = (const Lanes *)(ranks + splits[k].column * (int64_t)ROWS);
        Lanes rank = (Lanes){0} + splits[k].rank, leaves = (Lanes){0} + (int16_t)splits[k].gone;
        for (int v = 0; v < VECTORS; v++) struck[v] |= (Lanes)(column[v] > rank) & leaves;
    }
    for (int v = 0; v < VECTORS; v++) gone[v] = struck[v];
}

/* Small trees: a row falls into the first leaf that is left. */
static void add_bushes(const Ranking *r, int64_t from, int64_t to, const int16_t *ranks, double *sums) {
    for (int64_t tree = from; tree < to; tree++) {
        const Bush *bush = r->bushes + tree;
        const Split *splits = r->splits + bush->splits;
        const double *leaves = r->leaves + bush->leaves;
        union {
            Lanes lanes[VECTORS];
            uint16_t of[ROWS];
        } low, high;
        strike(splits, bush->count[0], ranks, low.lanes);
        strike(splits + bush->count[0], bush->count[1], ranks, high.lanes);
        for (int i = 0; i < ROWS; i++) sums[i] += leaves[__builtin_ctz(~(low.of[i] | (uint32_t)high.of[i] << 16))];
    }
}

/* A large one: eight rows walk at once, so that the processor need not wait for one step to begin another. */
static void add_tree(const Ensemble *e, int32_t root, const int16_t *ranks, double *sums) {
    const RankedNode *nodes = e->ranking->nodes;
    for (const double *end = sums + ROWS; sums < end; sums += SIDE_BY_SIDE, ranks += SIDE_BY_SIDE) {
#define BEGIN(j) const RankedNode *at##j = nodes + root;
#define STEP(j)          \
    moved |= at##j->below; \
    at##j += at##j->below + ((uint16_t)ranks[at##j->column * (int64_t)ROWS + j] > at##j->rank);
#define ADD(j) sums[j] += e->values[at##j - nodes];
        EACH(BEGIN)
        uint32_t moved;
        do {
            moved = 0;
            EACH(STEP)
        } while (moved);
        EACH(ADD)
    }
}

static void add_all(const Ensemble *e, const int16_t *ranks, int64_t blocks, double *sums) {
    const Ranking *r = e->ranking;
    int64_t apart = r->column_count * ROWS;
    for (int64_t tree = 0, next; tree < e->trees; tree = next) {
        next = tree + 1;
        if (r->bushes[tree].splits < 0) {
            for (int64_t b = 0; b < blocks; b++) add_tree(e, e->roots[tree], ranks + b * apart, sums + b * ROWS);
        } else {
            while (next < e->trees && r->bushes[next].splits >= 0) next++;
            for (int64_t b = 0; b < blocks; b++) add_bushes(r, tree, next, ranks + b * apart, sums + b * ROWS);
        }
    }
}

int ranking_values(const Ensemble *e, const double *matrix, int64_t stride, int64_t n, double *out) {
    const Ranking *r = e->ranking;
    enum { AT_ONCE = ROWS * BLOCKS };
    int16_t *ranks;
    double sums[AT_ONCE];
    char *memory = calloc((size_t)r->column_count * AT_ONCE * sizeof *ranks + sizeof(Lanes), 1);
    if (!memory) return OUT_OF_MEMORY;
    ranks = (int16_t *)(memory + (sizeof(Lanes) - (uintptr_t)memory % sizeof(Lanes)));
    for (int64_t start = 0; start < n; start += AT_ONCE) {
        int64_t many = n - start < AT_ONCE ? n - start : AT_ONCE;
        for (int64_t c = 0; c < r->column_count;) c = rank_columns(r, c, matrix + start * stride, stride, many, ranks);
        for (int64_t i = 0; i < AT_ONCE; i++) sums[i] = e->base;
        add_all(e, ranks, (many + ROWS - 1) / ROWS, sums);
        memcpy(out + start, sums, (size_t)many * sizeof *out);
    }
    free(memory);
    return DONE;
}
