/* The tuner's search, with invented times: a wrong candidate is never timed or chosen, and noise
 * chooses nothing. */
#include "base/error.h"
#include "opencl/tuner/tune.h"
#include "opencl/tuner/tune_trial.h"
#include "opencl/tuning_file.h"
#include "test.h"

#include <quern/tune.h>
#include <string.h>

static const quern__cl_limits limits = {.work_group = 1024, .local_memory = 48 << 10};
static const quern__tune_effort effort = {
    .most = 60, .screen_rounds = 3, .confirm_rounds = 5, .round_seconds = 1e-3, .small_only = true};

/* `speed` gives the speed of rows of forward. Those with a panel of `wrong_panel` are wrong, and
 * those with `broken_panel` do not build. A timed row must have been verified just before. */
typedef struct fake_judge {
  double (*speed)(const quern__cl_tuning *row);
  unsigned wrong_panel, broken_panel;
  quern_status status_of_broken;
  bool confirmed_only; /* in the confirming rounds, all are as slow as the start */
  quern__cl_tuning verified;
  bool right;
  size_t verifications, timings;
} fake_judge;

static quern_status fake_verify(void *state, const quern__cl_tuning *row) {
  fake_judge *judge = state;
  judge->verifications++;
  judge->verified = *row;
  judge->right = false;
  if (row->forward.panel == judge->wrong_panel) return quern__fail(QUERN_ERROR_DATA, "it is wrong");
  if (row->forward.panel == judge->broken_panel)
    return quern__fail(judge->status_of_broken, "it does not build");
  judge->right = true;
  return QUERN_OK;
}

static quern_status fake_time(void *state, const quern__cl_tuning *row, size_t rounds,
                              double *ratios, double *gflops) {
  fake_judge *judge = state;
  judge->timings++;
  assert_true(judge->right);
  assert_memory_equal(row, &judge->verified, sizeof *row);
  for (size_t i = 0; i < rounds; i++)
    ratios[i] = judge->confirmed_only && rounds == effort.confirm_rounds ? 1 : judge->speed(row);
  *gflops = 100 * ratios[0];
  return QUERN_OK;
}

/* By far the fastest with the wrong and the broken panel, then toward 12 rows and 1 vector. */
static double toward_a_corner(const quern__cl_tuning *row) {
  if (row->forward.panel == 128 || row->forward.panel == 1024) return 100;
  return 1 + 0.05 * ((double)row->forward.rows - 8) + 0.05 * (2 - (double)row->forward.vectors);
}

typedef struct events {
  size_t events, wrong, failed, ends;
  quern_tune_verdict last;
} events;

static void record(const quern_tune_event *event, void *user) {
  events *so_far = user;
  so_far->events++;
  so_far->last = event->verdict;
  assert_string_equal(event->part, "forward");
  assert_true(event->tried <= event->most);
  const bool untimed = event->verdict == QUERN_TUNE_WRONG || event->verdict == QUERN_TUNE_FAILED;
  assert_true((event->why[0] != '\0') == untimed);
  if (event->verdict == QUERN_TUNE_WRONG) {
    so_far->wrong++;
    assert_string_equal(event->why, "it is wrong");
    assert_non_null(strstr(event->parameters, "panel 128"));
    assert_true(!(event->ratio > 0) && !(event->gflops > 0));
  }
  if (event->verdict == QUERN_TUNE_FAILED) so_far->failed++;
  if (event->verdict == QUERN_TUNE_KEPT || event->verdict == QUERN_TUNE_CHOSEN) so_far->ends++;
}

static quern__cl_tuning start_row(void) {
  const quern_device_info info = {.kind = QUERN_DEVICE_CPU, .platform = "", .name = ""};
  quern__cl_tuning row = *quern__cl_tuning_find(&info, limits);
  row.forward = (quern__cl_tile){8, 2, 256};
  return row;
}

static quern_status search(fake_judge *judge, events *so_far, quern__tune_outcome *outcome) {
  const quern__cl_tuning start = start_row();
  const quern__tune_judge how = {fake_verify, fake_time, judge};
  quern_tune_options options = quern_tune_options_default();
  options.on_event = record;
  options.user = so_far;
  *so_far = (events){0};
  return quern__tune_search(QUERN__PART_forward, &start, limits, &effort, &how, &options, outcome);
}

static void test_wrong_is_never_chosen(void **state) {
  (void)state;
  fake_judge judge = {.speed = toward_a_corner,
                      .wrong_panel = 128,
                      .broken_panel = 1024,
                      .status_of_broken = QUERN_ERROR_BUILD};
  events so_far;
  quern__tune_outcome outcome;
  assert_ok(search(&judge, &so_far, &outcome));
  assert_true(outcome.changed);
  assert_int_equal(outcome.best.forward.rows, 14);
  assert_int_equal(outcome.best.forward.vectors, 1);
  assert_true(outcome.best.forward.panel != 128 && outcome.best.forward.panel != 1024);
  assert_true(outcome.ratio > 1.3 && outcome.ratio < 1.4);
  assert_true(outcome.wrong > 0);
  assert_int_equal(outcome.wrong, so_far.wrong);
  assert_int_equal(outcome.failed, so_far.failed);
  /* The start is verified and not timed; the winner is verified and timed again. */
  assert_int_equal(judge.verifications, outcome.tried + 2);
  assert_int_equal(judge.timings, outcome.tried - outcome.wrong - outcome.failed + 1);
  assert_int_equal(so_far.events, outcome.tried + 1);
  assert_int_equal(so_far.ends, 1);
  assert_int_equal(so_far.last, QUERN_TUNE_CHOSEN);
  /* Parameters outside the search are unchanged. */
  quern__cl_tuning rest = outcome.best;
  rest.forward = start_row().forward;
  const quern__cl_tuning start = start_row();
  assert_true(quern__tuning_same(&rest, &start, QUERN__PART_COUNT));
}

static double all_the_same(const quern__cl_tuning *row) {
  (void)row;
  return 1;
}

static void assert_kept(fake_judge *judge) {
  events so_far;
  quern__tune_outcome outcome;
  const quern__cl_tuning start = start_row();
  assert_ok(search(judge, &so_far, &outcome));
  assert_false(outcome.changed);
  assert_true(outcome.tried > 0 && outcome.tried <= effort.most);
  assert_true(quern__tuning_same(&outcome.best, &start, QUERN__PART_COUNT));
  assert_int_equal(so_far.last, QUERN_TUNE_KEPT);
}

/* A row that is not faster, was faster only once, or is only slightly faster does not win. */
static double little(const quern__cl_tuning *row) {
  return row->forward.rows == 10 ? 1.02 : 1;
}

static void test_defaults_are_kept(void **state) {
  (void)state;
  assert_kept(&(fake_judge){.speed = all_the_same});
  assert_kept(&(fake_judge){.speed = little});
  assert_kept(&(fake_judge){.speed = toward_a_corner,
                            .wrong_panel = 128,
                            .broken_panel = 1024,
                            .status_of_broken = QUERN_ERROR_OPENCL,
                            .confirmed_only = true});
}

static void test_wins(void **state) {
  (void)state;
  static const struct {
    double ratios[5];
    bool wins;
  } cases[] = {{{1.04, 1.05, 1.04, 1.06, 1.05}, true},
               {{1.02, 1.02, 1.02, 1.02, 1.02}, false},
               {{2.00, 0.90, 3.00, 0.80, 1.20}, false},
               {{0.70, 1.50, 1.50, 1.50, 1.40}, true},
               {{0.50, 0.50, 0.50, 0.50, 0.50}, false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double ratios[5], median;
    memcpy(ratios, cases[i].ratios, sizeof ratios);
    assert_int_equal(quern__tune_wins(ratios, 5, &median), cases[i].wins);
  }
}

/* If the defaults are wrong, there is nothing to compare with. A lost device ends the search. */
static void test_search_fails(void **state) {
  (void)state;
  events so_far;
  quern__tune_outcome outcome;
  fake_judge wrong = {.speed = all_the_same, .wrong_panel = 256};
  assert_fails(search(&wrong, &so_far, &outcome), QUERN_ERROR_DATA, "tune: the defaults of forward",
               "it is wrong");
  assert_int_equal(wrong.timings, 0);
  fake_judge lost = {
      .speed = all_the_same, .broken_panel = 512, .status_of_broken = QUERN_ERROR_DEVICE_LOST};
  assert_fails(search(&lost, &so_far, &outcome), QUERN_ERROR_DEVICE_LOST, "it does not build");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_wrong_is_never_chosen),
      QUERN_TEST(test_defaults_are_kept),
      QUERN_TEST(test_wins),
      QUERN_TEST(test_search_fails),
  };
  return cmocka_run_group_tests_name("opencl/tune search", tests, NULL, test_teardown);
}
