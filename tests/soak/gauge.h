/* What a process holds of the system's. */
#ifndef QUERN_TESTS_SOAK_GAUGE_H
#define QUERN_TESTS_SOAK_GAUGE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct soak_sample {
  double resident;    /* bytes of memory that the system counts as the process's */
  double heap;        /* bytes that malloc has given out and not got back, in every thread */
  double descriptors; /* open files */
  double threads;
  /* OpenCL objects that live by the count of the library between quern and the loader */
  double objects;
} soak_sample;

/* False where the system does not say (no /proc), or where nothing counts OpenCL objects
 * (QUERN_TEST_SHIM is unset). */
bool soak_measure(soak_sample *sample);

#endif
