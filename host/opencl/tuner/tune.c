/* Tunes an OpenCL device: the products and shapes that are timed, the search of each part, and the
 * resulting file. */
#include "tune.h"

#include "../../device/tune_report.h"
#include "../../device/tuner.h"
#include "../../verify/others.h"
#include "../tuning_file.h"
#include "tune_trial.h"

#include <stdlib.h>
#include <string.h>

static const quern__tune_effort full_effort = {
    .most = 40, .screen_rounds = 7, .confirm_rounds = 25, .round_seconds = 8e-3};
static const quern__tune_effort quick_effort = {
    .most = 8, .screen_rounds = 3, .confirm_rounds = 15, .round_seconds = 2e-3, .small_only = true};

/* Real layers: samples, inputs, outputs. */
static const struct {
  size_t n, in, out;
  bool large;
} layers[] = {{32, 784, 128, false}, {128, 784, 512, false}, {256, 1024, 1024, true}};
enum { LAYERS = sizeof layers / sizeof *layers };

/* Shapes that reach every edge of a tile and of a panel: rows, columns, and the length of the
 * sums. */
static const struct {
  size_t rows, columns, length;
  quern__tune_mode mode;
} edges[] = {{1, 1, 1, QUERN__TUNE_TRAIN},
             {13, 97, 70, QUERN__TUNE_OTHER},
             {37, 211, 1100, QUERN__TUNE_PLAIN}};
enum {
  EDGES = sizeof edges / sizeof *edges,
  FORMS = QUERN__FORM_ALL,
  MOST_PROBLEMS = FORMS * (LAYERS + EDGES)
};

typedef struct tuner {
  const quern_device_info *info;
  const quern_tune_options *options;
  const quern__tune_effort *effort;
  quern_tune_report *report;
  quern__cl *cl;
  quern__cl_limits limits;
  quern__cl_tuning defaults, row; /* the start, and the best so far */
} tuner;

static bool has_form(quern__form forms, quern__form form) {
  return forms == QUERN__FORM_ALL || forms == form;
}

/* The product of this form with a result of rows x columns. */
static quern__tune_case case_of(quern__form form, size_t rows, size_t columns, size_t length) {
  switch (form) {
  case QUERN__FORM_BACKWARD_DATA:
    return (quern__tune_case){.form = form, .n = rows, .in = columns, .out = length};
  case QUERN__FORM_BACKWARD_WEIGHTS:
    return (quern__tune_case){.form = form, .n = length, .in = rows, .out = columns};
  case QUERN__FORM_FORWARD:
  case QUERN__FORM_ALL:
    break;
  }
  return (quern__tune_case){.form = QUERN__FORM_FORWARD, .n = rows, .in = length, .out = columns};
}

static quern_status add_edges(quern__tune_trial *trial, quern__form form) {
  for (size_t i = 0; i < EDGES; i++) {
    quern__tune_case self = case_of(form, edges[i].rows, edges[i].columns, edges[i].length);
    self.mode = edges[i].mode;
    QUERN__FORWARD(quern__tune_trial_add(trial, self));
  }
  return QUERN_OK;
}

static quern_status add_layers(const tuner *t, quern__tune_trial *trial, quern__form form) {
  for (size_t i = 0; i < LAYERS; i++) {
    if (layers[i].large && t->effort->small_only) continue;
    QUERN__FORWARD(quern__tune_trial_add(trial, (quern__tune_case){.form = form,
                                                                   .mode = QUERN__TUNE_TRAIN,
                                                                   .n = layers[i].n,
                                                                   .in = layers[i].in,
                                                                   .out = layers[i].out,
                                                                   .timed = true}));
  }
  return QUERN_OK;
}

/* Adds a result just large enough for each compute unit to have one tile of the part's start. */
static quern_status add_tiles(const tuner *t, quern__tune_trial *trial, quern__form form,
                              const quern__cl_group_tile *tile) {
  enum { LENGTH = 512 };
  size_t side = 1;
  while (side * side < t->cl->compute_units) side++;
  quern__tune_case self = case_of(form, side * tile->rows, side * tile->columns, LENGTH);
  self.timed = true;
  return quern__tune_trial_add(trial, self);
}

static quern_status add_problems(const tuner *t, quern__tune_trial *trial, quern__form forms) {
  for (quern__form form = QUERN__FORM_FORWARD; form < QUERN__FORM_ALL; form++) {
    if (!has_form(forms, form)) continue;
    QUERN__FORWARD(add_edges(trial, form));
    if (trial->size == QUERN__GROUP_SIZE_COUNT)
      QUERN__FORWARD(add_layers(t, trial, form));
    else
      QUERN__FORWARD(add_tiles(t, trial, form, &t->row.groups[trial->size]));
  }
  return QUERN_OK;
}

/* All kernels depend on the width, so the other ops are verified too. */
static quern_status verify_width(void *state, const quern__cl_tuning *row) {
  quern__tune_trial *trial = state;
  QUERN__FORWARD(quern__tune_trial_verify(trial, row));
  return quern__verify_others(&quern__opencl_backend, trial->cl);
}

static quern_status add_part(tuner *t, quern__tuning_part part,
                             const quern__tune_outcome *outcome) {
  const quern_tune_part row = {.name = quern__tuning_part_infos[part].name,
                               .before = quern__tuning_describe(&t->row, part),
                               .after = quern__tuning_describe(&outcome->best, part),
                               .changed = outcome->changed,
                               .ratio = outcome->ratio,
                               .tried = outcome->tried,
                               .wrong = outcome->wrong,
                               .failed = outcome->failed};
  if (row.before != NULL && row.after != NULL) return quern__tune_report_part(t->report, &row);
  free((char *)row.before);
  free((char *)row.after);
  return quern__fail_memory("tuning report", sizeof row);
}

static quern_status search_part(tuner *t, quern__tuning_part part) {
  const quern__tuning_part_info *info = &quern__tuning_part_infos[part];
  quern__tune_trial trial;
  quern__tune_outcome outcome;
  const quern__tune_judge judge = {part == QUERN__PART_vector_width ? verify_width
                                                                    : quern__tune_trial_verify,
                                   quern__tune_trial_time, &trial};
  quern_status status;
  QUERN__TRY(quern__tune_trial_open(&trial, t->cl, &t->row, info->size, MOST_PROBLEMS, t->effort));
  QUERN__TRY(add_problems(t, &trial, info->form));
  QUERN__TRY(quern__tune_search(part, &t->row, t->limits, t->effort, &judge, t->options, &outcome));
  QUERN__TRY(add_part(t, part, &outcome));
  t->row = outcome.best;

cleanup:
  quern__tune_trial_close(&trial);
  return status;
}

/* --- The whole row
 * -------------------------------------------------------------------------------------- */

static quern_status add_product(tuner *t, quern__tune_trial *trial, size_t index, size_t rounds,
                                double *scratch) {
  const quern__tune_problem *problem = &trial->problems[index];
  const double *start = trial->seconds[QUERN__TUNE_START] + index;
  const double *candidate = trial->seconds[QUERN__TUNE_CANDIDATE] + index;
  const double gflop = 1e-9 * quern__tune_problem_flops(problem);
  double medians[3];
  for (int what = 0; what < 3; what++) {
    for (size_t r = 0; r < rounds; r++) {
      const double a = start[r * trial->count], b = candidate[r * trial->count];
      scratch[r] = what == 0 ? gflop / a : what == 1 ? gflop / b : a / b;
    }
    quern__tune_sort(scratch, rounds);
    medians[what] = quern__tune_quantile(scratch, rounds, 0.5);
  }
  const quern_tune_product product = {.name = quern__tune_form_name(problem->problem.form),
                                      .samples = problem->problem.n,
                                      .inputs = problem->problem.in,
                                      .outputs = problem->problem.out,
                                      .default_gflops = medians[0],
                                      .tuned_gflops = medians[1],
                                      .ratio = medians[2]};
  return quern__tune_report_product(t->report, &product);
}

/* Verifies the row as it will be used, and times it against the defaults. *good: it is faster
 * overall. */
static quern_status try_whole(tuner *t, bool *good) {
  const size_t rounds = t->effort->confirm_rounds;
  double *ratios = calloc(rounds, sizeof *ratios);
  double gflops;
  quern__tune_trial trial;
  quern_status status = QUERN_OK;
  QUERN__TRY(quern__tune_trial_open(&trial, t->cl, &t->defaults, QUERN__GROUP_SIZE_COUNT,
                                    MOST_PROBLEMS, t->effort));
  if (ratios == NULL) {
    status = quern__fail_memory("tune", rounds * sizeof *ratios);
    goto cleanup;
  }
  QUERN__TRY(add_problems(t, &trial, QUERN__FORM_ALL));
  QUERN__TRY(quern__tune_trial_verify(&trial, &t->defaults));
  QUERN__TRY(verify_width(&trial, &t->row));
  QUERN__TRY(quern__tune_trial_time(&trial, &t->row, rounds, ratios, &gflops));
  for (size_t i = 0; i < trial.count; i++)
    if (trial.problems[i].problem.timed) QUERN__TRY(add_product(t, &trial, i, rounds, ratios));
  double product = 1;
  for (size_t i = 0; i < t->report->product_count; i++) product *= t->report->products[i].ratio;
  *good = product > 1;

cleanup:
  quern__tune_trial_close(&trial);
  free(ratios);
  return status;
}

/* Writes the row if it beat the defaults. Else deletes an earlier file, which would be slower. */
static quern_status keep(tuner *t, const char *path, bool good) {
  size_t removed;
  if (!good) return quern__tuning_remove(t->info, &removed);
  QUERN__FORWARD(quern__tuning_write(path, t->info, &t->row));
  t->report->file = strdup(path);
  return t->report->file != NULL ? QUERN_OK : quern__fail_memory("tuning report", strlen(path));
}

static quern_status find_path(const quern_device_info *info, char **path) {
  QUERN__FORWARD(quern__tuning_path(info, path));
  if (*path != NULL) return QUERN_OK;
  return quern__fail(QUERN_ERROR_FILE,
                     "tune: there is no cache folder for the result: QUERN_CACHE is off, or none "
                     "of QUERN_CACHE_DIR, XDG_CACHE_HOME and HOME is set");
}

quern_status quern__cl_tune_from(const quern_device_info *info, void *handle,
                                 const quern_tune_options *options,
                                 const quern__tune_effort *effort, const quern__cl_tuning *start,
                                 quern_tune_report *report) {
  tuner t = {.info = info,
             .options = options,
             .report = report,
             .effort = effort != NULL   ? effort
                       : options->quick ? &quick_effort
                                        : &full_effort};
  char *path = NULL;
  bool good = false;
  quern_status status;
  QUERN__TRY(find_path(info, &path));
  QUERN__TRY(quern__cl_open_untuned(info, handle, &t.cl));
  t.limits = t.cl->limits;
  t.defaults = start != NULL ? *start : t.cl->tuning;
  t.row = t.defaults;
  QUERN__TRY(quern__tuning_check(&t.defaults, t.limits));
  for (quern__tuning_part part = 0; part < QUERN__PART_COUNT; part++)
    if (quern__tuning_has_part(&t.row, part)) QUERN__TRY(search_part(&t, part));
  bool changed = false;
  for (size_t i = 0; i < report->part_count; i++) changed = changed || report->parts[i].changed;
  if (changed) QUERN__TRY(try_whole(&t, &good));
  status = keep(&t, path, good);

cleanup:
  if (t.cl != NULL) quern__cl_close(t.cl);
  free(path);
  return status;
}

static quern_status tune(const quern_device_info *info, void *handle,
                         const quern_tune_options *options, quern_tune_report *report) {
  if (info->kind == QUERN_DEVICE_EMULATOR)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "tune: %s is an emulator, for checking and not for speed", info->name);
  return quern__cl_tune_from(info, handle, options, NULL, NULL, report);
}

static const char *tuning_file(const void *state) {
  const quern__cl *cl = state;
  return cl->tuning_file != NULL ? cl->tuning_file : "";
}

static const char *note(const void *state) {
  const quern__cl *cl = state;
  return cl->note != NULL ? cl->note : "";
}

const quern__tuner quern__opencl_tuner = {tune, quern__tuning_remove, tuning_file, note};
