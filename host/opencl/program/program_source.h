/* The source of programs: which families share one, its text and options. */
#ifndef QUERN_HOST_OPENCL_PROGRAM_PROGRAM_SOURCE_H
#define QUERN_HOST_OPENCL_PROGRAM_PROGRAM_SOURCE_H

#include "../../base/text.h"
#include "../state.h"

/* The program that has a family's kernels. Programs are divided by use: what one training does not
 * launch is not built for it. More of them would repeat the functions that kernels share, and what
 * any program costs (docs/measurements.md). */
quern__program quern__cl_program_of(quern__family family);

/* "the evaluation kernels", … */
const char *quern__cl_program_name(quern__program program);

typedef struct quern__cl_source {
  char *text; /* owned, as are the options */
  size_t size;
  char *options;
} quern__cl_source;

/* The caller frees *source, whatever this returns. */
quern_status quern__cl_source_create(const quern__cl *cl, quern__program program,
                                     quern__cl_source *source);
void quern__cl_source_free(quern__cl_source *source);

/* Adds a kernel file to a program's text. Its lines start at 1, so that the build log names the
 * file and its lines. The macro needs kernels_embedded.h. */
void quern__cl_put_file(quern__text *text, const char *file, const unsigned char *bytes,
                        size_t size);
#define QUERN__CL_PUT_FILE(text, file)                                                             \
  quern__cl_put_file((text), #file, quern__kernels_##file, quern__kernels_##file##_size)

/* Sets source->options, for vectors of `vector_width` floats. */
quern_status quern__cl_source_options(const quern__cl *cl, unsigned vector_width,
                                      quern__cl_source *source);

/* Loads the program from the cache, or builds and caches it. `name` is its name in messages. The
 * caller releases *program. */
quern_status quern__cl_program_build(quern__cl *cl, const quern__cl_source *source,
                                     const char *name, cl_program *program);

#endif
