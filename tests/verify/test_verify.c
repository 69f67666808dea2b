/* Verification of backends that a program registered: the reference passes, and a backend that
 * computes any op wrongly, or not at all, fails. */
#include "device/backend.h"
#include "device/device.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- Collected results --- */

typedef struct heard {
  size_t results, failed, facts;
  double worst;
  char op[64], why[512]; /* of the first that failed */
} heard;

static void record_result(const quern_verify_result *result, void *user) {
  heard *so_far = user;
  so_far->results++;
  if (result->worst > so_far->worst) so_far->worst = result->worst;
  assert_true(result->cases > 0 && result->passed == (result->why[0] == '\0'));
  assert_true(result->wrong <= result->cases && (!result->passed || result->wrong == 0));
  if (result->passed || so_far->failed++ > 0) return;
  snprintf(so_far->op, sizeof so_far->op, "%s", result->op);
  snprintf(so_far->why, sizeof so_far->why, "%s", result->why);
}

static void record_fact(const char *name, const char *value, void *user) {
  heard *so_far = user;
  assert_true(name[0] != '\0' && value[0] != '\0');
  so_far->facts++;
}

/* Verifies the table; it need not be registered. */
static heard verify(const quern_backend *table, const char *op) {
  const quern_device device = {.info = {.kind = QUERN_DEVICE_REFERENCE,
                                        .backend = "other",
                                        .name = "other",
                                        .platform = "",
                                        .version = "",
                                        .driver = ""},
                               .backend = table};
  quern_verify_options options = quern_verify_options_default();
  heard got = {.results = 0};
  size_t failed;
  options.effort = QUERN_VERIFY_QUICK;
  options.op = op;
  options.on_result = record_result;
  options.on_fact = record_fact;
  options.user = &got;
  assert_ok(quern_verify(&device, &options, &failed));
  assert_int_equal(failed, got.failed);
  return got;
}

/* Registered, so that contexts can be created on it; each test has its own. */
static const quern_backend *add(quern_backend table) {
  table.name = "other";
  assert_ok(quern_backend_register(&table));
  return quern_backend_find("other");
}

static void take_away(void) {
  assert_ok(quern_backend_unregister("other"));
}

/* --- Backends that are right --- */

static void test_reference(void **state) {
  (void)state;
  const heard got = verify(&quern__reference_backend, NULL);
  if (got.failed > 0) fail_msg("%s: %s", got.op, got.why);
  assert_true(got.worst <= 1 && got.facts > 0);
  size_t names = 0;
  while (quern_verify_op_name(names) != NULL) names++;
  assert_int_equal(got.results, names);
}

/* A missing optional op has no result, and is not a failure. */
static void test_optional(void **state) {
  (void)state;
  quern_backend table = quern__reference_backend;
  table.sum_squares = NULL;
  table.clip_norm = NULL;
  const heard all = verify(&quern__reference_backend, NULL), got = verify(add(table), NULL);
  assert_int_equal(got.failed, 0);
  assert_int_equal(got.results, all.results - 2);
  take_away();
}

/* --- Ops that do nothing --- */

static quern_status do_nothing(void *state, const void *op) {
  (void)state;
  (void)op;
  return QUERN_OK;
}

/* Every op of the table, also one that was added yesterday: if it does nothing, some result
 * fails. */
static void test_every_op_counts(void **state) {
  (void)state;
  typedef quern_status (*any_op)(void *, const void *);
  const size_t first = offsetof(quern_backend, dense_forward), size = sizeof(any_op);
  size_t ops = 0;
  for (size_t position = first; position < sizeof(quern_backend); position += size) {
    quern_backend table = quern__reference_backend;
    any_op member;
    const any_op nothing = do_nothing;
    memcpy(&member, (char *)&table + position, size);
    if (member == NULL) continue; /* optional, and the reference lacks it */
    memcpy((char *)&table + position, &nothing, size);
    const heard got = verify(add(table), NULL);
    if (got.failed == 0)
      fail_msg("member %zu of the ops does nothing, and all pass", (position - first) / size);
    take_away();
    ops++;
  }
  assert_true(ops > 20);
}

/* --- Ops that are slightly wrong --- */

typedef enum fault { TOO_LARGE, NOT_A_NUMBER, BEHIND, ANOTHER_EACH_TIME } fault;
static fault chosen;
static unsigned calls;

/* Softmax, and then an error in it. */
static quern_status wrong_softmax(void *state, const quern_softmax_op *op) {
  float *o = (float *)op->o.memory + op->o.offset;
  const quern_status status = quern__reference_backend.softmax(state, op);
  const size_t last = op->n * op->k - 1;
  switch (chosen) {
  case TOO_LARGE: /* the error of a sum of floats in a bad order, or of a fast exp() */
    for (size_t i = 0; i <= last; i++) o[i] *= 1.0f + 0x1p-12f;
    break;
  case NOT_A_NUMBER:
    o[last] = NAN;
    break;
  case BEHIND:
    o[last + 1] = 0;
    break;
  case ANOTHER_EACH_TIME:
    o[last] = calls++ % 2 == 0 ? o[last] : nextafterf(o[last], 2.0f);
    break;
  }
  return status;
}

static void check_fault(fault current, const char *message) {
  quern_backend table = quern__reference_backend;
  table.softmax = wrong_softmax;
  chosen = current;
  const heard got = verify(add(table), "softmax");
  assert_int_equal(got.results, 1);
  assert_int_equal(got.failed, 1);
  assert_string_equal(got.op, "softmax");
  if (strstr(got.why, message) == NULL) fail_msg("expected \"%s\" in \"%s\"", message, got.why);
  take_away();
}

static void test_wrong(void **state) {
  (void)state;
  check_fault(TOO_LARGE, "expected");
  check_fault(NOT_A_NUMBER, "is nan");
  check_fault(BEHIND, "was written, but must not be");
  check_fault(ANOTHER_EACH_TIME, "not the same bits in two runs");
}

/* A label out of range is not reported. */
static quern_status silent_loss(void *state, const quern_loss_op *op) {
  const int32_t *labels = (const int32_t *)op->target.memory + op->target.offset;
  for (size_t r = 0; r < op->n; r++)
    if (labels[r] < 0 || (size_t)labels[r] >= op->k) return QUERN_OK;
  return quern__reference_backend.softmax_cross_entropy(state, op);
}

static quern_status failing_fill(void *state, const quern_fill_op *op) {
  (void)state;
  (void)op;
  return quern_fail(QUERN_ERROR_BUILD, "fill does not build");
}

static void test_says_nothing_or_fails(void **state) {
  (void)state;
  quern_backend table = quern__reference_backend;
  table.softmax_cross_entropy = silent_loss;
  table.fill = failing_fill;
  const quern_backend *other = add(table);
  heard got = verify(other, "softmax cross-entropy");
  assert_int_equal(got.failed, 1);
  assert_non_null(strstr(got.why, "nothing was reported"));
  got = verify(other, "fill");
  assert_int_equal(got.failed, 1);
  assert_string_equal(got.why, "fill does not build");
  take_away();
}

/* A network whose gradient is a thousandth too large trains, but is detected. */
static quern_status large_gradients(void *state, const quern_dense_backward_weights_op *op) {
  float *db = op->db.memory != NULL ? (float *)op->db.memory + op->db.offset : NULL;
  const quern_status status = quern__reference_backend.dense_backward_weights(state, op);
  for (size_t i = 0; db != NULL && i < op->out; i++) db[i] *= 1.01f;
  return status;
}

static void test_networks(void **state) {
  (void)state;
  quern_backend table = quern__reference_backend;
  table.dense_backward_weights = large_gradients;
  table.dense_backward_update = NULL; /* training takes the gradients too */
  const quern_backend *other = add(table);
  heard got = verify(other, "gradients");
  assert_int_equal(got.failed, 1);
  assert_non_null(strstr(got.why, "finite differences"));
  got = verify(other, "training");
  assert_int_equal(got.failed, 1);
  take_away();
}

/* --- Arguments and the rule --- */

static void test_arguments(void **state) {
  (void)state;
  quern_device_list *list;
  const quern_device *reference;
  quern_verify_options options = quern_verify_options_default();
  assert_ok(quern_device_list_create(&list));
  assert_ok(quern_device_list_find(list, "reference", &reference));
  assert_fails(quern_verify(NULL, NULL, NULL), QUERN_ERROR_ARGUMENT, "device is NULL");
  options.size = 3;
  assert_fails(quern_verify(reference, &options, NULL), QUERN_ERROR_ARGUMENT, "options.size is 3");
  options = quern_verify_options_default();
  options.op = "hardmax";
  assert_fails(quern_verify(reference, &options, NULL), QUERN_ERROR_ARGUMENT, "\"hardmax\"");
  assert_ok(quern_verify(reference, NULL, NULL));
  quern_device_list_free(list);
}

static void test_error(void **state) {
  (void)state;
  assert_true(quern_verify_error(1, 1, 0) == 0);
  assert_true(quern_verify_error(1.5, 1, 1) == 0.5);
  assert_true(quern_verify_error(-1, 1, 1) == 2);
  assert_true(isinf(quern_verify_error(1.5, 1, 0)));
  assert_true(isinf(quern_verify_error(NAN, 1, 1e9)));
  assert_true(isinf(quern_verify_error(1, NAN, 1e9)));
  assert_true(quern_verify_error(NAN, NAN, 0) == 0);
  assert_true(quern_verify_error(INFINITY, INFINITY, 0) == 0);
  assert_true(isinf(quern_verify_error(-INFINITY, INFINITY, INFINITY)));
  assert_true(isinf(quern_verify_error(1, 2, NAN)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_reference),
      QUERN_TEST(test_optional),
      QUERN_TEST(test_every_op_counts),
      QUERN_TEST(test_wrong),
      QUERN_TEST(test_says_nothing_or_fails),
      QUERN_TEST(test_networks),
      QUERN_TEST(test_arguments),
      QUERN_TEST(test_error),
  };
  return cmocka_run_group_tests_name("verify/verify", tests, NULL, NULL);
}
