/* Quirks: which device and driver a row applies to, and that a context applies its remedy
 * correctly. The rows here are invented. */
#include "device/context.h"
#include "op_check.h"
#include "opencl/quirks.h"
#include "opencl/state.h"

#include <quern/tune.h>
#include <string.h>

static void test_versions(void **state) {
  (void)state;
  static const struct {
    const char *a, *b;
    int order;
  } pairs[] = {{"3.1", "3.1", 0},           {"3.1+debian", "3.1", 0}, {"3.0", "3.1", -1},
               {"535.54.03", "535.9", 1},   {"22.3.6", "22.3", 1},    {"", "0", -1},
               {"1.0.10", "1.0.9", 1},      {"driver 7", "8", -1},    {"", "", 0},
               {"23.13.26032", "23.13", 1}, {"2.0", "1.99.99.99", 1}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    assert_int_equal(quern__cl_compare_versions(pairs[i].a, pairs[i].b), pairs[i].order);
    assert_int_equal(quern__cl_compare_versions(pairs[i].b, pairs[i].a), -pairs[i].order);
  }
}

static void test_fits(void **state) {
  (void)state;
  const quern_device_info info = {
      .name = "Arc A770 Graphics", .platform = "Intel(R) OpenCL", .driver = "23.22.1"};
  static const struct {
    quern__cl_quirk row;
    bool fits;
  } rows[] = {{{.platform = "", .device = "", .first = "", .last = ""}, true},
              {{.platform = "intel", .device = "arc", .first = "", .last = ""}, true},
              {{.platform = "intel", .device = "iris", .first = "", .last = ""}, false},
              {{.platform = "NVIDIA", .device = "", .first = "", .last = ""}, false},
              {{.platform = "", .device = "Arc", .first = "23.22.1", .last = "23.22.1"}, true},
              {{.platform = "", .device = "Arc", .first = "23.22.2", .last = ""}, false},
              {{.platform = "", .device = "Arc", .first = "22", .last = "23.22"}, false},
              {{.platform = "", .device = "Arc", .first = "22", .last = "24"}, true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_true(quern__cl_quirk_fits(&rows[i].row, &info) == rows[i].fits);
}

/* Rows of the real table have all fields. */
static void test_table(void **state) {
  (void)state;
  for (size_t i = 0; i < quern__cl_quirk_count; i++) {
    const quern__cl_quirk *row = &quern__cl_quirks[i];
    assert_true(row->what[0] != '\0' && (row->platform[0] != '\0' || row->device[0] != '\0'));
    assert_true(row->op[0] == '\0' || quern__sweep_find(row->op) != NULL);
    assert_true((row->remedy == QUERN__QUIRK_MAX_LOOP_ITERATIONS) == (row->value > 0));
  }
}

/* Opens the device with one invented row, and verifies the op that it concerns. */
static void check_remedy(const quern__cl_quirk *row, const char *op, quern__cl_tuning *became) {
  test_rig rig;
  quern_device_info info;
  test_rig_open(&rig, 0);
  quern__cl *cl = rig.device->state;
  quern_context_describe(rig.device, &info);
  assert_ok(quern__cl_quirks_apply(cl, &info, row, 1));
  assert_int_equal(cl->quirk_count, 1);
  assert_ptr_equal(cl->quirks[0], row);
  *became = cl->tuning;
  if (row->remedy == QUERN__QUIRK_TWO_ROUNDINGS) assert_false(cl->fused);
  rig.verify.small = rig.verify.few = true;
  assert_ok(quern__sweep_find(op)->run(&rig.verify));
  if (rig.verify.outcome.wrong > 0) fail_msg("%s", rig.verify.outcome.why);
  assert_true(rig.verify.outcome.cases > 0);
  test_rig_close(&rig);
}

static void test_remedies(void **state) {
  (void)state;
  size_t rows;
  const quern__cl_tuning *table = quern__cl_tuning_rows(&rows), *safe = &table[rows - 1];
  assert_true(safe->any_kind);
  quern__cl_quirk row = {
      .platform = "", .device = "", .first = "", .last = "", .op = "", .what = "made up"};
  quern__cl_tuning before, got;
  test_rig rig;
  test_rig_open(&rig, 0);
  before = *quern__cl_tuning_of(rig.device->state);
  test_rig_close(&rig);

  row.remedy = QUERN__QUIRK_SAFE_ROW;
  check_remedy(&row, "softmax", &got);
  assert_int_equal(got.vector_width, safe->vector_width);
  assert_int_equal(got.group, safe->group);
  assert_true(got.dense == QUERN__DENSE_ITEM);

  row.op = "dense forward"; /* the one product, if products have tiles of their own */
  check_remedy(&row, "dense forward", &got);
  assert_memory_equal(&got.forward, &safe->forward, sizeof got.forward);
  if (before.dense == QUERN__DENSE_ITEM) {
    assert_int_equal(got.vector_width, before.vector_width);
    assert_memory_equal(&got.backward_data, &before.backward_data, sizeof got.backward_data);
  }

  row.op = "dense backward data";
  row.remedy = QUERN__QUIRK_GROUP_ROW;
  check_remedy(&row, "dense backward data", &got);
  assert_true(got.dense == QUERN__DENSE_GROUP);

  row.op = "training";
  row.remedy = QUERN__QUIRK_OP_BY_OP;
  check_remedy(&row, "gradients", &got);
  assert_int_equal(got.launch_kiloflops, 0);

  row.op = "";
  row.remedy = QUERN__QUIRK_TWO_ROUNDINGS;
  check_remedy(&row, "dense forward", &got);
}

/* A row for another driver changes nothing; if several fit, all apply. */
static void test_several(void **state) {
  (void)state;
  static const quern__cl_quirk rows[] = {{.platform = "no such platform",
                                          .device = "",
                                          .first = "",
                                          .last = "",
                                          .op = "",
                                          .what = "made up"},
                                         {.platform = "",
                                          .device = "",
                                          .first = "",
                                          .last = "",
                                          .op = "",
                                          .remedy = QUERN__QUIRK_OP_BY_OP,
                                          .what = "made up"},
                                         {.platform = "",
                                          .device = "",
                                          .first = "",
                                          .last = "",
                                          .op = "",
                                          .remedy = QUERN__QUIRK_MAX_LOOP_ITERATIONS,
                                          .value = 77,
                                          .what = "made up"}};
  test_rig rig;
  quern_device_info info;
  test_rig_open(&rig, 0);
  quern__cl *cl = rig.device->state;
  quern_context_describe(rig.device, &info);
  assert_ok(quern__cl_quirks_apply(cl, &info, rows, 1));
  assert_int_equal(cl->quirk_count, 0);
  assert_ok(quern__cl_quirks_apply(cl, &info, rows, 3));
  assert_int_equal(cl->quirk_count, 2);
  assert_int_equal(cl->tuning.launch_kiloflops, 0);
  assert_int_equal(quern__opencl_variants.loop_rounds(cl), 77);
  test_rig_close(&rig);
}

/* A device's quirks are reported when it is opened, and by its facts. */
static void record(const char *name, const char *value, void *user) {
  if (strcmp(name, "quirk") == 0 && strstr(value, "made up") != NULL) ++*(size_t *)user;
}

static void test_told(void **state) {
  (void)state;
  static const quern__cl_quirk row = {.platform = "",
                                      .device = "",
                                      .first = "",
                                      .last = "",
                                      .op = "sum",
                                      .remedy = QUERN__QUIRK_OP_BY_OP,
                                      .what = "made up"};
  test_rig rig;
  quern_device_info info;
  size_t reported = 0;
  test_rig_open(&rig, 0);
  quern_context_describe(rig.device, &info);
  const quern__cl *cl = rig.device->state;
  for (size_t i = 0; i < cl->quirk_count; i++)
    assert_non_null(strstr(quern_context_note(rig.device), cl->quirks[i]->what));
  assert_ok(quern__cl_quirks_apply(rig.device->state, &info, &row, 1));
  assert_ok(quern__opencl_variants.facts(rig.device->state, record, &reported));
  assert_int_equal(reported, 1);
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_versions), QUERN_TEST(test_fits),
                                     QUERN_TEST(test_table),    QUERN_TEST(test_remedies),
                                     QUERN_TEST(test_several),  QUERN_TEST(test_told)};
  return cmocka_run_group_tests_name("verify/quirks", tests, NULL, NULL);
}
