/* Shapes that the tests of the three dense ops share. Tiles of the kernels are powers of two, so the table
 * holds those, one more and one less, primes and ones in every place. */
#ifndef QUERN_TESTS_OPS_DENSE_H
#define QUERN_TESTS_OPS_DENSE_H

#include "op_check.h"
#include <stdlib.h>

typedef struct dense_shape {
  size_t n, in, out;
  bool large; /* left out where the device is slow */
} dense_shape;

static const dense_shape dense_shapes[] = {
    {1, 1, 1, false},     {1, 1, 17, false},    {1, 17, 1, false},    {17, 1, 1, false},
    {2, 3, 5, false},     {3, 7, 2, false},     {7, 9, 15, false},    {8, 8, 8, false},
    {9, 16, 17, false},   {16, 16, 16, false},  {17, 15, 33, false},  {31, 32, 33, false},
    {5, 64, 10, false},   {33, 3, 65, false},   {1, 127, 65, false},  {65, 17, 9, false},
    {3, 5, 130, false},   {64, 64, 64, true},   {65, 63, 130, true},  {127, 257, 31, true},
    {130, 65, 257, true}, {257, 130, 17, true}, {32, 784, 128, true}, {2, 1000, 3, true},
    {1000, 2, 3, true},   {3, 2, 1000, true},   {128, 10, 256, true}, {129, 129, 129, true},
};

enum { DENSE_SHAPES = sizeof dense_shapes / sizeof *dense_shapes };

/* Whole numbers have exact sums in any order; fractions are what the tolerance is for. */
static inline float *dense_values(test_random *random, size_t count, bool whole) {
  return whole ? test_random_whole(random, count, -4, 4) : test_random_floats(random, count, -1.0f, 1.0f);
}

/* The variants of one shape: all of them on tiny shapes, else a few that change with the shape. */
static inline bool dense_skip(const test_rig *rig, size_t index, unsigned variant) {
  const dense_shape *shape = &dense_shapes[index];
  if (shape->large && rig->slow) return true;
  const bool tiny = shape->n * shape->in * shape->out <= 32;
  return !tiny && (index + variant) % (rig->slow ? 5 : 2) != 0;
}

/* A slope that keeps whole numbers exact. */
static inline quern_activation dense_activation(unsigned kind) {
  quern_activation activation = quern_activation_of((quern_activation_kind)kind);
  activation.slope = 0.5f;
  return activation;
}

/* Activations that keep whole numbers exact. */
static inline bool dense_exact(quern_activation activation) {
  return activation.kind != QUERN_SIGMOID && activation.kind != QUERN_TANH;
}

#endif
