/* Reuses contexts and built programs. Tests that create hundreds of contexts would otherwise spend
 * their time in the driver's compiler, on the same few programs. Reached through dlsym. For one
 * thread and one device at a time.
 *
 * Every call is still made, counted and failed on request; only the driver's repeated work is left
 * out. */
#ifndef QUERN_TESTS_OPENCL_SHIM_KEEP_H
#define QUERN_TESTS_OPENCL_SHIM_KEEP_H

#include "opencl/api.h"

/* Turns keeping on, or off, which frees everything kept. No OpenCL object may be alive at either
 * time. */
void quern_shim_keep(bool keep);

/* --- For the shim --- */

/* The driver's functions; quern does not call clRetainProgram. */
void quern_shim_keep_open(const quern__cl_functions *functions,
                          __typeof__(clRetainProgram) *retain);

/* The kept context, retained; NULL if there is none. A new context is kept if keeping is on. */
cl_context quern_shim_kept_context(void);
void quern_shim_keep_context(cl_context context);

/* A program was created from this source, or is freed. */
void quern_shim_keep_source(cl_program program, size_t count, const char **strings,
                            const size_t *lengths);
void quern_shim_forget(cl_program freed);

/* True if a program with the same source and options was built before, which then replaces this
 * one. Otherwise this one is kept after its build. */
bool quern_shim_is_built(cl_program program, const char *options);
void quern_shim_keep_built(cl_program program, const char *options);

/* The program that replaces this one, or itself. */
cl_program quern_shim_stand_in(cl_program program);

#endif
