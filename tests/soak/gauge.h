/* The resources that a process uses. */
#ifndef QUERN_TESTS_SOAK_GAUGE_H
#define QUERN_TESTS_SOAK_GAUGE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct soak_sample {
  double resident;    /* bytes of memory that the system counts as the process's */
  double heap;        /* bytes that malloc has allocated and that are not freed, in all threads */
  double descriptors; /* open files */
  double threads;
  /* live OpenCL objects by the shim's count */
  double objects;
} soak_sample;

/* False if the system does not report them (no /proc), or if nothing counts OpenCL objects
 * (QUERN_TEST_SHIM is unset). */
bool soak_measure(soak_sample *sample);

#endif
