/* The judge of a search on an OpenCL device: two rows side by side in one context, each with its
 * own programs, over the same problems. */
#ifndef QUERN_HOST_OPENCL_TUNER_TUNE_TRIAL_H
#define QUERN_HOST_OPENCL_TUNER_TUNE_TRIAL_H

#include "../state.h"
#include "tune_problem.h"
#include "tune_search.h"

/* A row and what was built with it, while the other row is the context's. */
typedef struct quern__tune_variant {
  quern__cl_tuning tuning;
  cl_program programs[QUERN__FAMILY_COUNT];
  cl_kernel kernels[QUERN__KERNEL_COUNT];
} quern__tune_variant;

enum { QUERN__TUNE_START, QUERN__TUNE_CANDIDATE };

typedef struct quern__tune_trial {
  quern__cl *cl; /* borrowed; no one else uses it meanwhile */
  /* the tile that all products are to use, or QUERN__GROUP_SIZE_COUNT: which suits them */
  quern__group_size size;
  double round_seconds;
  double (*pretend)(const quern__cl_tuning *row); /* see quern__tune_effort */
  int current;                                    /* whose tuning and programs the context has */
  quern__tune_variant variants[2];                /* of the current one stale */
  quern__tune_problem *problems;                  /* owned */
  /* problems, room for them, those that are timed */
  size_t count, room, timed;
  /* of each problem in a round; owned; 0: not known yet */
  size_t *repeats;
  /* for one run, of [round · count + problem]; owned */
  double *seconds[2];
} quern__tune_trial;

/* A trial of other rows against `start`, with room for `room` problems. The caller closes it, also
 * where this fails. */
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
