#include "collective_check.h"

#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Values whose sum depends on the order of additions. */
static float value_of(size_t rank, size_t i) {
  static const float scales[] = {1e8f, 1.0f, -1e8f, 3e-3f};
  return scales[rank % 4] * (float)(1 + (i * 7 + rank) % 13);
}

static float expected_sum(size_t ranks, size_t i) {
  double sum = 0;
  for (size_t r = 0; r < ranks; r++) sum += (double)value_of(r, i);
  return (float)sum;
}

static const size_t sizes[] = {1, 4099, 100003, 3};
enum { REDUCTIONS = 4 };

static void fill(const quern_collective *c, size_t k, float *values) {
  for (size_t i = 0; i < sizes[k]; i++) values[i] = value_of(c->rank, i + k);
  values[sizes[k]] = -1.0f; /* a canary */
}

static bool is_sum(const quern_collective *c, size_t k, const float *values) {
  for (size_t i = 0; i < sizes[k]; i++) {
    const float expected = expected_sum(c->ranks, i + k);
    if (memcmp(&values[i], &expected, sizeof expected) != 0) return false;
  }
  return values[sizes[k]] == -1.0f;
}

/* If the table can tell whether a sum is complete, it becomes so without a wait, since all ranks
 * arrive here. */
static quern_status wait_for_report(const quern_collective *c, void *request) {
  quern_status status = QUERN_OK;
  for (bool done = c->all_reduce_test == NULL; status == QUERN_OK && !done; sched_yield())
    status = c->all_reduce_test(c->state, request, &done);
  return status;
}

static quern_status reduce_all(const quern_collective *c, float *const *values, bool asks) {
  void *requests[REDUCTIONS];
  quern_status status = QUERN_OK;
  for (size_t k = 0; k < REDUCTIONS; k++) fill(c, k, values[k]);
  for (size_t k = 0; k < REDUCTIONS && status == QUERN_OK; k++)
    status = c->all_reduce_start(c->state, values[k], sizes[k], &requests[k]);
  for (size_t k = 0; k < REDUCTIONS && status == QUERN_OK; k++) {
    if (asks) status = wait_for_report(c, requests[k]);
    /* A sum that is complete can be read before the wait. */
    if (status == QUERN_OK && asks && c->all_reduce_test != NULL && !is_sum(c, k, values[k]))
      return QUERN_ERROR_DATA;
    if (status == QUERN_OK) status = c->all_reduce_wait(c->state, requests[k]);
  }
  for (size_t k = 0; k < REDUCTIONS && status == QUERN_OK; k++)
    if (!is_sum(c, k, values[k])) status = QUERN_ERROR_DATA;
  return status;
}

quern_status test_collective_reduces(const quern_collective *c) {
  float *values[REDUCTIONS];
  for (size_t k = 0; k < REDUCTIONS; k++) values[k] = malloc((sizes[k] + 1) * sizeof(float));
  quern_status status = reduce_all(c, values, false);
  if (status == QUERN_OK) status = reduce_all(c, values, true);
  for (size_t k = 0; k < REDUCTIONS; k++) free(values[k]);
  return status;
}

static quern_status reduce_in(const quern_collective *c, char *memory, size_t bytes) {
  float *values[REDUCTIONS];
  size_t position = 0;
  for (size_t i = 0; i < bytes; i++)
    if (memory[i] != 0) return QUERN_ERROR_DATA;
  for (size_t k = 0; k < REDUCTIONS; k++) {
    values[k] = (float *)(void *)(memory + position);
    position += (sizes[k] + 1) * sizeof(float);
  }
  quern_status status = position <= bytes ? reduce_all(c, values, false) : QUERN_ERROR_DATA;
  return status == QUERN_OK ? reduce_all(c, values, true) : status;
}

quern_status test_collective_memory(const quern_collective *c) {
  enum { BYTES = 420000 };
  void *memory[2] = {NULL, NULL};
  quern_status status = QUERN_OK;
  if (c->memory_create == NULL) return QUERN_OK;
  /* Both at once, and the first again once it is free. */
  for (size_t round = 0; round < 3 && status == QUERN_OK; round++) {
    for (size_t m = 0; m < 2 && status == QUERN_OK; m++) {
      if (m == 1 && round > 0) break;
      status = c->memory_create(c->state, BYTES, &memory[m]);
      if (status == QUERN_OK && (uintptr_t)memory[m] % 4096 != 0) status = QUERN_ERROR_DATA;
      if (status == QUERN_OK) status = reduce_in(c, memory[m], BYTES);
    }
    if (status == QUERN_OK) c->memory_free(c->state, memory[0]);
  }
  c->memory_free(c->state, memory[1]);
  return status;
}

quern_status test_collective_exchanges(const quern_collective *c) {
  char mine[5] = "rank", all[4 * sizeof mine + 1], text[3] = {0};
  quern_status status = QUERN_OK;
  for (size_t round = 0; round < 50 && status == QUERN_OK; round++) {
    mine[4] = (char)('0' + c->rank + round % 7);
    all[c->ranks * sizeof mine] = '!';
    status = c->all_gather(c->state, mine, sizeof mine, all);
    for (size_t r = 0; r < c->ranks && status == QUERN_OK; r++)
      if (memcmp(all + r * sizeof mine, "rank", 4) != 0 ||
          all[r * sizeof mine + 4] != (char)('0' + r + round % 7))
        status = QUERN_ERROR_DATA;
    if (all[c->ranks * sizeof mine] != '!') status = QUERN_ERROR_DATA;
    const size_t root = round % c->ranks;
    memset(text, c->rank == root ? (int)('a' + round % 20) : 0, sizeof text);
    if (status == QUERN_OK) status = c->broadcast(c->state, text, sizeof text, root);
    for (size_t i = 0; i < sizeof text; i++)
      if (text[i] != (char)('a' + round % 20)) status = QUERN_ERROR_DATA;
    if (status == QUERN_OK) status = c->barrier(c->state);
  }
  return status;
}
