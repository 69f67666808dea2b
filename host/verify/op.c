/* Checks an op on a device against the reference. */
#include "op.h"

#include "../base/error.h"
#include "../device/fault.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void quern__op_title(quern__op *op, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(op->title, sizeof op->title, format, arguments);
  va_end(arguments);
}

void quern__op_operand(quern__op *op, size_t index, const char *name, quern__operand_role role,
                       quern__operand_type type, size_t rows, size_t columns, void *values) {
  op->operands[index] = (quern__operand){
      .name = name, .role = role, .type = type, .rows = rows, .columns = columns, .values = values};
  if (values == NULL && (role == QUERN__IN || role == QUERN__INOUT)) op->out_of_memory = true;
}

/* --- Findings --------------------------------------------------------------------------------- */

void quern__verify_begin(quern__verify *verify) {
  verify->outcome.cases++;
  verify->outcome.failing = false;
}

void quern__verify_wrong(quern__verify *verify, const char *format, ...) {
  quern__outcome *outcome = &verify->outcome;
  outcome->failing = true;
  if (outcome->why[0] != '\0') return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(outcome->why, sizeof outcome->why, format, arguments);
  va_end(arguments);
}

void quern__verify_error(quern__verify *verify, const char *title, double error) {
  quern__outcome *outcome = &verify->outcome;
  if (!(error > outcome->worst)) return;
  outcome->worst = error;
  snprintf(outcome->worst_case, sizeof outcome->worst_case, "%s", title);
}

void quern__verify_end(quern__verify *verify) {
  if (verify->outcome.failing) verify->outcome.wrong++;
}

/* --- Running ---------------------------------------------------------------------------------- */

/* The outputs of one run; NULL for the other operands. */
typedef struct run_result {
  void *outputs[QUERN__MAX_OPERANDS];
} run_result;

static void free_result(run_result *result) {
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) free(result->outputs[i]);
}

typedef enum run_flags { SEPARATE = 0, SHARED = 1, MAGNITUDES = 2 } run_flags;

/* The index of the place that operand i uses in a run. */
static size_t place_of(const quern__op *op, size_t i, run_flags flags) {
  return (flags & SHARED) && op->operands[i].same_as != 0 ? op->operands[i].same_as - 1 : i;
}

static bool is_overwritten(const quern__op *op, size_t i, run_flags flags) {
  for (size_t j = 0; (flags & SHARED) && j < QUERN__MAX_OPERANDS; j++)
    if (op->operands[j].same_as == i + 1) return true;
  return false;
}

/* Checks that a fault is reported by the first waiting call and by no later one. */
static quern_status check_report(quern__verify *v, const quern__op *op, quern_context *context) {
  const quern_status status = quern_context_finish(context);
  if (status != QUERN_OK && status != QUERN_ERROR_DATA) return status;
  if (op->expected_fault == NULL) {
    if (status != QUERN_OK) quern__verify_wrong(v, "%s: %s", op->title, quern_last_error());
    return QUERN_OK;
  }
  if (status == QUERN_OK || strstr(quern_last_error(), op->expected_fault) == NULL)
    quern__verify_wrong(v, "%s: %s, expected a report with \"%s\"", op->title,
                        status == QUERN_OK ? "nothing was reported" : quern_last_error(),
                        op->expected_fault);
  const quern_status again = quern_context_finish(context);
  if (again == QUERN_ERROR_DATA)
    quern__verify_wrong(v, "%s: the fault was reported twice", op->title);
  return again == QUERN_ERROR_DATA ? QUERN_OK : again;
}

/* Checks that the op wrote all of its outputs and nothing else. */
static void check_place(quern__verify *v, const quern__op *op, size_t i, const quern__place *place,
                        run_flags flags) {
  const quern__operand *operand = &op->operands[i];
  ptrdiff_t element;
  if (!quern__place_is_kept(
          place, quern__operand_is_output(operand) || is_overwritten(op, i, flags), &element))
    quern__verify_wrong(v, "%s: element %td of %s, which is %zux%zu, was written, but must not be",
                        op->title, element, operand->name, operand->rows, operand->columns);
  if (operand->role == QUERN__OUT && !quern__place_is_written(place, &element))
    quern__verify_wrong(v, "%s: %s[%td,%td] was not written", op->title, operand->name,
                        element / (ptrdiff_t)operand->columns,
                        element % (ptrdiff_t)operand->columns);
}

static quern_status read_places(quern__verify *v, const quern__op *op, quern__place *places,
                                run_flags flags, run_result *result) {
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) {
    const quern__operand *operand = &op->operands[i];
    quern__place *place = &places[place_of(op, i, flags)];
    if (operand->role == QUERN__NONE) continue;
    QUERN__FORWARD(quern__place_read(place));
    if (quern__operand_is_output(operand)) {
      result->outputs[i] =
          quern__values_copy(quern__place_elements(place), 1, quern__operand_bytes(operand));
      if (result->outputs[i] == NULL)
        return quern__fail_memory("verify", quern__operand_bytes(operand));
    }
    if (place == &places[i]) check_place(v, op, i, place, flags);
  }
  return QUERN_OK;
}

static quern_status run_op(quern__verify *v, quern_context *context, const quern__op *op,
                           run_flags flags, run_result *result) {
  quern__place places[QUERN__MAX_OPERANDS];
  quern_tensor tensors[QUERN__MAX_OPERANDS];
  quern_status status = QUERN_OK;
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++)
    places[i] = (quern__place){.tensor = quern_none()};
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) {
    if (place_of(op, i, flags) == i)
      QUERN__TRY(quern__place_create(&places[i], context, &op->operands[i], &v->values,
                                     (flags & MAGNITUDES) != 0,
                                     context == v->device ? v->prefix_bytes : 0));
    tensors[i] = places[place_of(op, i, flags)].tensor;
  }
  QUERN__TRY(
      ((flags & MAGNITUDES) != 0 ? op->magnitude : op->call)(context, tensors, op->arguments));
  QUERN__TRY(check_report(v, op, context));
  status = read_places(v, op, places, flags, result);

cleanup:
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) quern__place_free(&places[i]);
  return status;
}

/* --- Comparing -------------------------------------------------------------------------------- */

/* Compares bit for bit, including the sign of zero and the payload of NaN. */
static void check_same_bits(quern__verify *v, const quern__op *op, const run_result *a,
                            const run_result *b) {
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++)
    if (a->outputs[i] != NULL &&
        memcmp(a->outputs[i], b->outputs[i], quern__operand_bytes(&op->operands[i])) != 0)
      quern__verify_wrong(v, "%s: %s is not the same bits in two runs", op->title,
                          op->operands[i].name);
}

static void check_whole(quern__verify *v, const quern__op *op, const quern__operand *operand,
                        const int32_t *got, const int32_t *expected) {
  for (size_t i = 0; i < quern__operand_count(operand); i++) {
    if (got[i] == expected[i]) continue;
    quern__verify_error(v, op->title, INFINITY);
    quern__verify_wrong(v, "%s: %s[%zu,%zu] is %d, expected %d", op->title, operand->name,
                        i / operand->columns, i % operand->columns, (int)got[i], (int)expected[i]);
    return;
  }
}

static void check_floats(quern__verify *v, const quern__op *op, const quern__operand *operand,
                         const float *magnitude, const float *got, const float *expected) {
  const size_t count = quern__operand_count(operand);
  quern__bound bound = op->bound;
  bound.magnitude = magnitude != NULL ? magnitude : operand->magnitude;
  bound.nans = operand->nans;
  const quern__deviation found = quern__bound_measure(&bound, got, expected, count);
  quern__verify_error(v, op->title, found.worst);
  if (found.nans != bound.nans)
    quern__verify_wrong(v, "%s: the reference's %s has %zu NaN, expected %zu", op->title,
                        operand->name, found.nans, bound.nans);
  if (found.wrong == 0) return;
  const size_t i = found.first;
  quern__verify_wrong(v,
                      "%s: %s[%zu,%zu] is %.9g, expected %.9g within %.3g; %zu of %zu elements are "
                      "wrong, by up to %.3g bounds",
                      op->title, operand->name, i / operand->columns, i % operand->columns,
                      (double)got[i], (double)expected[i],
                      quern__bound_allowed(&bound, expected, i), found.wrong, count, found.worst);
}

static void check_values(quern__verify *v, const quern__op *op, const run_result *got,
                         const run_result *expected, const run_result *magnitudes) {
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) {
    const quern__operand *operand = &op->operands[i];
    if (got->outputs[i] == NULL) continue;
    if (operand->type == QUERN__FLOAT)
      check_floats(v, op, operand, magnitudes->outputs[i], got->outputs[i], expected->outputs[i]);
    else
      check_whole(v, op, operand, got->outputs[i], expected->outputs[i]);
  }
}

/* --- The check -------------------------------------------------------------------------------- */

/* Sets another number of compute units for each case. It determines how a product is divided and,
 * for the kernels with work-groups, which tile of the tuning row is used. */
static void change_units(quern__verify *v) {
  static const size_t units[] = {1, 256, 4, 32};
  if (v->variants != NULL)
    v->variants->pretend_units(v->state, units[v->units++ % (sizeof units / sizeof *units)]);
}

static quern_status check_op(quern__verify *v, const quern__op *op) {
  run_result expected = {{NULL}}, shared = {{NULL}}, magnitudes = {{NULL}}, got = {{NULL}},
             again = {{NULL}};
  quern_status status;
  QUERN__TRY(run_op(v, v->reference, op, SEPARATE, &expected));
  QUERN__TRY(run_op(v, v->reference, op, SHARED, &shared));
  check_same_bits(v, op, &shared, &expected);
  if (op->magnitude != NULL) QUERN__TRY(run_op(v, v->reference, op, MAGNITUDES, &magnitudes));
  QUERN__TRY(run_op(v, v->device, op, SHARED, &got));
  check_values(v, op, &got, &expected, &magnitudes);
  if (!v->once) {
    QUERN__TRY(run_op(v, v->device, op, SHARED, &again));
    check_same_bits(v, op, &got, &again);
  }

cleanup:
  free_result(&expected);
  free_result(&shared);
  free_result(&magnitudes);
  free_result(&got);
  free_result(&again);
  return status;
}

quern_status quern__verify_check(quern__verify *v, quern__op *op) {
  change_units(v);
  quern__verify_begin(v);
  quern_status status = QUERN_OK;
  if (op->out_of_memory)
    status = quern__fail(QUERN_ERROR_OUT_OF_MEMORY, "verify: no host memory for %s", op->title);
  else
    status = check_op(v, op);
  quern__verify_end(v);
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) {
    free(op->operands[i].values);
    free(op->operands[i].magnitude);
  }
  return status;
}
