/* Faults that the library standing in for the OpenCL loader makes on demand, for the tests that
 * walk every call. Tests reach the functions through dlsym (fault_walk.h); the shim asks before and
 * after it forwards a call. Only for one thread at a time. */
#ifndef QUERN_TESTS_OPENCL_SHIM_FAULT_H
#define QUERN_TESTS_OPENCL_SHIM_FAULT_H

#include <CL/cl.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum quern_shim_fault_kind {
  QUERN_SHIM_FAIL,    /* the call does nothing and returns the error */
  QUERN_SHIM_LOSE,    /* so does every later call: the device is gone */
  QUERN_SHIM_CUT,     /* a query answers half of its bytes, and says so */
  QUERN_SHIM_CORRUPT, /* a query for a program's binary gets one with each bit turned */
  QUERN_SHIM_NO_BUILD /* a build fails with the log QUERN_SHIM_LOG */
} quern_shim_fault_kind;

/* What a process finds in its environment: the entry point whose nth call, from 1, never returns,
 * as "clFinish" or "clFinish:3". The shim says so on stderr, in one line that begins with
 * QUERN_SHIM_HANGS. */
#define QUERN_SHIM_HANG  "QUERN_SHIM_HANG"
#define QUERN_SHIM_HANGS "the shim hangs in "

#define QUERN_SHIM_LOG "hostile.cl:7:1: error: the shim builds nothing"

typedef struct quern_shim_fault {
  quern_shim_fault_kind kind;
  const char *entry; /* "clFinish"; NULL: calls of all entry points count */
  size_t nth;        /* which call, from 1; 0: none, calls are only counted */
  cl_int error;
} quern_shim_fault;

/* Counts calls from here on and makes the fault. A release and clFinish do their work also where
 * they return an error, as otherwise the objects would leak by the shim's own doing, and memory be
 * written that its owner was told is free. */
void quern_shim_arm(const quern_shim_fault *fault);
void quern_shim_disarm(void);

/* Since quern_shim_arm: calls that count, how many of them were spoiled, and the entry point of the
 * first of these; NULL for none. */
size_t quern_shim_calls(void);
size_t quern_shim_spoiled(void);
const char *quern_shim_first_spoiled(void);

/* Whether the message names an entry point that was spoiled. */
bool quern_shim_is_blamed(const char *message);

/* --- For the shim --- */

/* The error to return instead of forwarding; CL_SUCCESS to go on. Counts the call. */
cl_int quern_shim_fails(const char *entry);
/* Whether the query counted last is to be cut; a binary to be corrupted; a log to be the shim's. */
bool quern_shim_cuts(void);
bool quern_shim_corrupts(void);
bool quern_shim_has_log(void);

#endif
