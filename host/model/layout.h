/* Weights between quern's order and PyTorch's, and the order of layers by name. */
#ifndef QUERN_HOST_MODEL_LAYOUT_H
#define QUERN_HOST_MODEL_LAYOUT_H

#include <stddef.h>

/* to[c][r] = from[r][c], for from [rows][columns]. The two must not overlap. */
void quern__transpose(size_t rows, size_t columns, const float *from, float *to);

/* The natural order of two names: runs of digits by their value, everything else by its bytes, so
 * that "2" comes before "10" and "fc2" before "fc10". Names that differ in leading zeros alone are
 * ordered by their bytes: 0 means equal bytes. */
int quern__compare_naturally(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
