/* Probes. They report properties and never fail a device; the sweeps do that. */
#include "probe.h"

#include "../base/error.h"
#include <math.h>
#include <stdio.h>

/* --- Loops ------------------------------------------------------------------------------------ */

enum { MOST_ROUNDS = 1 << 20 };

/* Finds out whether a work-item completes a loop over `count` values, of which the last is the
 * largest. */
static quern_status finishes(quern_context *context, quern_buffer *buffer, size_t count,
                             bool *whole) {
  int32_t class = -1;
  QUERN__FORWARD(quern_argmax(context, quern_matrix(buffer, 1 + MOST_ROUNDS - count, 1, count),
                              quern_vector(buffer, 0, 1)));
  QUERN__FORWARD(quern_buffer_read(buffer, 0, sizeof class, &class, QUERN_WAIT));
  *whole = class == (int32_t)count - 1;
  return QUERN_OK;
}

/* Finds the largest count that completes; MOST_ROUNDS if there is no limit. */
static quern_status find_limit(quern_context *context, quern_buffer *buffer, size_t *rounds) {
  size_t good = 0, bad = MOST_ROUNDS + 1;
  bool whole;
  QUERN__FORWARD(finishes(context, buffer, MOST_ROUNDS, &whole));
  if (!whole) bad = MOST_ROUNDS;
  if (whole) good = MOST_ROUNDS;
  while (good + 1 < bad) {
    const size_t middle = good + (bad - good) / 2;
    QUERN__FORWARD(finishes(context, buffer, middle, &whole));
    if (whole)
      good = middle;
    else
      bad = middle;
  }
  *rounds = good;
  return QUERN_OK;
}

/* The buffer holds a word for the result, then zeros and a one. */
static quern_status probe_loops(quern_context *context, quern__fact_sink tell, void *user) {
  const size_t bytes = (1 + MOST_ROUNDS) * sizeof(float);
  const float one = 1.0f;
  size_t rounds = 0;
  char value[96];
  quern_buffer *buffer = NULL;
  quern_status status;
  QUERN__TRY(quern_buffer_create(context, bytes, &buffer));
  QUERN__TRY(quern_buffer_fill(buffer, 0, bytes, 0));
  QUERN__TRY(quern_buffer_write(buffer, bytes - sizeof one, sizeof one, &one, QUERN_WAIT));
  QUERN__TRY(find_limit(context, buffer, &rounds));
  if (rounds >= MOST_ROUNDS)
    snprintf(value, sizeof value, "no limit up to %d", (int)MOST_ROUNDS);
  else
    snprintf(value, sizeof value, "a work-item's loops are ended after %zu", rounds);
  tell("loop rounds", value, user);

cleanup:
  quern_buffer_free(buffer);
  return status;
}

/* --- Arithmetic ------------------------------------------------------------------------------- */

/* Runs an op on floats in one buffer and reads the last. */
static quern_status run_probe(quern_context *context, const float *values, size_t count,
                              quern_status (*op)(quern_context *, quern_buffer *), float *last) {
  quern_buffer *buffer = NULL;
  quern_status status;
  QUERN__TRY(quern_buffer_create(context, count * sizeof *values, &buffer));
  QUERN__TRY(quern_buffer_write(buffer, 0, count * sizeof *values, values, QUERN_WAIT));
  QUERN__TRY(op(context, buffer));
  status = quern_buffer_read(buffer, (count - 1) * sizeof *last, sizeof *last, last, QUERN_WAIT);

cleanup:
  quern_buffer_free(buffer);
  return status;
}

/* 2^-126 - 1/2 · 2^-126 is denormal. */
static quern_status subtract(quern_context *context, quern_buffer *buffer) {
  const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.5);
  return quern_optimizer_update(context, &sgd, 1, quern_vector(buffer, 0, 1),
                                quern_vector(buffer, 1, 1), quern_no_state());
}

static quern_status probe_denormals(quern_context *context, quern__fact_sink tell, void *user) {
  static const float values[] = {0x1p-126f, 0x1p-126f};
  float result;
  QUERN__FORWARD(run_probe(context, values, 2, subtract, &result));
  tell("denormals, as found",
       result == 0x1p-127f ? "kept"
       : result == 0       ? "flushed to zero"
                           : "wrong",
       user);
  return QUERN_OK;
}

static quern_status rectify(quern_context *context, quern_buffer *buffer) {
  return quern_activation_forward(context, quern_activation_of(QUERN_ACTIVATION_RELU),
                                  quern_vector(buffer, 0, 1), quern_vector(buffer, 0, 1));
}

static quern_status probe_nan(quern_context *context, quern__fact_sink tell, void *user) {
  static const float values[] = {NAN};
  float result;
  QUERN__FORWARD(run_probe(context, values, 1, rectify, &result));
  tell("NaN, as found", isnan(result) ? "kept" : "lost in a comparison", user);
  return QUERN_OK;
}

quern_status quern__probe(quern_context *context, quern__fact_sink tell, void *user) {
  QUERN__FORWARD(probe_denormals(context, tell, user));
  QUERN__FORWARD(probe_nan(context, tell, user));
  return probe_loops(context, tell, user);
}
