/* Products for the tuner. The same code runs them on the reference and on the device. */
#include "tune_problem.h"

#include "../../base/size.h"
#include "../state.h"

#include <float.h>
#include <math.h>
#include <quern/verify.h>
#include <stdlib.h>

#define LEFT     QUERN__TUNE_LEFT
#define RIGHT    QUERN__TUNE_RIGHT
#define EXTRA    QUERN__TUNE_EXTRA
#define RESULT   QUERN__TUNE_RESULT
#define OPERANDS QUERN__TUNE_OPERANDS

/* Floats before and after each operand that a product must not change, and their value. */
enum { GUARD = 64 };
static const float guard_value = 12345.0f;
/* Small enough that repeated updates hardly change the weights. */
static const float learning_rate = 0x1p-12f;

const char *quern__tune_form_name(quern__form form) {
  static const char *const names[] = {"forward", "backward data", "backward weights"};
  return names[form];
}

double quern__tune_problem_flops(const quern__tune_problem *problem) {
  return 2.0 * (double)problem->problem.n * (double)problem->problem.in *
         (double)problem->problem.out;
}

static void set_counts(quern__tune_problem *problem) {
  const quern__tune_case *self = &problem->problem;
  const bool data = self->form == QUERN__FORM_BACKWARD_DATA,
             weights = self->form == QUERN__FORM_BACKWARD_WEIGHTS;
  problem->counts[LEFT] = self->n * (data ? self->out : self->in);
  problem->counts[RIGHT] = (weights ? self->n : self->in) * self->out;
  problem->counts[EXTRA] = data ? self->n * self->in : self->out;
  problem->counts[RESULT] =
      weights ? self->in * self->out : self->n * (data ? self->in : self->out);
}

static bool is_output(const quern__tune_problem *problem, int operand) {
  return operand == RESULT ||
         (operand == EXTRA && problem->problem.form == QUERN__FORM_BACKWARD_WEIGHTS);
}

/* True if the product reads the operand's old values. */
static bool is_read(const quern__tune_problem *problem, int operand) {
  if (!is_output(problem, operand)) return true;
  if (problem->problem.mode == QUERN__TUNE_OTHER)
    return problem->problem.form != QUERN__FORM_FORWARD;
  return problem->problem.mode == QUERN__TUNE_TRAIN &&
         problem->problem.form == QUERN__FORM_BACKWARD_WEIGHTS;
}

/* --- Running
 * -------------------------------------------------------------------------------------------- */

typedef struct place {
  const quern_backend *backend;
  void *state;
  void *const *memory;
} place;

static quern_activation activation_of(const quern__tune_case *self, bool magnitude) {
  if (self->mode == QUERN__TUNE_PLAIN) return quern_activation_of(QUERN_ACTIVATION_IDENTITY);
  if (self->form != QUERN__FORM_FORWARD) return quern_activation_of(QUERN_ACTIVATION_RELU);
  if (magnitude) return quern_activation_of(QUERN_ACTIVATION_IDENTITY);
  return quern_activation_of(self->mode == QUERN__TUNE_TRAIN ? QUERN_ACTIVATION_RELU
                                                             : QUERN_ACTIVATION_TANH);
}

/* `magnitude`: operands are absolute values, and the result shall be Σ|x||w| plus all that is
 * added. */
static quern_status run_tune_problem(place where, const quern__tune_case *self, bool magnitude) {
  const quern_span left = {where.memory[LEFT], GUARD}, right = {where.memory[RIGHT], GUARD};
  const quern_span extra = {where.memory[EXTRA], GUARD}, result = {where.memory[RESULT], GUARD};
  const quern_span extra_or_none = self->mode == QUERN__TUNE_PLAIN ? (quern_span){NULL, 0} : extra;
  const quern_activation activation = activation_of(self, magnitude);
  switch (self->form) {
  case QUERN__FORM_BACKWARD_DATA:
    return where.backend->dense_backward_data(
        where.state,
        &(const quern_dense_backward_data_op){.n = self->n,
                                              .in = self->in,
                                              .out = self->out,
                                              .dz = left,
                                              .w = right,
                                              .h = extra_or_none,
                                              .activation = activation,
                                              .accumulate = self->mode == QUERN__TUNE_OTHER,
                                              .dx = result});
  case QUERN__FORM_BACKWARD_WEIGHTS:
    if (self->mode == QUERN__TUNE_TRAIN)
      return where.backend->dense_backward_update(
          where.state, &(const quern_dense_backward_update_op){
                           .n = self->n,
                           .in = self->in,
                           .out = self->out,
                           .x = left,
                           .dz = right,
                           .update = {.rule = QUERN_OPTIMIZER_RULE_SGD,
                                      .rate = magnitude ? -learning_rate : learning_rate},
                           .w = result,
                           .b = extra});
    return where.backend->dense_backward_weights(
        where.state,
        &(const quern_dense_backward_weights_op){.n = self->n,
                                                 .in = self->in,
                                                 .out = self->out,
                                                 .x = left,
                                                 .dz = right,
                                                 .accumulate = self->mode == QUERN__TUNE_OTHER,
                                                 .dw = result,
                                                 .db = extra});
  case QUERN__FORM_FORWARD:
  case QUERN__FORM_ALL:
    break;
  }
  return where.backend->dense_forward(where.state,
                                      &(const quern_dense_forward_op){.n = self->n,
                                                                      .in = self->in,
                                                                      .out = self->out,
                                                                      .x = left,
                                                                      .w = right,
                                                                      .b = extra_or_none,
                                                                      .activation = activation,
                                                                      .y = result});
}

quern_status quern__tune_problem_run(quern__cl *cl, const quern__tune_problem *problem) {
  return run_tune_problem((place){&quern__opencl_backend, cl, problem->memory}, &problem->problem,
                          false);
}

static quern_status create_tune_problem(place where, void **memory, size_t count) {
  size_t bytes;
  if (!quern__multiply(count + 2 * (size_t)GUARD, sizeof(float), &bytes))
    return quern__fail(QUERN_ERROR_OVERFLOW, "tune: %zu floats overflow", count);
  return where.backend->buffer_create(where.state, bytes, memory);
}

/* Writes the operand and its guards. */
static quern_status upload(place where, int operand, const float *values, size_t count) {
  float guard[GUARD];
  for (size_t i = 0; i < GUARD; i++) guard[i] = guard_value;
  void *memory = where.memory[operand];
  const size_t bytes = count * sizeof(float);
  QUERN__FORWARD(where.backend->buffer_write(where.state, memory, 0, sizeof guard, guard, true));
  QUERN__FORWARD(
      where.backend->buffer_write(where.state, memory, sizeof guard, bytes, values, true));
  return where.backend->buffer_write(where.state, memory, sizeof guard + bytes, sizeof guard, guard,
                                     true);
}

/* --- Expected results
 * --------------------------------------------------------------------------------- */

static quern_status allocate_tune_problem(float **values, size_t count) {
  *values = calloc(count, sizeof **values);
  return *values != NULL ? QUERN_OK : quern__fail_memory("tune", count * sizeof **values);
}

/* Draws values in [-1, 1). Outputs start as NaN, so that unwritten elements are found. */
static quern_status make_before(place reference, void *scratch, quern__tune_problem *problem,
                                int operand) {
  const size_t count = problem->counts[operand];
  QUERN__FORWARD(allocate_tune_problem(&problem->before[operand], count));
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

/* Computes the reference's outputs from the operands, or from their absolute values. */
static quern_status compute(place reference, quern__tune_problem *problem, bool magnitude) {
  for (int operand = 0; operand < OPERANDS; operand++) {
    const size_t count = problem->counts[operand];
    float *values;
    QUERN__FORWARD(allocate_tune_problem(&values, count));
    for (size_t i = 0; i < count; i++)
      values[i] = magnitude ? fabsf(problem->before[operand][i]) : problem->before[operand][i];
    const quern_status status = upload(reference, operand, values, count);
    free(values);
    if (status != QUERN_OK) return status;
  }
  QUERN__FORWARD(run_tune_problem(reference, &problem->problem, magnitude));
  for (int operand = 0; operand < OPERANDS; operand++) {
    if (!is_output(problem, operand)) continue;
    const size_t count = problem->counts[operand];
    float **to = magnitude ? &problem->bound[operand] : &problem->after[operand];
    QUERN__FORWARD(allocate_tune_problem(to, count));
    QUERN__FORWARD(reference.backend->buffer_read(reference.state, reference.memory[operand],
                                                  GUARD * sizeof(float), count * sizeof(float), *to,
                                                  true));
  }
  return QUERN_OK;
}

/* Turns magnitudes into bounds: rounding errors sum to at most c K eps Σ|x||w|, and tanh is allowed
 * a few units in the last place. */
static void set_bounds(quern__tune_problem *problem) {
  const quern__tune_case *self = &problem->problem;
  const size_t length = self->form == QUERN__FORM_FORWARD         ? self->in
                        : self->form == QUERN__FORM_BACKWARD_DATA ? self->out
                                                                  : self->n;
  const bool long_activation = self->form == QUERN__FORM_FORWARD && self->mode == QUERN__TUNE_OTHER;
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
    QUERN__TRY(create_tune_problem(reference, &memory[operand], problem->counts[operand]));
    if (problem->counts[operand] > most) most = problem->counts[operand];
  }
  QUERN__TRY(create_tune_problem(reference, &scratch, most));
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

quern_status quern__tune_problem_create(quern__cl *cl, quern__tune_case self,
                                        quern__tune_problem *problem) {
  *problem = (quern__tune_problem){.problem = self};
  const place device = {&quern__opencl_backend, cl, problem->memory};
  set_counts(problem);
  QUERN__FORWARD(ask_reference(problem));
  for (int operand = 0; operand < OPERANDS; operand++) {
    QUERN__FORWARD(
        create_tune_problem(device, &problem->memory[operand], problem->counts[operand]));
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
  *problem = (quern__tune_problem){.problem = problem->problem};
}

/* --- Verifying
 * ------------------------------------------------------------------------------------------ */

static quern_status compare_tune_problem(const quern__tune_problem *problem, int operand,
                                         const float *got) {
  const quern__tune_case *self = &problem->problem;
  const size_t count = problem->counts[operand];
  for (size_t i = 0; i < count; i++) {
    const float value = got[GUARD + i], expected = problem->after[operand][i];
    if (quern_verify_error((double)value, (double)expected, (double)problem->bound[operand][i]) <=
        1)
      continue;
    return quern__fail(QUERN_ERROR_DATA,
                       "%s of %zu samples, %zu inputs, %zu outputs is wrong: %s[%zu] is %.9g, "
                       "expected %.9g within %.3g",
                       quern__tune_form_name(self->form), self->n, self->in, self->out,
                       operand == RESULT ? "result" : "bias", i, (double)value, (double)expected,
                       (double)problem->bound[operand][i]);
  }
  for (size_t i = 0; i < GUARD; i++)
    if (got[i] != guard_value || got[GUARD + count + i] != guard_value)
      return quern__fail(QUERN_ERROR_DATA,
                         "%s of %zu samples, %zu inputs, %zu outputs writes outside its %s",
                         quern__tune_form_name(self->form), self->n, self->in, self->out,
                         operand == RESULT ? "result" : "bias");
  return QUERN_OK;
}

static quern_status check_output(quern__cl *cl, const quern__tune_problem *problem, int operand) {
  const size_t count = problem->counts[operand] + 2 * (size_t)GUARD;
  float *got;
  QUERN__FORWARD(allocate_tune_problem(&got, count));
  quern_status status = quern__opencl_backend.buffer_read(cl, problem->memory[operand], 0,
                                                          count * sizeof *got, got, true);
  if (status == QUERN_OK) status = compare_tune_problem(problem, operand, got);
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
