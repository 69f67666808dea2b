/* Tuning on the device: wrong results are detected, and the next context uses the found
 * parameters. */
#include "../data/temporary.h"
#include "base/error.h"
#include "device/context.h"
#include "device/device.h"
#include "device/tune_report.h"
#include "opencl/tuner/tune.h"
#include "opencl/tuner/tune_trial.h"
#include "opencl/tuning_file.h"
#include "test.h"

#include <quern/tune.h>

/* A device's list and the first OpenCL device. Emulators would need minutes for the kernels. */
typedef struct bench_device {
  quern_device_list *list;
  const quern_device *device;
  quern__cl_limits limits;
} bench_device;

static bool open_device(bench_device *bench) {
  assert_ok(quern_device_list_create(&bench->list));
  bench->device = quern_device_list_at(bench->list, 0);
  if (bench->device->info.kind == QUERN_DEVICE_CPU) {
    assert_ok(quern__cl_limits_of(bench->device->handle, &bench->device->info, &bench->limits));
    return true;
  }
  assert_int_equal(bench->device->info.kind, QUERN_DEVICE_EMULATOR);
  quern_device_list_free(bench->list);
  return false;
}

/* The row to start from, of the device or of the kind that the test runs as, with a slow tile. */
static quern__cl_tuning poor_row(const bench_device *bench) {
  quern_device_info info = bench->device->info;
  const char *wanted = getenv("QUERN_TEST_TUNING");
  if (wanted != NULL && strcmp(wanted, "gpu") == 0) {
    info.kind = QUERN_DEVICE_GPU;
    info.platform = "";
  }
  quern__cl_tuning row = *quern__cl_tuning_find(&info, bench->limits);
  row.forward = (quern__cl_tile){1, 1, 32};
  return row;
}

/* A program that computes half of the result, built as any candidate; the check must detect it. */
static void test_verify_notices(void **state) {
  (void)state;
  bench_device bench;
  if (!open_device(&bench)) return;
  quern__cl *cl;
  assert_ok(quern__cl_open_untuned(&bench.device->info, bench.device->handle, &cl));
  if (cl->tuning.dense == QUERN__DENSE_ITEM) {
    for (quern__form form = QUERN__FORM_FORWARD; form < QUERN__FORM_ALL; form++)
      for (quern__tune_mode mode = QUERN__TUNE_TRAIN; mode <= QUERN__TUNE_OTHER; mode++) {
        quern__tune_problem problem;
        const quern__cl_tuning right = cl->tuning;
        assert_ok(quern__tune_problem_create(
            cl, (quern__tune_case){.form = form, .mode = mode, .n = 150, .in = 150, .out = 150},
            &problem));
        assert_ok(quern__tune_problem_verify(cl, &problem));
        /* The program stays; the launch now assumes tiles twice as wide. */
        cl->tuning.forward.vectors *= 2;
        cl->tuning.backward_data.vectors *= 2;
        cl->tuning.backward_weights.vectors *= 2;
        assert_fails(quern__tune_problem_verify(cl, &problem), QUERN_ERROR_DATA,
                     quern__tune_form_name(form), "is wrong");
        cl->tuning = right;
        assert_ok(quern__tune_problem_verify(cl, &problem));
        /* A value that is off by slightly more than rounding, and a NaN. */
        float *value = &problem.after[QUERN__TUNE_RESULT][problem.counts[QUERN__TUNE_RESULT] - 1];
        const float before = *value;
        *value += 2.5f * problem.bound[QUERN__TUNE_RESULT][problem.counts[QUERN__TUNE_RESULT] - 1] +
                  1e-6f;
        assert_fails(quern__tune_problem_verify(cl, &problem), QUERN_ERROR_DATA, "is wrong");
        *value = before;
        quern__tune_problem_free(cl, &problem);
      }
  }
  quern__cl_close(cl);
  quern_device_list_free(bench.list);
}

/* Pretends that larger tiles are faster, so that the result does not depend on the machine's
 * load. */
static double pretend(const quern__cl_tuning *row) {
  const quern__cl_tile *tiles[] = {&row->forward, &row->backward_data, &row->backward_weights};
  double speed = row->vector_width;
  for (size_t i = 0; i < 3; i++) speed += tiles[i]->rows * tiles[i]->vectors;
  return 1e-3 / speed;
}

/* From a slow row, a better one is found, written, and used by the next context; then it is
 * deleted. */
static void test_tunes(void **state) {
  (void)state;
  bench_device bench;
  if (!open_device(&bench)) return;
  const quern_device_info *info = &bench.device->info;
  static const quern__tune_effort little_effort = {.most = 3,
                                                   .screen_rounds = 3,
                                                   .confirm_rounds = 5,
                                                   .round_seconds = 1e-3,
                                                   .small_only = true,
                                                   .pretend = pretend};
  const quern__cl_tuning start = poor_row(&bench);
  const quern_tune_options options = quern_tune_options_default();
  quern_tune_report *report = calloc(1, sizeof *report);
  assert_non_null(report);
  assert_ok(
      quern__cl_tune_from(info, bench.device->handle, &options, &little_effort, &start, report));
  size_t parts, products;
  const quern_tune_part *part = quern_tune_report_parts(report, &parts);
  quern_tune_report_products(report, &products);
  assert_true(parts > 0);
  for (size_t i = 0; i < parts; i++) {
    assert_true(part[i].tried <= little_effort.most && part[i].wrong == 0);
    assert_true(part[i].changed ? part[i].ratio >= 1.03
                                : strcmp(part[i].before, part[i].after) == 0);
  }
  const char *file = quern_tune_report_file(report);
  quern_context *context;
  if (start.dense == QUERN__DENSE_ITEM) {
    /* Starting from one row of one vector, any neighbor wins. */
    assert_string_equal(part[1].name, "forward");
    assert_true(part[1].changed);
    assert_true(products > 0 && file[0] != '\0');
    quern__cl_tuning expected = start;
    assert_ok(quern__tuning_read(file, info, bench.limits, &expected));
    assert_false(quern__tuning_same(&expected, &start, QUERN__PART_forward));
    assert_ok(quern_context_create_on(bench.device, &context));
    assert_string_equal(quern_context_tuning(context), file);
    assert_string_equal(quern_context_note(context), "");
    assert_true(
        quern__tuning_same(quern__cl_tuning_of(context->state), &expected, QUERN__PART_COUNT));
    quern_context_free(context);
  }
  quern_tune_report_free(report);

  size_t removed;
  assert_ok(quern_tune_reset(bench.device, &removed));
  assert_ok(quern_tune_reset(bench.device, &removed));
  assert_int_equal(removed, 0);
  assert_ok(quern_context_create_on(bench.device, &context));
  assert_string_equal(quern_context_tuning(context), "");
  quern_context_free(context);
  quern_device_list_free(bench.list);
}

/* A context with a damaged file has the defaults and a note, and no error. */
static void test_note(void **state) {
  (void)state;
  bench_device bench;
  if (!open_device(&bench)) return;
  char *path;
  assert_ok(quern__tuning_path(&bench.device->info, &path));
  write_bytes(path, "quern tuning 1\nnonsense\n", 24);
  quern__set_error("what failed before");
  quern_context *context;
  assert_ok(quern_context_create_on(bench.device, &context));
  assert_string_equal(quern_last_error(), "what failed before");
  assert_string_equal(quern_context_tuning(context), "");
  assert_non_null(strstr(quern_context_note(context), path));
  assert_non_null(strstr(quern_context_note(context), "line 2"));
  const quern__cl_tuning *defaults = quern__cl_tuning_find(&bench.device->info, bench.limits);
  assert_true(quern__tuning_same(quern__cl_tuning_of(context->state), defaults, QUERN__PART_COUNT));
  quern_context_free(context);
  assert_int_equal(remove(path), 0);
  free(path);
  quern_device_list_free(bench.list);
}

static void test_refuses(void **state) {
  (void)state;
  bench_device bench;
  quern_tune_report *report;
  quern_tune_options options = quern_tune_options_default();
  assert_fails(quern_tune(NULL, NULL, &report), QUERN_ERROR_ARGUMENT, "device is NULL");
  assert_fails(quern_tune_reset(NULL, NULL), QUERN_ERROR_ARGUMENT, "device is NULL");
  const bool is_cpu = open_device(&bench);
  if (!is_cpu) assert_ok(quern_device_list_create(&bench.list));
  const quern_device *first = quern_device_list_at(bench.list, 0), *reference;
  assert_ok(quern_device_list_find(bench.list, "reference", &reference));
  assert_fails(quern_tune(reference, NULL, &report), QUERN_ERROR_UNSUPPORTED, "reference",
               "no parameters");
  assert_null(report);
  assert_fails(quern_tune(first, NULL, NULL), QUERN_ERROR_ARGUMENT, "result pointer");
  options.size = 1;
  assert_fails(quern_tune(first, &options, &report), QUERN_ERROR_ARGUMENT, "options.size is 1");
  if (is_cpu) {
    assert_int_equal(setenv("QUERN_CACHE", "off", 1), 0);
    assert_fails(quern_tune(first, NULL, &report), QUERN_ERROR_FILE, "QUERN_CACHE is off");
    assert_int_equal(setenv("QUERN_CACHE", "", 1), 0);
  } else {
    assert_fails(quern_tune(first, NULL, &report), QUERN_ERROR_UNSUPPORTED, "emulator");
  }
  quern_device_list_free(bench.list);
}

static int set_up(void **state) {
  if (make_temporary_folder(state) != 0) return -1;
  return setenv("QUERN_CACHE", "", 1) != 0 || setenv("QUERN_CACHE_DIR", temporary_folder, 1) != 0
             ? -1
             : 0;
}

static int tear_down(void **state) {
  empty_temporary_folder(state);
  return remove_temporary_folder(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_verify_notices),
      QUERN_TEST(test_tunes),
      QUERN_TEST(test_note),
      QUERN_TEST(test_refuses),
  };
  return cmocka_run_group_tests_name("opencl/tune", tests, set_up, tear_down);
}
