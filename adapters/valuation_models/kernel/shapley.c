/* Shapley values of sums of trees, exact, by players: features that play as one. explanation.py has the mathematics. */
#include "kernel.h"

enum { MOST_POINTS = 64 };

static uint64_t bit_of(int32_t player) {
    return (uint64_t)1 << (player < 63 ? player : 63);
}

static int32_t players_in(uint64_t set, int64_t players) {
    int32_t count = set >> 63 ? (int32_t)(players - 64) : 0; /* the last bit may stand for many */
    for (; set; set &= set - 1) count++;
    return count;
}

EXPORT int games_prepare(Games *g) {
    const Node *nodes = g->ensemble->nodes;
    uint64_t *above = calloc((size_t)g->nodes + 1, sizeof *above);
    if (!above) return OUT_OF_MEMORY;
    /* Children stand after their parents: down, and up again. */
    int64_t tree = -1;
    for (int64_t i = 0; i < g->nodes; i++) {
        if (tree + 1 < g->ensemble->trees && g->ensemble->roots[tree + 1] == i) g->most_players[++tree] = 0;
        int32_t child = nodes[i].child;
        if (child == i) {
            int32_t met = players_in(above[i], g->players);
            if (met > g->most_players[tree]) g->most_players[tree] = met;
        } else {
            above[child] = above[child + 1] = above[i] | bit_of(g->player[nodes[i].feature]);
        }
    }
    for (int64_t i = g->nodes - 1; i >= 0; i--) {
        int32_t child = nodes[i].child;
        if (child == i) {
            g->stages[i].below = 0;
            g->stages[i].expected = g->ensemble->values[i];
        } else {
            g->stages[i].below = g->stages[child].below | g->stages[child + 1].below | bit_of(g->player[nodes[i].feature]);
            g->stages[i].expected =
                g->stages[child].share * g->stages[child].expected + g->stages[child + 1].share * g->stages[child + 1].expected;
        }
    }
    free(above);
    return DONE;
}

/* The way down a tree. By player: z, the part of the training rows that met its conditions so far; met, whether the row
 * did; reciprocals of its factor z + (met - z) t at the points t. missed: the bits of players whose conditions the row
 * missed. at_missed: weights / (1 - t). */
typedef struct {
    const Games *games;
    const int64_t *keys;
    const double *points, *weights;
    double at_missed[MOST_POINTS];
    double *z, *reciprocals, *effects;
    uint8_t *met;
    uint64_t missed;
} Descent;

/* What a node expects of rows that meet all conditions of one player below it as ours does. All others that are asked
 * for below have been missed already. */
static double expected_with(const Descent *d, int32_t at, int32_t player) {
    const Games *g = d->games;
    for (;;) {
        const Node *node = g->ensemble->nodes + at;
        if (!(g->stages[at].below & bit_of(player))) return g->stages[at].expected;
        if (g->player[node->feature] == player) {
            at = next_of(node, d->keys[node->feature]);
        } else {
            int32_t child = node->child;
            return g->stages[child].share * expected_with(d, child, player) +
                   g->stages[child + 1].share * expected_with(d, child + 1, player);
        }
    }
}

/* Given what the factors of all players met so far multiply to at each point, finds the sum over the leaves below of
 * their values times their factors, and credits the players on the way.
 *
 * A player whose conditions the row has missed has the factor z (1 - t): further conditions only scale it, and bring
 * nothing more. Where all players below are of that kind, what the node expects stands for all of its leaves; where all
 * but one are, the sum is as straight a line in t as that one's factor. */
static inline __attribute__((always_inline)) void descend(
    Descent *d, int32_t at, const double *factors, double *sums, const int count,
    void (*deeper)(Descent *, int32_t, const double *, double *)
) {
    const Games *g = d->games;
    const Node *node = g->ensemble->nodes + at;
    double one[MOST_POINTS], other[MOST_POINTS];
    uint64_t left = g->stages[at].below & ~d->missed;
    if (!left) {
        for (int q = 0; q < count; q++) sums[q] = g->stages[at].expected * factors[q];
        return;
    }
    if (!(left & (left - 1)) && left != bit_of(63)) {
        int32_t last = 0;
        while (bit_of(last) != left) last++;
        const double *reciprocal = d->reciprocals + (int64_t)last * count;
        double z = d->z[last], with = expected_with(d, at, last), without = z * g->stages[at].expected, effect = 0.0;
        for (int q = 0; q < count; q++) {
            double others = factors[q] * reciprocal[q];
            sums[q] = others * (without + (with - without) * d->points[q]);
            effect += d->weights[q] * (others * (with - without) - (1.0 - z) * sums[q] * reciprocal[q]);
        }
        d->effects[last] += effect;
        return;
    }
    int32_t player = g->player[node->feature];
    if (!d->met[player]) {
        for (int q = 0; q < count; q++) one[q] = factors[q] * g->stages[node->child].share;
        deeper(d, node->child, one, sums);
        for (int q = 0; q < count; q++) one[q] = factors[q] * g->stages[node->child + 1].share;
        deeper(d, node->child + 1, one, other);
        for (int q = 0; q < count; q++) sums[q] += other[q];
        return;
    }
    int32_t way = next_of(node, d->keys[node->feature]), away = 2 * node->child + 1 - way;
    double z = d->z[player], z_way = z * g->stages[way].share, z_away = z * g->stages[away].share;
    double *reciprocal = d->reciprocals + (int64_t)player * count, before[MOST_POINTS];
    double lost = 0.0, gained = 0.0, had = 0.0;

    for (int q = 0; q < count; q++) before[q] = reciprocal[q];
    for (int q = 0; q < count; q++) one[q] = factors[q] * before[q] * (z_away * (1.0 - d->points[q]));
    d->met[player] = 0;
    d->missed |= player < 63 ? bit_of(player) : 0;
    deeper(d, away, one, sums);
    d->met[player] = 1;
    d->missed &= ~(player < 63 ? bit_of(player) : 0);

    for (int q = 0; q < count; q++) {
        double factor = z_way + (1.0 - z_way) * d->points[q];
        one[q] = factors[q] * before[q] * factor;
        reciprocal[q] = 1.0 / factor;
    }
    d->z[player] = z_way;
    deeper(d, way, one, other);
    d->z[player] = z;

    for (int q = 0; q < count; q++) {
        lost += d->at_missed[q] * sums[q];
        gained += d->weights[q] * other[q] * reciprocal[q];
        sums[q] += other[q];
        had += d->weights[q] * sums[q] * before[q];
        reciprocal[q] = before[q];
    }
    d->effects[player] += (1.0 - z_way) * gained - lost - (1.0 - z) * had;
}

#define DESCENT(count)                                                                               \
    static void descend_##count(Descent *d, int32_t at, const double *factors, double *sums) {       \
        descend(d, at, factors, sums, count, descend_##count);                                       \
    }
DESCENT(2)
DESCENT(3)
DESCENT(4)
DESCENT(5)
DESCENT(6)
DESCENT(8)
DESCENT(64)

static void (*const descents[])(Descent *, int32_t, const double *, double *) = {
    descend_2, descend_3, descend_4, descend_5, descend_6, descend_8, descend_64,
};
enum { KINDS = sizeof descents / sizeof *descents };

EXPORT int games_contributions(const Games *g, const double *row, const Quadrature *quadratures, double *effects) {
    size_t players = (size_t)g->players + 1, features = (size_t)g->ensemble->features + 1;
    double *doubles = malloc(players * (1 + MOST_POINTS) * sizeof *doubles);
    int64_t *keys = malloc(features * sizeof *keys);
    uint8_t *met = malloc(players);
    int result = doubles && keys && met ? DONE : OUT_OF_MEMORY;
    if (result == DONE) {
        Descent d = {
            .games = g, .keys = keys, .z = doubles, .reciprocals = doubles + players, .effects = effects, .met = met
        };
        double factors[MOST_POINTS], sums[MOST_POINTS];
        int64_t begun = -1;
        for (int64_t f = 0; f < g->ensemble->features; f++) keys[f] = key_of(row[f]);
        for (size_t i = 0; i < players * (1 + MOST_POINTS); i++) doubles[i] = 1.0;
        for (int64_t q = 0; q < MOST_POINTS; q++) factors[q] = 1.0;
        memset(met, 1, players);
        for (int64_t tree = 0; tree < g->ensemble->trees; tree++) {
            int64_t kind = 0;
            while (kind < KINDS - 1 && g->most_players[tree] > 2 * quadratures[kind].count) kind++;
            if (kind != begun) {
                begun = kind;
                d.points = quadratures[kind].points;
                d.weights = quadratures[kind].weights;
                for (int64_t q = 0; q < quadratures[kind].count; q++)
                    d.at_missed[q] = d.weights[q] / (1.0 - d.points[q]);
            }
            descents[kind](&d, g->ensemble->roots[tree], factors, sums);
        }
    }
    free(doubles);
    free(keys);
    free(met);
    return result;
}

/* The way of two rows down a tree. side: of each player, neither's, the row's or the baseline's; marked: the players
 * that are one of them's, `gained` and `lost` of them. */
enum { NEITHER, GAINED, LOST };

typedef struct {
    const Games *games;
    const int64_t *keys, *baseline;
    const double *unanimity;
    uint8_t *side;
    int32_t *marked;
    int64_t gained, lost;
    double *effects;
} Steps;

static void step(Steps *s, int32_t at) {
    const Games *g = s->games;
    for (;;) {
        const Node *node = g->ensemble->nodes + at;
        if (node->child == at) break;
        int32_t ours = next_of(node, s->keys[node->feature]), theirs = next_of(node, s->baseline[node->feature]);
        int32_t player = g->player[node->feature];
        uint8_t side = s->side[player];
        if (ours == theirs || side == GAINED) {
            at = ours;
        } else if (side == LOST) {
            at = theirs;
        } else {
            /* Who came from one of the two cannot also take the way of the other. */
            s->marked[s->gained + s->lost] = player;
            s->side[player] = GAINED;
            s->gained++;
            step(s, ours);
            s->gained--;
            s->marked[s->gained + s->lost] = player;
            s->side[player] = LOST;
            s->lost++;
            step(s, theirs);
            s->lost--;
            s->side[player] = NEITHER;
            return;
        }
    }
    int64_t width = g->players + 1;
    double value = g->ensemble->values[at];
    double by_row = value * s->unanimity[s->gained * width + s->lost];
    double by_baseline = value * s->unanimity[s->lost * width + s->gained];
    for (int64_t i = 0; i < s->gained + s->lost; i++) {
        int32_t player = s->marked[i];
        s->effects[player] += s->side[player] == GAINED ? by_row : -by_baseline;
    }
}

EXPORT int games_steps(
    const Games *g, const double *row, const double *baseline, const double *unanimity, double *effects
) {
    size_t players = (size_t)g->players + 1, features = (size_t)g->ensemble->features + 1;
    int64_t *keys = malloc(2 * features * sizeof *keys);
    uint8_t *side = calloc(players, 1);
    int32_t *marked = malloc(players * sizeof *marked);
    int result = keys && side && marked ? DONE : OUT_OF_MEMORY;
    if (result == DONE) {
        for (int64_t f = 0; f < g->ensemble->features; f++) {
            keys[f] = key_of(row[f]);
            keys[features + (size_t)f] = key_of(baseline[f]);
        }
        Steps s = {g, keys, keys + features, unanimity, side, marked, 0, 0, effects};
        for (int64_t tree = 0; tree < g->ensemble->trees; tree++) step(&s, g->ensemble->roots[tree]);
    }
    free(keys);
    free(side);
    free(marked);
    return result;
}
