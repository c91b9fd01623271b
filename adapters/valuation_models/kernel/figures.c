/* What a model says of homes: its columns, through its trees and its line. */
#include "kernel.h"

enum { HOMES_AT_ONCE = 1024 };

static double line_at(const Model *m, const double *row, int64_t width, double *parts) {
    for (int64_t i = 0; i < width; i++) {
        double number = row[i];
        if (number < m->lowest[i]) number = m->lowest[i];
        if (number > m->highest[i]) number = m->highest[i];
        parts[i] = m->slopes[i] == 0.0 ? 0.0 : m->slopes[i] * number;
    }
    return sum_of(parts, width);
}

EXPORT int model_figures(const Model *m, const double *numbers, const int32_t *codes, int64_t n, double *out) {
    const Columns *c = m->columns;
    int64_t width = c->width, most = n < HOMES_AT_ONCE ? n : HOMES_AT_ONCE;
    int32_t *order;
    int result = columns_order(c, numbers, n, &order);
    double *matrix = malloc((size_t)((most + 1) * width + most + 1) * sizeof *matrix);
    double *parts = matrix + most * width, *figures = parts + width;
    if (!matrix) result = OUT_OF_MEMORY;
    for (int64_t start = 0; result == DONE && start < n; start += most) {
        int64_t many = n - start < most ? n - start : most;
        if (order) {
            result = columns_write_in_order(c, numbers, codes, order + start, NULL, many, matrix, width);
        } else {
            result = columns_write_in_order(
                c, numbers + start * c->numbers, codes + start * c->codes, NULL, NULL, many, matrix, width
            );
        }
        if (result == DONE) result = ensemble_values(m->ensemble, matrix, width, many, figures);
        for (int64_t i = 0; result == DONE && i < many; i++) {
            if (m->slopes) figures[i] += line_at(m, matrix + i * width, width, parts);
            out[order ? order[start + i] : start + i] = figures[i];
        }
    }
    free(matrix);
    free(order);
    return result;
}
