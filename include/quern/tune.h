/* Tuning: finds the fastest parameters of the matrix products for one device.
 *
 * The search starts from the defaults, which every device has. Each candidate is built, and its
 * results are compared with the reference's. Only correct candidates are timed, alternating with
 * the defaults. A candidate that is faster by more than the noise replaces them. The result is a
 * text file in the user's cache folder, for this device, driver and version of quern, which
 * quern_context_create reads from then on. A stale or damaged file is ignored and reported by
 * quern_context_note. */
#ifndef QUERN_TUNE_H
#define QUERN_TUNE_H

#include <quern/device.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum quern_tune_verdict {
  QUERN_TUNE_SLOWER, /* correct, but not faster than the best so far */
  QUERN_TUNE_FASTER, /* correct, and the fastest so far */
  QUERN_TUNE_WRONG,  /* results differ from the reference's: not timed */
  QUERN_TUNE_FAILED, /* did not build or run: not timed */
  QUERN_TUNE_KEPT,   /* end of a part: its starting parameters stay */
  QUERN_TUNE_CHOSEN  /* end of a part: the candidate replaces them */
} quern_tune_verdict;

/* Returns "slower", "faster", "wrong", "failed", "kept" or "chosen". Static. */
QUERN_API const char *quern_tune_verdict_name(quern_tune_verdict verdict);

/* The result of one candidate. Strings are valid during the call. */
typedef struct quern_tune_event {
  const char *part;       /* what is searched: "forward", … */
  const char *parameters; /* of the candidate: "rows 8, vectors 2, panel 256" */
  size_t tried, most;     /* candidates of this part so far, and the maximum */
  quern_tune_verdict verdict;
  /* speedup over the start of this part, over all its shapes; 0 if not timed */
  double ratio;
  double gflops;   /* geometric mean over the shapes; 0 if not timed */
  const char *why; /* reason if the candidate is wrong or failed, else "" */
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

/* The result of one part of the search. */
typedef struct quern_tune_part {
  const char *name;
  const char *before, *after; /* parameters, in words */
  bool changed;
  double ratio;                /* speedup; 1 if nothing changed */
  size_t tried, wrong, failed; /* candidates, and those that were not timed */
} quern_tune_part;

/* One product of one shape, with the defaults and with the tuned parameters. */
typedef struct quern_tune_product {
  const char *name; /* "forward", "backward data", "backward weights" */
  size_t samples, inputs, outputs;
  double default_gflops, tuned_gflops; /* medians */
  double ratio;                        /* median of tuned over default, measured alternately */
} quern_tune_product;

typedef struct quern_tune_report quern_tune_report;

/* Tunes the device. Its list must stay alive until the call returns. options NULL means
 * quern_tune_options_default(). Takes minutes, or most of a minute if quick. Ignores and replaces
 * earlier results. The caller owns *report. QUERN_ERROR_UNSUPPORTED: a device without parameters,
 * such as the reference. QUERN_ERROR_FILE: the cache folder is not writable, or QUERN_CACHE=off
 * forbids it; checked first. */
QUERN_API quern_status quern_tune(const quern_device *device, const quern_tune_options *options,
                                  quern_tune_report **report);

/* Frees a report with its parts, products and strings. NULL is accepted. */
QUERN_API void quern_tune_report_free(quern_tune_report *report);

/* Return the parts and the products. Owned by the report. There are products only if something
 * changed. */
QUERN_API const quern_tune_part *quern_tune_report_parts(const quern_tune_report *report,
                                                         size_t *count);
QUERN_API const quern_tune_product *quern_tune_report_products(const quern_tune_report *report,
                                                               size_t *count);

/* Returns the file that was written; "" if the defaults are the fastest, which need no file. */
QUERN_API const char *quern_tune_report_file(const quern_tune_report *report);

/* Deletes all tuning files of this device, including those for other drivers and versions of quern.
 * *removed, if not NULL, gets the number of files. */
QUERN_API quern_status quern_tune_reset(const quern_device *device, size_t *removed);

#ifdef __cplusplus
}
#endif
#endif
