/* Tuning: which parameters of the matrix products are fastest on one device.
 *
 * The search starts from the defaults, which every device has. A candidate is built, its results
 * are compared with the reference's, and only one that is right is timed, in turns with the
 * defaults. One that wins by more than the noise takes their place. The result is a text file in
 * the user's cache folder, for this device, driver and version of quern, which quern_context_create
 * reads from then on. A file that is stale or damaged is ignored: quern_context_note says so. */
#ifndef QUERN_TUNE_H
#define QUERN_TUNE_H

#include <quern/context.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum quern_tune_verdict {
  QUERN_TUNE_SLOWER, /* right, and not faster than the best so far */
  QUERN_TUNE_FASTER, /* right, and the fastest so far */
  QUERN_TUNE_WRONG,  /* its results differ from the reference's: it is not timed */
  QUERN_TUNE_FAILED, /* it did not build or run: it is not timed */
  QUERN_TUNE_KEPT,   /* the end of a part: what it started from stays */
  QUERN_TUNE_CHOSEN  /* the end of a part: the candidate takes its place */
} quern_tune_verdict;

/* "slower", "faster", "wrong", "failed", "kept", "chosen". Static. */
QUERN_API const char *quern_tune_verdict_name(quern_tune_verdict verdict);

/* One candidate, judged. Strings are valid during the call. */
typedef struct quern_tune_event {
  const char *part;       /* what is searched: "forward", … */
  const char *parameters; /* of the candidate: "rows 8, vectors 2, panel 256" */
  size_t tried, most;     /* candidates of this part so far, and how many there may be */
  quern_tune_verdict verdict;
  /* how many times faster than the start of this part, over all its shapes; 0 where not timed */
  double ratio;
  double gflops;   /* geometric mean over the shapes; 0 where not timed */
  const char *why; /* of a candidate that is wrong or failed, or "" */
} quern_tune_event;

typedef void (*quern_tune_fn)(const quern_tune_event *event, void *user);

/* Start from quern_tune_options_default(). */
typedef struct quern_tune_options {
  size_t size; /* sizeof(quern_tune_options), so that the struct can grow */
  bool quick;  /* fewer candidates, shorter timing */
  quern_tune_fn on_event;
  void *user;
} quern_tune_options;

static inline quern_tune_options quern_tune_options_default(void) {
  quern_tune_options options;
  options.size = sizeof options;
  options.quick = false;
  options.on_event = NULL;
  options.user = NULL;
  return options;
}

/* What became of one part of the search. */
typedef struct quern_tune_part {
  const char *name;
  const char *before, *after; /* parameters, in words */
  bool changed;
  double ratio;                /* how many times faster; 1 where nothing changed */
  size_t tried, wrong, failed; /* candidates, and those of them that were not timed */
} quern_tune_part;

/* One product of one shape, with the defaults and with what was found. */
typedef struct quern_tune_product {
  const char *name; /* "forward", "backward data", "backward weights" */
  size_t samples, inputs, outputs;
  double default_gflops, tuned_gflops; /* medians */
  double ratio;                        /* the median of tuned over default, taken in turns */
} quern_tune_product;

typedef struct quern_tune_report quern_tune_report;

/* Tunes the device, whose list stays until the call returns; options NULL stands for
 * quern_tune_options_default(). Takes minutes, or a good part of one when quick. What was found
 * earlier is not looked at, and is replaced. The caller owns *report. QUERN_ERROR_UNSUPPORTED for a
 * device without parameters, which the reference is; QUERN_ERROR_FILE where the cache folder cannot
 * be written or QUERN_CACHE=off forbids it: this is found out first. */
QUERN_API quern_status quern_tune(const quern_device *device, const quern_tune_options *options,
                                  quern_tune_report **report);
QUERN_API void quern_tune_report_free(quern_tune_report *report);

/* Owned by the report. Products are there only where something changed. */
QUERN_API const quern_tune_part *quern_tune_report_parts(const quern_tune_report *report,
                                                         size_t *count);
QUERN_API const quern_tune_product *quern_tune_report_products(const quern_tune_report *report,
                                                               size_t *count);

/* The file that was written; "" where the defaults are the fastest found, which need none. */
QUERN_API const char *quern_tune_report_file(const quern_tune_report *report);

/* Deletes what tuning has written for this device, also for other drivers and versions of quern.
 * *removed, where not NULL, gets how many files that were. */
QUERN_API quern_status quern_tune_reset(const quern_device *device, size_t *removed);

/* The tuning file whose parameters the context has, or "" for the defaults. Owned by the
 * context. */
QUERN_API const char *quern_context_tuning(const quern_context *context);

/* One plain line on what was left aside when the context was created, such as a stale tuning file,
 * and on what is known to be wrong with the device and what is done about it, or "". Owned by the
 * context. */
QUERN_API const char *quern_context_note(const quern_context *context);

#ifdef __cplusplus
}
#endif
#endif
