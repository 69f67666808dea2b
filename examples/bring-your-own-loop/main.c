/* usage: bring_your_own_loop_plain DIGITS.csv [--numbers]
 *
 * A program with its own network: 64-32-10, trained by its own loop on most of the digits and
 * evaluated on the rest. It uses ops.h and does not depend on its implementation. With --numbers it
 * prints the losses and the learned parameters, one number per line. */
#include "digits.h"
#include "ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HIDDEN = 32, BATCH = 32, EPOCHS = 10, HELD_OUT = 360 };
static const float rate = 0.1f;

/* The places of the parameters in the network's memory. */
enum {
  W1 = 0,
  B1 = W1 + PIXELS * HIDDEN,
  W2 = B1 + HIDDEN,
  B2 = W2 + HIDDEN * CLASSES,
  PARAMETERS = B2 + CLASSES
};

typedef struct network {
  numbers *parameters;
  numbers *x, *labels, *losses; /* of all digits */
  numbers *h, *z, *dh, *dz;     /* of one batch */
} network;

static matrix at(numbers *in, size_t first, size_t rows, size_t columns) {
  return (matrix){in, first, rows, columns};
}

/* The same initial values each time: W uniform in ±1/√in, b = 0. */
static void start(float *parameters) {
  unsigned state = 1;
  for (size_t i = 0; i < PARAMETERS; i++) {
    state = state * 1664525u + 1013904223u;
    const float u = (float)(state >> 8) / 8388608.0f - 1.0f;
    const bool first = i < B1, second = i >= W2 && i < B2;
    parameters[i] = first ? u / 8.0f : second ? u / 5.656854f : 0.0f;
  }
}

static bool forward(const network *n, size_t first, size_t rows) {
  numbers *p = n->parameters;
  const matrix h = at(n->h, 0, rows, HIDDEN);
  return dense_forward(at(n->x, first * PIXELS, rows, PIXELS), at(p, W1, PIXELS, HIDDEN),
                       at(p, B1, 1, HIDDEN), true, h) &&
         dense_forward(h, at(p, W2, HIDDEN, CLASSES), at(p, B2, 1, CLASSES), false,
                       at(n->z, 0, rows, CLASSES)) &&
         softmax_cross_entropy(at(n->z, 0, rows, CLASSES), at(n->labels, first, 1, rows),
                               1.0f / (float)rows, at(n->losses, first, 1, rows),
                               at(n->dz, 0, rows, CLASSES));
}

static bool step(const network *n, size_t first, size_t rows) {
  numbers *p = n->parameters;
  const matrix h = at(n->h, 0, rows, HIDDEN), dz = at(n->dz, 0, rows, CLASSES),
               dh = at(n->dh, 0, rows, HIDDEN), w2 = at(p, W2, HIDDEN, CLASSES);
  return forward(n, first, rows) && dense_backward(dz, w2, h, dh) &&
         dense_update(h, dz, rate, w2, at(p, B2, 1, CLASSES)) &&
         dense_update(at(n->x, first * PIXELS, rows, PIXELS), dh, rate, at(p, W1, PIXELS, HIDDEN),
                      at(p, B1, 1, HIDDEN));
}

static bool mean_loss(const network *n, size_t first, size_t rows, float *losses, double *mean) {
  if (!numbers_get(n->losses, first, losses, rows)) return false;
  *mean = 0.0;
  for (size_t i = 0; i < rows; i++) *mean += (double)losses[i] / (double)rows;
  return true;
}

/* The number of held-out digits whose class has the largest output. */
static bool count_right(const network *n, const digits *data, size_t first, float *outputs,
                        size_t *right) {
  const size_t rows = data->rows - first;
  if (!forward(n, first, rows) || !numbers_get(n->z, 0, outputs, rows * CLASSES)) return false;
  *right = 0;
  for (size_t r = 0; r < rows; r++) {
    size_t best = 0;
    for (size_t a = 1; a < CLASSES; a++)
      if (outputs[r * CLASSES + a] > outputs[r * CLASSES + best]) best = a;
    *right += best == (size_t)data->labels[first + r];
  }
  return true;
}

/* `scratch` receives losses, outputs and parameters. */
static bool train(const network *n, const digits *data, float *scratch, bool only_numbers) {
  const size_t rows = data->rows - HELD_OUT;
  start(scratch);
  if (!numbers_put(n->parameters, 0, scratch, PARAMETERS) ||
      !numbers_put(n->x, 0, data->pixels, data->rows * PIXELS) ||
      !numbers_put(n->labels, 0, data->labels, data->rows))
    return false;
  for (int epoch = 1; epoch <= EPOCHS; epoch++) {
    for (size_t first = 0; first < rows; first += BATCH)
      if (!step(n, first, rows - first < BATCH ? rows - first : BATCH)) return false;
    double mean;
    if (!mean_loss(n, 0, rows, scratch, &mean)) return false;
    printf(only_numbers ? "%d %.9g\n" : "epoch %d: loss %.6f\n", epoch, mean);
  }
  if (only_numbers) {
    if (!numbers_get(n->parameters, 0, scratch, PARAMETERS)) return false;
    for (size_t i = 0; i < PARAMETERS; i++) printf("%.9g\n", (double)scratch[i]);
    return true;
  }
  size_t right;
  if (!count_right(n, data, rows, scratch, &right)) return false;
  printf("accuracy %.3f on %d held out\n", (double)right / HELD_OUT, HELD_OUT);
  return true;
}

static bool run(const digits *data, bool only_numbers) {
  const size_t most = HELD_OUT; /* more than BATCH */
  if (!ops_begin()) return false;
  const network n = {numbers_new(PARAMETERS),    numbers_new(data->rows * PIXELS),
                     numbers_new(data->rows),    numbers_new(data->rows),
                     numbers_new(most * HIDDEN), numbers_new(most * CLASSES),
                     numbers_new(most * HIDDEN), numbers_new(most * CLASSES)};
  float *scratch = malloc((data->rows + PARAMETERS + most * CLASSES) * sizeof *scratch);
  numbers *const all[] = {n.parameters, n.x, n.labels, n.losses, n.h, n.z, n.dh, n.dz};
  bool ok = scratch != NULL;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) ok = ok && all[i] != NULL;
  ok = ok && train(&n, data, scratch, only_numbers);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) numbers_free(all[i]);
  free(scratch);
  ops_end();
  return ok;
}

int main(int argc, char **argv) {
  digits data;
  const bool only_numbers = argc == 3 && strcmp(argv[2], "--numbers") == 0;
  if (argc != 2 && !only_numbers) {
    fprintf(stderr, "usage: %s DIGITS.csv [--numbers]\n", argv[0]);
    return 2;
  }
  if (!digits_read(argv[1], &data) || data.rows <= HELD_OUT) {
    fprintf(stderr, "%s: expected more than %d lines of %d pixels and a digit\n", argv[1], HELD_OUT,
            PIXELS);
    return 1;
  }
  const bool ok = run(&data, only_numbers);
  if (!ok) fprintf(stderr, "%s: %s\n", argv[0], ops_error());
  digits_free(&data);
  return ok ? 0 : 1;
}
