/* The search: tries the neighbors of the best row so far, which differ by one step of one or two
 * fields, until none is better or the limit is reached. The best is timed again, for longer, and
 * replaces the start only if it is clearly faster. */
#include "tune_search.h"

#include <stdlib.h>
#include <string.h>

/* The search moves to a candidate that beats the best so far by `better`. The winner must beat the
 * start by `win` in the median, and by `sure` in three quarters of the rounds. */
static const double better = 1.01, win = 1.03, sure = 1.01;

typedef struct search {
  quern__tuning_part part;
  quern__cl_limits limits;
  const quern__tune_effort *effort;
  const quern__tune_judge *judge;
  const quern_tune_options *options;
  quern__tune_outcome *outcome;
  quern__cl_tuning *seen; /* rows tried, and the start; owned */
  size_t seen_count;
  quern__cl_tuning best;
  double best_ratio; /* to the start */
  double *ratios;    /* room for the rounds; owned */
} search;

static int by_value(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

void quern__tune_sort(double *values, size_t count) {
  qsort(values, count, sizeof *values, by_value);
}

double quern__tune_quantile(const double *sorted, size_t count, double share) {
  const double place = share * (double)(count - 1);
  const size_t below = (size_t)place, above = below + 1 < count ? below + 1 : below;
  return sorted[below] + (place - (double)below) * (sorted[above] - sorted[below]);
}

bool quern__tune_wins(double *ratios, size_t rounds, double *median) {
  quern__tune_sort(ratios, rounds);
  *median = quern__tune_quantile(ratios, rounds, 0.5);
  return *median >= win && quern__tune_quantile(ratios, rounds, 0.25) >= sure;
}

static quern_status report_event(const search *s, const quern__cl_tuning *row,
                                 quern_tune_verdict verdict, double ratio, double gflops) {
  if (s->options->on_event == NULL) return QUERN_OK;
  char *parameters = quern__tuning_describe(row, s->part);
  if (parameters == NULL) return quern__fail_memory("tune", sizeof *row);
  const bool refused = verdict == QUERN_TUNE_WRONG || verdict == QUERN_TUNE_FAILED;
  const quern_tune_event event = {.part = quern__tuning_part_infos[s->part].name,
                                  .parameters = parameters,
                                  .tried = s->outcome->tried,
                                  .most = s->effort->most,
                                  .verdict = verdict,
                                  .ratio = ratio,
                                  .gflops = gflops,
                                  .why = refused ? quern_last_error() : ""};
  s->options->on_event(&event, s->options->user);
  free(parameters);
  return QUERN_OK;
}

/* True if the failure is the candidate's. */
static bool condemns(quern_status status) {
  return status != QUERN_OK && status != QUERN_ERROR_OUT_OF_MEMORY &&
         status != QUERN_ERROR_DEVICE_LOST;
}

static quern_status condemn(search *s, const quern__cl_tuning *row, quern_status status) {
  const bool wrong = status == QUERN_ERROR_DATA;
  if (wrong)
    s->outcome->wrong++;
  else
    s->outcome->failed++;
  return report_event(s, row, wrong ? QUERN_TUNE_WRONG : QUERN_TUNE_FAILED, 0, 0);
}

/* Verifies the row and times it if it is right. *moved: it is now the best. */
static quern_status try_row(search *s, const quern__cl_tuning *row, bool *moved) {
  double gflops = 0, ratio;
  s->seen[s->seen_count++] = *row;
  s->outcome->tried++;
  quern_status status = s->judge->verify(s->judge->state, row);
  if (condemns(status)) return condemn(s, row, status);
  QUERN__FORWARD(status);
  const size_t rounds = s->effort->screen_rounds;
  status = s->judge->time(s->judge->state, row, rounds, s->ratios, &gflops);
  if (condemns(status)) return condemn(s, row, status);
  QUERN__FORWARD(status);
  quern__tune_sort(s->ratios, rounds);
  ratio = quern__tune_quantile(s->ratios, rounds, 0.5);
  *moved = ratio > s->best_ratio * better;
  if (*moved) {
    s->best = *row;
    s->best_ratio = ratio;
  }
  return report_event(s, row, *moved ? QUERN_TUNE_FASTER : QUERN_TUNE_SLOWER, ratio, gflops);
}

static bool was_seen(const search *s, const quern__cl_tuning *row) {
  for (size_t i = 0; i < s->seen_count; i++)
    if (quern__tuning_same(&s->seen[i], row, s->part)) return true;
  return false;
}

/* Moves the field to the next value up or down its list; false at the end. */
static bool step(quern__cl_tuning *row, const quern__tuning_field *field, bool up) {
  unsigned *value = quern__tuning_value(row, field);
  for (size_t i = 0; i < field->value_count; i++) {
    const unsigned next = field->values[up ? i : field->value_count - 1 - i];
    if (up ? next > *value : next < *value) {
      *value = next;
      return true;
    }
  }
  return false;
}

/* Tries the row if it is new and the device can run it. If not, that is not an error. */
static quern_status consider(search *s, const quern__cl_tuning *row, bool *moved) {
  *moved = false;
  if (was_seen(s, row) || quern__tuning_check(row, s->limits) != QUERN_OK) return QUERN_OK;
  return try_row(s, row, moved);
}

/* Tries one step of one field (`second` is NULL) or of two, each up and down. */
static quern_status try_steps(search *s, const quern__tuning_field *first,
                              const quern__tuning_field *second, bool *moved) {
  for (unsigned direction = 0; direction < (second != NULL ? 4u : 2u); direction++) {
    quern__cl_tuning row = s->best;
    if (s->outcome->tried == s->effort->most || !step(&row, first, (direction & 1) == 0)) continue;
    if (second != NULL && !step(&row, second, (direction & 2) != 0)) continue;
    QUERN__FORWARD(consider(s, &row, moved));
    if (*moved) return QUERN_OK;
  }
  return QUERN_OK;
}

static quern_status try_neighbors(search *s, bool *moved) {
  const quern__tuning_field *fields = quern__tuning_fields;
  *moved = false;
  for (size_t i = 0; !*moved && i < quern__tuning_field_count; i++)
    if (quern__tuning_searches(&s->best, s->part, &fields[i]))
      QUERN__FORWARD(try_steps(s, &fields[i], NULL, moved));
  for (size_t i = 0; !*moved && i < quern__tuning_field_count; i++)
    for (size_t j = i + 1; !*moved && j < quern__tuning_field_count; j++)
      if (quern__tuning_searches(&s->best, s->part, &fields[i]) &&
          quern__tuning_searches(&s->best, s->part, &fields[j]))
        QUERN__FORWARD(try_steps(s, &fields[i], &fields[j], moved));
  return QUERN_OK;
}

/* Times the best against the start again: among many candidates, one looks fast by chance. */
static quern_status confirm(search *s, const quern__cl_tuning *start) {
  double gflops = 0, ratio = 1;
  bool wins = false;
  if (!quern__tuning_same(&s->best, start, s->part)) {
    /* Builds it again, since others were built meanwhile. */
    QUERN__FORWARD(s->judge->verify(s->judge->state, &s->best));
    QUERN__FORWARD(
        s->judge->time(s->judge->state, &s->best, s->effort->confirm_rounds, s->ratios, &gflops));
    wins = quern__tune_wins(s->ratios, s->effort->confirm_rounds, &ratio);
  }
  s->outcome->changed = wins;
  s->outcome->ratio = wins ? ratio : 1;
  s->outcome->best = wins ? s->best : *start;
  return report_event(s, &s->outcome->best, wins ? QUERN_TUNE_CHOSEN : QUERN_TUNE_KEPT,
                      s->outcome->ratio, wins ? gflops : 0);
}

quern_status quern__tune_search(quern__tuning_part part, const quern__cl_tuning *start,
                                quern__cl_limits limits, const quern__tune_effort *effort,
                                const quern__tune_judge *judge, const quern_tune_options *options,
                                quern__tune_outcome *outcome) {
  *outcome = (quern__tune_outcome){.best = *start, .ratio = 1};
  search s = {.part = part,
              .limits = limits,
              .effort = effort,
              .judge = judge,
              .options = options,
              .outcome = outcome,
              .best = *start,
              .best_ratio = 1};
  const size_t rounds = effort->screen_rounds > effort->confirm_rounds ? effort->screen_rounds
                                                                       : effort->confirm_rounds;
  quern_status status = QUERN_OK;
  s.seen = calloc(effort->most + 1, sizeof *s.seen);
  s.ratios = calloc(rounds, sizeof *s.ratios);
  if (s.seen == NULL || s.ratios == NULL) {
    status = quern__fail_memory("tune", effort->most * sizeof *s.seen);
    goto cleanup;
  }
  s.seen[s.seen_count++] = *start;
  status = judge->verify(judge->state, start);
  if (condemns(status))
    status = quern__fail(status, "tune: the defaults of %s are unusable: %s",
                         quern__tuning_part_infos[part].name, quern_last_error());
  if (status != QUERN_OK) goto cleanup;
  for (bool moved = true; moved;) QUERN__TRY(try_neighbors(&s, &moved));
  status = confirm(&s, start);

cleanup:
  free(s.seen);
  free(s.ratios);
  return status;
}
