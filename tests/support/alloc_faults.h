/* Makes allocations of quern's own code fail. The program's calls of malloc and related functions
 * are led here by the linker (--wrap), and those of cJSON, which works for quern, by its hooks.
 * Allocations of drivers and of the C library are not affected. */
#ifndef QUERN_TESTS_ALLOC_FAULTS_H
#define QUERN_TESTS_ALLOC_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counts allocations from here on. Number `at` fails, or none if it is 0, and with `on` all that
 * follow. */
void alloc_faults_start(size_t position, bool on);

/* The number since then. Counting and faults end. */
size_t alloc_faults_stop(void);

/* All allocations that are not freed. */
long alloc_faults_live(void);

/* From here on the hash of the call stack of allocation n is written to places[n - 1] while n <=
 * room. */
void alloc_faults_record(uint64_t *places, size_t room);

/* True if a walk makes allocation n fail: the first with its call stack, or, with QUERN_TEST_LONG,
 * each. */
bool alloc_faults_chosen(const uint64_t *places, size_t n);

/* From here on the call stack of the first failing allocation is written there. */
enum { ALLOC_FAULTS_DEEPEST = 64 };
typedef struct alloc_faults_trace {
  void *frames[ALLOC_FAULTS_DEEPEST];
  int depth;
} alloc_faults_trace;
void alloc_faults_keep_trace(alloc_faults_trace *place);

/* From here on each reading of a clock advances it by a second, so that printed times are the same
 * each time. */
void alloc_faults_count_time(void);

#endif
