/* Runs one op after another on the reference and on the device, each from the same random inputs to a region of its own, and
 * compares all regions. */
#include "tune_rest.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* No multiple of any vector width, nor of a work-group. */
enum { SAMPLES = 67, CLASSES = 29, COUNT = SAMPLES * CLASSES };

/* X(region): COUNT floats each in one buffer. The first four are inputs. */
#define REGIONS(X)                                                                                           \
  X(logits)                                                                                                  \
  X(values)                                                                                                  \
  X(targets)                                                                                                 \
  X(parameters)                                                                                              \
  X(activation_forward)                                                                                      \
  X(activation_backward)                                                                                     \
  X(softmax)                                                                                                 \
  X(categorical_losses)                                                                                      \
  X(categorical)                                                                                             \
  X(elementwise_losses)                                                                                      \
  X(elementwise)                                                                                             \
  X(binary_losses)                                                                                           \
  X(binary)                                                                                                  \
  X(squared_losses)                                                                                          \
  X(squared)                                                                                                 \
  X(gather_rows)                                                                                             \
  X(fill)                                                                                                    \
  X(sum)
enum {
#define REGION(name) name,
  REGIONS(REGION)
#undef REGION
      REGION_COUNT
};

typedef struct place {
  const quern_backend *backend;
  void *state, *floats,
      *whole; /* whole: SAMPLES labels, which are sample numbers too, then SAMPLES classes */
} place;

static quern_span region(place at, int which) {
  return (quern_span){at.floats, (size_t)which * COUNT};
}

static quern_status make_inputs(place at) {
  static const struct {
    int region;
    float low, scale;
  } inputs[] = {
      {logits, -4, 0x1p-21f}, {values, -1, 0x1p-23f}, {targets, 0, 0x1p-24f}, {parameters, -1, 0x1p-23f}};
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
    QUERN__FORWARD(at.backend->random_uniform(
        at.state, &(const quern_random_uniform_op){.count = COUNT,
                                                   .seed = 2,
                                                   .stream = (uint32_t)i,
                                                   .low = inputs[i].low,
                                                   .scale = inputs[i].scale,
                                                   .x = region(at, inputs[i].region)}));
  return QUERN_OK;
}

static quern_status run_losses(place at) {
  static const struct {
    int losses, gradients;
  } to[] = {{categorical_losses, categorical},
            {elementwise_losses, elementwise},
            {binary_losses, binary},
            {squared_losses, squared}};
  quern_status (*const calls[])(void *, const quern_loss_op *) = {
      at.backend->softmax_cross_entropy, at.backend->elementwise_cross_entropy,
      at.backend->binary_cross_entropy, at.backend->mean_squared_error};
  for (int i = 0; i < 4; i++)
    QUERN__FORWARD(calls[i](
        at.state, &(const quern_loss_op){.n = SAMPLES,
                                         .k = CLASSES,
                                         .z = region(at, logits),
                                         .target = i == 0 ? (quern_span){at.whole, 0} : region(at, targets),
                                         .scale = 0.5f,
                                         .losses = region(at, to[i].losses),
                                         .dz = region(at, to[i].gradients)}));
  return QUERN_OK;
}

static quern_status run(place at) {
  const quern_backend *b = at.backend;
  QUERN__FORWARD(make_inputs(at));
  QUERN__FORWARD(b->activation_forward(
      at.state, &(const quern_activation_forward_op){.count = COUNT,
                                                     .activation = quern_activation_of(QUERN_SIGMOID),
                                                     .z = region(at, logits),
                                                     .h = region(at, activation_forward)}));
  QUERN__FORWARD(b->activation_backward(
      at.state, &(const quern_activation_backward_op){.count = COUNT,
                                                      .activation = quern_activation_of(QUERN_TANH),
                                                      .dh = region(at, logits),
                                                      .h = region(at, values),
                                                      .dz = region(at, activation_backward)}));
  QUERN__FORWARD(b->softmax(
      at.state, &(const quern_softmax_op){
                    .n = SAMPLES, .k = CLASSES, .z = region(at, logits), .o = region(at, softmax)}));
  QUERN__FORWARD(run_losses(at));
  QUERN__FORWARD(b->gather_rows(at.state, &(const quern_gather_rows_op){.source_rows = SAMPLES,
                                                                        .n = SAMPLES,
                                                                        .columns = CLASSES,
                                                                        .element = QUERN_FLOAT32,
                                                                        .source = region(at, values),
                                                                        .indices = {at.whole, 0},
                                                                        .scale = 0.5f,
                                                                        .offset = 0.25f,
                                                                        .x = region(at, gather_rows)}));
  QUERN__FORWARD(
      b->fill(at.state, &(const quern_fill_op){.count = COUNT, .value = 0.75f, .x = region(at, fill)}));
  QUERN__FORWARD(b->sum(
      at.state, &(const quern_sum_op){.count = COUNT, .x = region(at, targets), .sum = region(at, sum)}));
  QUERN__FORWARD(b->argmax(
      at.state, &(const quern_argmax_op){
                    .n = SAMPLES, .k = CLASSES, .z = region(at, logits), .classes = {at.whole, SAMPLES}}));
  return b->sgd_update(at.state, &(const quern_sgd_update_op){.count = COUNT,
                                                              .sgd = {0.5f, 0.25f},
                                                              .gradients = region(at, values),
                                                              .parameters = region(at, parameters)});
}

/* All that the ops left in both buffers. */
typedef struct results {
  float floats[REGION_COUNT][COUNT];
  int32_t whole[2 * SAMPLES];
} results;

static quern_status evaluate(place at, results *got) {
  QUERN__FORWARD(at.backend->buffer_create(at.state, sizeof got->floats, &at.floats));
  quern_status status = at.backend->buffer_create(at.state, sizeof got->whole, &at.whole);
  if (status != QUERN_OK) goto cleanup;
  memset(got, 0, sizeof *got);
  for (int i = 0; i < SAMPLES; i++) got->whole[i] = (7 * i + 3) % CLASSES;
  QUERN__TRY(at.backend->buffer_write(at.state, at.floats, 0, sizeof got->floats, got->floats, true));
  QUERN__TRY(at.backend->buffer_write(at.state, at.whole, 0, sizeof got->whole, got->whole, true));
  QUERN__TRY(run(at));
  QUERN__TRY(at.backend->buffer_read(at.state, at.floats, 0, sizeof got->floats, got->floats, true));
  status = at.backend->buffer_read(at.state, at.whole, 0, sizeof got->whole, got->whole, true);

cleanup:
  if (at.whole != NULL) at.backend->buffer_free(at.state, at.whole);
  at.backend->buffer_free(at.state, at.floats);
  return status;
}

/* Each value is a matter of a few roundings and of functions that may be off by some units of the last place; a sum, or the loss
 * of a sample, of one a term. */
static quern_status compare(const results *got, const results *expected) {
#define NAME(name) #name,
  static const char *const names[] = {REGIONS(NAME)};
#undef NAME
  for (int r = 0; r < REGION_COUNT; r++) {
    const double terms = r == sum ? COUNT : CLASSES + 16;
    for (size_t i = 0; i < COUNT; i++) {
      const double a = got->floats[r][i], b = expected->floats[r][i];
      if (!(fabs(a - b) <= terms * (double)FLT_EPSILON * fmax(1, fabs(b))))
        return quern__fail(QUERN_ERROR_DATA, "%s[%zu] is wrong: %.9g, expected %.9g", names[r], i, a, b);
    }
  }
  if (memcmp(got->whole, expected->whole, sizeof got->whole) != 0)
    return quern__fail(QUERN_ERROR_DATA, "%s is wrong", "argmax");
  return QUERN_OK;
}

quern_status quern__tune_rest_verify(quern__cl *cl) {
  const quern_device_info info = {.kind = QUERN_DEVICE_REFERENCE};
  place reference = {.backend = &quern__reference_backend};
  results *got = malloc(sizeof *got), *expected = malloc(sizeof *expected);
  quern_status status = QUERN_OK;
  if (got == NULL || expected == NULL) {
    status = quern__fail_memory("tune", 2 * sizeof *got);
    goto cleanup;
  }
  QUERN__TRY(reference.backend->open(&info, NULL, &reference.state));
  QUERN__TRY(evaluate(reference, expected));
  QUERN__TRY(evaluate((place){.backend = &quern__opencl_backend, .state = cl}, got));
  status = compare(got, expected);

cleanup:
  if (reference.state != NULL) reference.backend->close(reference.state);
  free(expected);
  free(got);
  return status;
}
