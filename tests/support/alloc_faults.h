/* Fails allocations that quern's own code makes: the program that is linked with this has its
 * calls of malloc and its kin led here by the linker (--wrap), and those of cJSON, which it
 * makes for quern, by its hooks. What a driver or the C library takes for itself is left alone. */
#ifndef QUERN_TESTS_ALLOC_FAULTS_H
#define QUERN_TESTS_ALLOC_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From here on allocations are counted; number `at` fails, 0 being none, and with `on` all
 * behind it. */
void alloc_faults_start(size_t position, bool on);

/* How many there were since. Nothing is counted or fails any more. */
size_t alloc_faults_stop(void);

/* Allocations of all times that are not freed. */
long alloc_faults_live(void);

/* From here on the calls that lead to allocation n, as a hash, are written to places[n - 1]
 * while n <= room. */
void alloc_faults_record(uint64_t *places, size_t room);

/* Whether a walk makes allocation n fail: the first that these calls lead to, or, with
 * QUERN_TEST_LONG, each. */
bool alloc_faults_chosen(const uint64_t *places, size_t n);

/* From here on the calls that lead to the allocation that fails, the first of them, are written
 * there. */
enum { ALLOC_FAULTS_DEEPEST = 64 };
typedef struct alloc_faults_trace {
  void *frames[ALLOC_FAULTS_DEEPEST];
  int depth;
} alloc_faults_trace;
void alloc_faults_keep_trace(alloc_faults_trace *place);

/* From here on clocks go on by a second each time that one is read, so that what is printed is
 * the same each time. */
void alloc_faults_count_time(void);

#endif
