/* Contexts and built programs that are used again: where a test makes hundreds of contexts, nearly
 * all of its time is the driver's compiler, which sees the same few programs each time. Reached
 * through dlsym. Only for one thread and one device at a time.
 *
 * Every call is still made, counted and failed where a test asks for it; what the driver would do a
 * second time is left out. */
#ifndef QUERN_TESTS_OPENCL_SHIM_KEEP_H
#define QUERN_TESTS_OPENCL_SHIM_KEEP_H

#include "opencl/api.h"

/* From now on, until it is false, when all that was kept is let go. No object of OpenCL may be
 * there at either time. */
void quern_shim_keep(bool keep);

/* --- For the shim --- */

/* The functions of the driver; clRetainProgram is none that quern calls. */
void quern_shim_keep_open(const quern__cl_functions *functions,
                          __typeof__(clRetainProgram) *retain);

/* The context that is kept, once more; NULL where none is. What was made is kept, where that is
 * asked for. */
cl_context quern_shim_kept_context(void);
void quern_shim_keep_context(cl_context context);

/* A program that was made from this source, or is freed. */
void quern_shim_keep_source(cl_program program, size_t count, const char **strings,
                            const size_t *lengths);
void quern_shim_forget(cl_program freed);

/* Whether a program of the same source was built with the same options before: it then stands in
 * for this one. Else, after this one is built, it is kept. */
bool quern_shim_is_built(cl_program program, const char *options);
void quern_shim_keep_built(cl_program program, const char *options);

/* What stands in for a program; itself where nothing does. */
cl_program quern_shim_stand_in(cl_program program);

#endif
