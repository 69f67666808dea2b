/* The judge of a search on an OpenCL device: two rows in one context, each with its own programs,
 * on the same problems. */
#ifndef QUERN_HOST_OPENCL_TUNER_TUNE_TRIAL_H
#define QUERN_HOST_OPENCL_TUNER_TUNE_TRIAL_H

#include "../state.h"
#include "tune_problem.h"
#include "tune_search.h"

/* A row and its programs, while the context has the other row. */
typedef struct quern__tune_variant {
  quern__cl_tuning tuning;
  cl_program programs[QUERN__PROGRAM_COUNT];
  cl_kernel kernels[QUERN__KERNEL_COUNT];
} quern__tune_variant;

enum { QUERN__TUNE_START, QUERN__TUNE_CANDIDATE };

typedef struct quern__tune_trial {
  quern__cl *cl; /* borrowed; in exclusive use */
  /* the tile for all products; QUERN__GROUP_SIZE_COUNT: chosen per product */
  quern__group_size size;
  double round_seconds;
  double (*pretend)(const quern__cl_tuning *row); /* see quern__tune_effort */
  int current;                                    /* the variant in the context */
  quern__tune_variant variants[2];                /* the current one's is stale */
  quern__tune_problem *problems;                  /* owned */
  /* problems, allocated, timed */
  size_t count, room, timed;
  /* runs of each problem per round; owned; 0: unknown */
  size_t *repeats;
  /* per run, [round · count + problem]; owned */
  double *seconds[2];
} quern__tune_trial;

/* Opens a trial of rows against `start`, for up to `room` problems. The caller closes it, even
 * after a failure. */
quern_status quern__tune_trial_open(quern__tune_trial *trial, quern__cl *cl,
                                    const quern__cl_tuning *start, quern__group_size size,
                                    size_t room, const quern__tune_effort *effort);
void quern__tune_trial_close(quern__tune_trial *trial);

/* Adds a problem. */
quern_status quern__tune_trial_add(quern__tune_trial *trial, quern__tune_case problem);

/* A judge's verify and time: see tune_search.h. */
quern_status quern__tune_trial_verify(void *trial, const quern__cl_tuning *row);
quern_status quern__tune_trial_time(void *trial, const quern__cl_tuning *row, size_t rounds,
                                    double *ratios, double *gflops);

#endif
