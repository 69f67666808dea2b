/* Transposition between quern's and PyTorch's weights, and the order of layer names. */
#ifndef QUERN_HOST_MODEL_LAYOUT_H
#define QUERN_HOST_MODEL_LAYOUT_H

#include <stddef.h>

/* to[c][r] = from[r][c], for from [rows][columns]. The two must not overlap. */
void quern__transpose(size_t rows, size_t columns, const float *from, float *to);

/* Compares two names in natural order: runs of digits by value, all else by bytes. Therefore "2"
 * comes before "10", and "fc2" before "fc10". Names that differ only in leading zeros are compared
 * by bytes, so 0 means equal bytes. */
int quern__compare_naturally(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
