/* Trials: builds, verifies and times rows. */
#include "tune_trial.h"

#include "../../base/clock.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A candidate with a lower ratio in its first round is not timed further. */
static const double hopeless = 0.7;

/* The row for the context: only the tile that is tuned. */
static quern__cl_tuning only_size(const quern__cl_tuning *row, quern__group_size size) {
  quern__cl_tuning tuning = *row;
  for (int other = 0; size != QUERN__GROUP_SIZE_COUNT && other < QUERN__GROUP_SIZE_COUNT; other++)
    if (other != (int)size) tuning.groups[other] = (quern__cl_group_tile){0};
  return tuning;
}

/* Switches the context to a variant's row and programs. */
static void use(quern__tune_trial *trial, int which) {
  quern__cl *cl = trial->cl;
  if (which == trial->current) return;
  quern__tune_variant *old = &trial->variants[trial->current], *next = &trial->variants[which];
  old->tuning = cl->tuning;
  memcpy(old->programs, cl->programs, sizeof cl->programs);
  memcpy(old->kernels, cl->kernels, sizeof cl->kernels);
  cl->tuning = next->tuning;
  memcpy(cl->programs, next->programs, sizeof cl->programs);
  memcpy(cl->kernels, next->kernels, sizeof cl->kernels);
  trial->current = which;
}

/* Switches the context to the row: the start's, or the candidate's, which becomes this one. */
static void choose(quern__tune_trial *trial, const quern__cl_tuning *row) {
  const quern__cl_tuning tuning = only_size(row, trial->size);
  use(trial, QUERN__TUNE_START);
  if (quern__tuning_same(&tuning, &trial->cl->tuning, QUERN__PART_COUNT)) return;
  use(trial, QUERN__TUNE_CANDIDATE);
  if (quern__tuning_same(&tuning, &trial->cl->tuning, QUERN__PART_COUNT)) return;
  quern__cl_release_programs(trial->cl);
  trial->cl->tuning = tuning;
}

quern_status quern__tune_trial_open(quern__tune_trial *trial, quern__cl *cl,
                                    const quern__cl_tuning *start, quern__group_size size,
                                    size_t room, const quern__tune_effort *effort) {
  *trial = (quern__tune_trial){.cl = cl,
                               .size = size,
                               .round_seconds = effort->round_seconds,
                               .pretend = effort->pretend,
                               .room = room};
  const size_t rounds = effort->screen_rounds > effort->confirm_rounds ? effort->screen_rounds
                                                                       : effort->confirm_rounds;
  quern__cl_release_programs(cl);
  cl->tuning = only_size(start, size);
  trial->problems = calloc(room, sizeof *trial->problems);
  trial->repeats = calloc(room, sizeof *trial->repeats);
  for (int which = 0; which < 2; which++)
    trial->seconds[which] = calloc(room * rounds, sizeof *trial->seconds[which]);
  if (trial->problems != NULL && trial->repeats != NULL && trial->seconds[0] != NULL &&
      trial->seconds[1] != NULL)
    return QUERN_OK;
  return quern__fail_memory("tune", room * rounds * sizeof *trial->seconds[0]);
}

void quern__tune_trial_close(quern__tune_trial *trial) {
  for (size_t i = 0; i < trial->count; i++)
    quern__tune_problem_free(trial->cl, &trial->problems[i]);
  for (int which = 0; which < 2; which++) {
    use(trial, which);
    quern__cl_release_programs(trial->cl);
    free(trial->seconds[which]);
  }
  free(trial->problems);
  free(trial->repeats);
}

quern_status quern__tune_trial_add(quern__tune_trial *trial, quern__tune_case problem) {
  if (problem.timed) trial->timed++;
  return quern__tune_problem_create(trial->cl, problem, &trial->problems[trial->count++]);
}

quern_status quern__tune_trial_verify(void *state, const quern__cl_tuning *row) {
  quern__tune_trial *trial = state;
  choose(trial, row);
  quern_status status = QUERN_OK;
  for (size_t i = 0; status == QUERN_OK && i < trial->count; i++)
    status = quern__tune_problem_verify(trial->cl, &trial->problems[i]);
  return status;
}

/* --- Timing
 * --------------------------------------------------------------------------------------------- */

/* Runs the problem `times` times; *seconds is the time per run. */
static quern_status run_tune_trial(quern__tune_trial *trial, size_t index, size_t times,
                                   double *seconds) {
  quern_status status = QUERN_OK;
  const double start = quern__seconds();
  for (size_t i = 0; status == QUERN_OK && i < times; i++)
    status = quern__tune_problem_run(trial->cl, &trial->problems[index]);
  const quern_status waited = quern__cl_finish(trial->cl);
  *seconds = trial->pretend != NULL ? trial->pretend(&trial->cl->tuning)
                                    : (quern__seconds() - start) / (double)times;
  return status != QUERN_OK ? status : waited;
}

/* Sets how often a problem runs per round, by the time of the start. */
static quern_status calibrate(quern__tune_trial *trial, size_t index) {
  enum { MOST = 1 << 20 };
  size_t times = 1;
  double seconds;
  QUERN__FORWARD(run_tune_trial(trial, index, 1, &seconds));
  for (;;) {
    QUERN__FORWARD(run_tune_trial(trial, index, times, &seconds));
    if (seconds * (double)times >= trial->round_seconds / 2 || times >= MOST) break;
    times *= 2;
  }
  trial->repeats[index] = times;
  return QUERN_OK;
}

static quern_status time_round(quern__tune_trial *trial, size_t round) {
  for (size_t i = 0; i < trial->count; i++) {
    if (!trial->problems[i].problem.timed) continue;
    /* The order alternates too. */
    for (size_t turn = 0; turn < 2; turn++) {
      const int which = (round + turn) % 2 == 0 ? QUERN__TUNE_START : QUERN__TUNE_CANDIDATE;
      use(trial, which);
      QUERN__FORWARD(run_tune_trial(trial, i, trial->repeats[i],
                                    &trial->seconds[which][round * trial->count + i]));
    }
  }
  return QUERN_OK;
}

/* Geometric means over the timed problems: of the ratio, and of the candidate's rate. */
static void sum_up(const quern__tune_trial *trial, size_t round, double *ratio, double *gflops) {
  double ratios = 0, rates = 0;
  for (size_t i = 0; i < trial->count; i++) {
    if (!trial->problems[i].problem.timed) continue;
    const double candidate = trial->seconds[QUERN__TUNE_CANDIDATE][round * trial->count + i];
    ratios += log(trial->seconds[QUERN__TUNE_START][round * trial->count + i] / candidate);
    rates += log(1e-9 * quern__tune_problem_flops(&trial->problems[i]) / candidate);
  }
  *ratio = exp(ratios / (double)trial->timed);
  *gflops = exp(rates / (double)trial->timed);
}

quern_status quern__tune_trial_time(void *state, const quern__cl_tuning *row, size_t rounds,
                                    double *ratios, double *gflops) {
  quern__tune_trial *trial = state;
  choose(trial, row);
  use(trial, QUERN__TUNE_START);
  for (size_t i = 0; i < trial->count; i++)
    if (trial->problems[i].problem.timed && trial->repeats[i] == 0)
      QUERN__FORWARD(calibrate(trial, i));
  double *rates = calloc(rounds, sizeof *rates);
  if (rates == NULL) return quern__fail_memory("tune", rounds * sizeof *rates);
  quern_status status = QUERN_OK;
  size_t round = 0;
  do {
    QUERN__TRY(time_round(trial, round));
    sum_up(trial, round, &ratios[round], &rates[round]);
  } while (++round < rounds && !(ratios[0] < hopeless));
  for (size_t rest = round; rest < rounds; rest++) ratios[rest] = ratios[0];
  quern__tune_sort(rates, round);
  *gflops = quern__tune_quantile(rates, round, 0.5);

cleanup:
  free(rates);
  return status;
}
