/* What programs are made from: which families share one, its text, and its options. */
#ifndef QUERN_HOST_OPENCL_PROGRAM_PROGRAM_SOURCE_H
#define QUERN_HOST_OPENCL_PROGRAM_PROGRAM_SOURCE_H

#include "../state.h"

/* The family under whose number a family's program is kept. The tiles of dense_group have a program
 * each, since a device needs few of them and each takes long to compile. All other families share
 * one: most of the time of a small program goes into what an implementation does for any, such as
 * reading its own header (docs/measurements.md). */
quern__family quern__cl_program_of(quern__family family);

/* "dense_group_large", …; for the program that families share, "the kernels". */
const char *quern__cl_program_name(quern__family program);

typedef struct quern__cl_source {
  char *text; /* owned, as are the options */
  size_t size;
  char *options;
} quern__cl_source;

/* The caller frees *source, whatever this returns. */
quern_status quern__cl_source_create(const quern__cl *cl, quern__family program,
                                     quern__cl_source *source);
void quern__cl_source_free(quern__cl_source *source);

#endif
