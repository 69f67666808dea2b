/* Faults that the shim makes on demand, for tests that fail every call. Tests reach these functions
 * through dlsym (fault_walk.h); the shim calls them before and after it forwards a call. For one
 * thread at a time. */
#ifndef QUERN_TESTS_OPENCL_SHIM_FAULT_H
#define QUERN_TESTS_OPENCL_SHIM_FAULT_H

#include <CL/cl.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum quern_shim_fault_kind {
  QUERN_SHIM_FAIL,    /* the call does nothing and returns the error */
  QUERN_SHIM_LOSE,    /* so does every later call: the device is lost */
  QUERN_SHIM_CUT,     /* a query returns half of its bytes, and their number */
  QUERN_SHIM_CORRUPT, /* a query for a program's binary returns one with inverted bits */
  QUERN_SHIM_NO_BUILD /* a build fails with the log QUERN_SHIM_LOG */
} quern_shim_fault_kind;

/* An environment variable: the entry point whose nth call, from 1, never returns, as "clFinish" or
 * "clFinish:3". The shim then prints one line to stderr that begins with QUERN_SHIM_HANGS. */
#define QUERN_SHIM_HANG  "QUERN_SHIM_HANG"
#define QUERN_SHIM_HANGS "the shim hangs in "

#define QUERN_SHIM_LOG "hostile.cl:7:1: error: the shim builds nothing"

typedef struct quern_shim_fault {
  quern_shim_fault_kind kind;
  const char *entry; /* "clFinish"; NULL: calls of all entry points count */
  size_t nth;        /* which call, from 1; 0: none, calls are only counted */
  cl_int error;
} quern_shim_fault;

/* Counts calls from here on, and makes the fault. Releases and clFinish do their work even if they
 * return an error; otherwise objects would leak because of the shim, and memory would be written
 * that its owner considers free. */
void quern_shim_arm(const quern_shim_fault *fault);
void quern_shim_disarm(void);

/* Since quern_shim_arm: counted calls, how many of them were spoiled, and the entry point of the
 * first of these; NULL for none. */
size_t quern_shim_calls(void);
size_t quern_shim_spoiled(void);
const char *quern_shim_first_spoiled(void);

/* True if the message names an entry point that was spoiled. */
bool quern_shim_is_blamed(const char *message);

/* --- For the shim --- */

/* The error to return instead of forwarding, or CL_SUCCESS. Counts the call. */
cl_int quern_shim_fails(const char *entry);
/* True if the last counted query is to be cut; its binary corrupted; the log replaced. */
bool quern_shim_cuts(void);
bool quern_shim_corrupts(void);
bool quern_shim_has_log(void);

#endif
