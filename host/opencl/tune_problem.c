/* Products for the tuner. The same code runs one on the reference and on the device. */
#include "tune_problem.h"

#include "../size.h"
#include "state.h"

#include <float.h>
#include <math.h>
#include <quern/verify.h>
#include <stdlib.h>

#define LEFT     QUERN__TUNE_LEFT
#define RIGHT    QUERN__TUNE_RIGHT
#define EXTRA    QUERN__TUNE_EXTRA
#define RESULT   QUERN__TUNE_RESULT
#define OPERANDS QUERN__TUNE_OPERANDS

/* Floats before and behind each operand that a product must leave alone, and what they hold. */
enum { GUARD = 64 };
static const float guard_value = 12345.0f;
/* Small enough that weights stay what they are however often they are updated. */
static const float learning_rate = 0x1p-12f;

const char *quern__tune_form_name(quern__form form) {
  static const char *const names[] = {"forward", "backward data", "backward weights"};
  return names[form];
}

double quern__tune_problem_flops(const quern__tune_problem *problem) {
  return 2.0 * (double)problem->is.n * (double)problem->is.in * (double)problem->is.out;
}

static void set_counts(quern__tune_problem *problem) {
  const quern__tune_case *is = &problem->is;
  const bool data = is->form == QUERN__FORM_BACKWARD_DATA,
             weights = is->form == QUERN__FORM_BACKWARD_WEIGHTS;
  problem->counts[LEFT] = is->n * (data ? is->out : is->in);
  problem->counts[RIGHT] = (weights ? is->n : is->in) * is->out;
  problem->counts[EXTRA] = data ? is->n * is->in : is->out;
  problem->counts[RESULT] = weights ? is->in * is->out : is->n * (data ? is->in : is->out);
}

static bool is_output(const quern__tune_problem *problem, int operand) {
  return operand == RESULT ||
         (operand == EXTRA && problem->is.form == QUERN__FORM_BACKWARD_WEIGHTS);
}

/* Whether the operand's old values count, rather than that each is written over. */
static bool is_read(const quern__tune_problem *problem, int operand) {
  if (!is_output(problem, operand)) return true;
  if (problem->is.mode == QUERN__TUNE_OTHER) return problem->is.form != QUERN__FORM_FORWARD;
  return problem->is.mode == QUERN__TUNE_TRAIN && problem->is.form == QUERN__FORM_BACKWARD_WEIGHTS;
}

/* --- Running
 * -------------------------------------------------------------------------------------------- */

typedef struct place {
  const quern_backend *backend;
  void *state;
  void *const *memory;
} place;

static quern_activation activation_of(const quern__tune_case *is, bool magnitude) {
  if (is->mode == QUERN__TUNE_PLAIN) return quern_activation_of(QUERN_IDENTITY);
  if (is->form != QUERN__FORM_FORWARD) return quern_activation_of(QUERN_RELU);
  if (magnitude) return quern_activation_of(QUERN_IDENTITY);
  return quern_activation_of(is->mode == QUERN__TUNE_TRAIN ? QUERN_RELU : QUERN_TANH);
}

/* `magnitude`: on absolute values, the product is to be Σ|x||w|, to which all that is added adds.
 */
static quern_status run(place at, const quern__tune_case *is, bool magnitude) {
  const quern_span left = {at.memory[LEFT], GUARD}, right = {at.memory[RIGHT], GUARD};
  const quern_span extra = {at.memory[EXTRA], GUARD}, result = {at.memory[RESULT], GUARD};
  const quern_span extra_or_none = is->mode == QUERN__TUNE_PLAIN ? (quern_span){NULL, 0} : extra;
  const quern_activation activation = activation_of(is, magnitude);
  switch (is->form) {
  case QUERN__FORM_BACKWARD_DATA:
    return at.backend->dense_backward_data(
        at.state, &(const quern_dense_backward_data_op){.n = is->n,
                                                        .in = is->in,
                                                        .out = is->out,
                                                        .dz = left,
                                                        .w = right,
                                                        .h = extra_or_none,
                                                        .activation = activation,
                                                        .accumulate = is->mode == QUERN__TUNE_OTHER,
                                                        .dx = result});
  case QUERN__FORM_BACKWARD_WEIGHTS:
    return at.backend->dense_backward_weights(
        at.state, &(const quern_dense_backward_weights_op){
                      .n = is->n,
                      .in = is->in,
                      .out = is->out,
                      .x = left,
                      .dz = right,
                      .accumulate = is->mode == QUERN__TUNE_OTHER,
                      .update = is->mode == QUERN__TUNE_TRAIN,
                      .sgd = {magnitude ? -learning_rate : learning_rate, 0},
                      .dw = result,
                      .db = extra});
  case QUERN__FORM_FORWARD:
  case QUERN__FORM_ALL:
    break;
  }
  return at.backend->dense_forward(at.state,
                                   &(const quern_dense_forward_op){.n = is->n,
                                                                   .in = is->in,
                                                                   .out = is->out,
                                                                   .x = left,
                                                                   .w = right,
                                                                   .b = extra_or_none,
                                                                   .activation = activation,
                                                                   .y = result});
}

quern_status quern__tune_problem_run(quern__cl *cl, const quern__tune_problem *problem) {
  return run((place){&quern__opencl_backend, cl, problem->memory}, &problem->is, false);
}

static quern_status create(place at, void **memory, size_t count) {
  size_t bytes;
  if (!quern__multiply(count + 2 * (size_t)GUARD, sizeof(float), &bytes))
    return quern__fail(QUERN_ERROR_OVERFLOW, "tune: %zu floats overflow", count);
  return at.backend->buffer_create(at.state, bytes, memory);
}

/* Writes the operand between fresh guards. */
static quern_status upload(place at, int operand, const float *values, size_t count) {
  float guard[GUARD];
  for (size_t i = 0; i < GUARD; i++) guard[i] = guard_value;
  void *memory = at.memory[operand];
  const size_t bytes = count * sizeof(float);
  QUERN__FORWARD(at.backend->buffer_write(at.state, memory, 0, sizeof guard, guard, true));
  QUERN__FORWARD(at.backend->buffer_write(at.state, memory, sizeof guard, bytes, values, true));
  return at.backend->buffer_write(at.state, memory, sizeof guard + bytes, sizeof guard, guard,
                                  true);
}

/* --- What must come out
 * --------------------------------------------------------------------------------- */

static quern_status allocate(float **values, size_t count) {
  *values = calloc(count, sizeof **values);
  return *values != NULL ? QUERN_OK : quern__fail_memory("tune", count * sizeof **values);
}

/* Random values in [-1, 1); what is written over starts as NaN, so that what was not shows. */
static quern_status make_before(place reference, void *scratch, quern__tune_problem *problem,
                                int operand) {
  const size_t count = problem->counts[operand];
  QUERN__FORWARD(allocate(&problem->before[operand], count));
  float *values = problem->before[operand];
  if (!is_read(problem, operand)) {
    for (size_t i = 0; i < count; i++) values[i] = NAN;
    return QUERN_OK;
  }
  const quern_random_uniform_op op = {.count = count,
                                      .seed = 1,
                                      .stream = (uint32_t)operand,
                                      .low = -1.0f,
                                      .scale = 0x1p-23f,
                                      .x = {scratch, 0}};
  QUERN__FORWARD(reference.backend->random_uniform(reference.state, &op));
  return reference.backend->buffer_read(reference.state, scratch, 0, count * sizeof *values, values,
                                        true);
}

/* The reference's outputs from the operands, or from their absolute values. */
static quern_status compute(place reference, quern__tune_problem *problem, bool magnitude) {
  for (int operand = 0; operand < OPERANDS; operand++) {
    const size_t count = problem->counts[operand];
    float *values;
    QUERN__FORWARD(allocate(&values, count));
    for (size_t i = 0; i < count; i++)
      values[i] = magnitude ? fabsf(problem->before[operand][i]) : problem->before[operand][i];
    const quern_status status = upload(reference, operand, values, count);
    free(values);
    if (status != QUERN_OK) return status;
  }
  QUERN__FORWARD(run(reference, &problem->is, magnitude));
  for (int operand = 0; operand < OPERANDS; operand++) {
    if (!is_output(problem, operand)) continue;
    const size_t count = problem->counts[operand];
    float **to = magnitude ? &problem->bound[operand] : &problem->after[operand];
    QUERN__FORWARD(allocate(to, count));
    QUERN__FORWARD(reference.backend->buffer_read(reference.state, reference.memory[operand],
                                                  GUARD * sizeof(float), count * sizeof(float), *to,
                                                  true));
  }
  return QUERN_OK;
}

/* Magnitudes become bounds: rounding adds up to c K eps Σ|x||w|, and tanh is allowed a few units of
 * its last place. */
static void set_bounds(quern__tune_problem *problem) {
  const quern__tune_case *is = &problem->is;
  const size_t length = is->form == QUERN__FORM_FORWARD         ? is->in
                        : is->form == QUERN__FORM_BACKWARD_DATA ? is->out
                                                                : is->n;
  const bool long_activation = is->form == QUERN__FORM_FORWARD && is->mode == QUERN__TUNE_OTHER;
  const double terms = ((double)length + 4) * (double)FLT_EPSILON;
  const double absolute = long_activation ? 8 * (double)FLT_EPSILON : 0;
  for (int operand = 0; operand < OPERANDS; operand++)
    for (size_t i = 0; problem->bound[operand] != NULL && i < problem->counts[operand]; i++)
      problem->bound[operand][i] = (float)(terms * (double)problem->bound[operand][i] + absolute);
}

static quern_status ask_reference(quern__tune_problem *problem) {
  const quern_device_info info = {.kind = QUERN_DEVICE_REFERENCE};
  void *memory[OPERANDS] = {NULL}, *scratch = NULL;
  place reference = {&quern__reference_backend, NULL, memory};
  QUERN__FORWARD(reference.backend->open(&info, NULL, &reference.state));
  size_t most = 0;
  quern_status status;
  for (int operand = 0; operand < OPERANDS; operand++) {
    QUERN__TRY(create(reference, &memory[operand], problem->counts[operand]));
    if (problem->counts[operand] > most) most = problem->counts[operand];
  }
  QUERN__TRY(create(reference, &scratch, most));
  for (int operand = 0; operand < OPERANDS; operand++)
    QUERN__TRY(make_before(reference, scratch, problem, operand));
  QUERN__TRY(compute(reference, problem, false));
  QUERN__TRY(compute(reference, problem, true));
  set_bounds(problem);

cleanup:
  for (int operand = 0; operand < OPERANDS; operand++)
    if (memory[operand] != NULL) reference.backend->buffer_free(reference.state, memory[operand]);
  if (scratch != NULL) reference.backend->buffer_free(reference.state, scratch);
  reference.backend->close(reference.state);
  return status;
}

quern_status quern__tune_problem_create(quern__cl *cl, quern__tune_case is,
                                        quern__tune_problem *problem) {
  *problem = (quern__tune_problem){.is = is};
  const place device = {&quern__opencl_backend, cl, problem->memory};
  set_counts(problem);
  QUERN__FORWARD(ask_reference(problem));
  for (int operand = 0; operand < OPERANDS; operand++) {
    QUERN__FORWARD(create(device, &problem->memory[operand], problem->counts[operand]));
    QUERN__FORWARD(upload(device, operand, problem->before[operand], problem->counts[operand]));
  }
  return QUERN_OK;
}

void quern__tune_problem_free(quern__cl *cl, quern__tune_problem *problem) {
  for (int operand = 0; operand < OPERANDS; operand++) {
    if (problem->memory[operand] != NULL)
      quern__opencl_backend.buffer_free(cl, problem->memory[operand]);
    free(problem->before[operand]);
    free(problem->after[operand]);
    free(problem->bound[operand]);
  }
  *problem = (quern__tune_problem){.is = problem->is};
}

/* --- Verifying
 * ------------------------------------------------------------------------------------------ */

static quern_status compare(const quern__tune_problem *problem, int operand, const float *got) {
  const quern__tune_case *is = &problem->is;
  const size_t count = problem->counts[operand];
  for (size_t i = 0; i < count; i++) {
    const float value = got[GUARD + i], expected = problem->after[operand][i];
    if (quern_verify_error((double)value, (double)expected, (double)problem->bound[operand][i]) <=
        1)
      continue;
    return quern__fail(QUERN_ERROR_DATA,
                       "%s of %zu samples, %zu inputs, %zu outputs is wrong: %s[%zu] is %.9g, "
                       "expected %.9g within %.3g",
                       quern__tune_form_name(is->form), is->n, is->in, is->out,
                       operand == RESULT ? "result" : "bias", i, (double)value, (double)expected,
                       (double)problem->bound[operand][i]);
  }
  for (size_t i = 0; i < GUARD; i++)
    if (got[i] != guard_value || got[GUARD + count + i] != guard_value)
      return quern__fail(QUERN_ERROR_DATA,
                         "%s of %zu samples, %zu inputs, %zu outputs writes outside its %s",
                         quern__tune_form_name(is->form), is->n, is->in, is->out,
                         operand == RESULT ? "result" : "bias");
  return QUERN_OK;
}

static quern_status check_output(quern__cl *cl, const quern__tune_problem *problem, int operand) {
  const size_t count = problem->counts[operand] + 2 * (size_t)GUARD;
  float *got;
  QUERN__FORWARD(allocate(&got, count));
  quern_status status = quern__opencl_backend.buffer_read(cl, problem->memory[operand], 0,
                                                          count * sizeof *got, got, true);
  if (status == QUERN_OK) status = compare(problem, operand, got);
  free(got);
  return status;
}

quern_status quern__tune_problem_verify(quern__cl *cl, const quern__tune_problem *problem) {
  const place device = {&quern__opencl_backend, cl, problem->memory};
  for (int operand = 0; operand < OPERANDS; operand++)
    if (is_output(problem, operand))
      QUERN__FORWARD(upload(device, operand, problem->before[operand], problem->counts[operand]));
  QUERN__FORWARD(quern__tune_problem_run(cl, problem));
  for (int operand = 0; operand < OPERANDS; operand++)
    if (is_output(problem, operand)) QUERN__FORWARD(check_output(cl, problem, operand));
  return QUERN_OK;
}
