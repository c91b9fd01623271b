#include "kernel.h"

EXPORT uint64_t kernel_sources(void) {
    return KERNEL_SOURCES;
}

enum { BY_EIGHTS = 128 };

double sum_of(const double *numbers, int64_t count) {
    if (count < 8) {
        double sum = 0.0;
        for (int64_t i = 0; i < count; i++) sum += numbers[i];
        return sum;
    }
    if (count <= BY_EIGHTS) {
        double parts[8];
        int64_t i;
        for (int j = 0; j < 8; j++) parts[j] = numbers[j];
        for (i = 8; i < count - count % 8; i += 8)
            for (int j = 0; j < 8; j++) parts[j] += numbers[i + j];
        double sum = ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]));
        for (; i < count; i++) sum += numbers[i];
        return sum;
    }
    int64_t half = count / 2;
    half -= half % 8;
    return sum_of(numbers, half) + sum_of(numbers + half, count - half);
}
