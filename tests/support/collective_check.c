#include "collective_check.h"

#include <stdlib.h>
#include <string.h>

/* Values whose sum depends on the order in which floats are added. */
static float value_of(size_t rank, size_t i) {
  static const float scales[] = {1e8f, 1.0f, -1e8f, 3e-3f};
  return scales[rank % 4] * (float)(1 + (i * 7 + rank) % 13);
}

static float expected_sum(size_t ranks, size_t i) {
  double sum = 0;
  for (size_t r = 0; r < ranks; r++) sum += (double)value_of(r, i);
  return (float)sum;
}

quern_status test_collective_reduces(const quern_collective *c) {
  static const size_t sizes[] = {1, 4099, 100003};
  float *values[3];
  void *requests[3];
  quern_status status = QUERN_OK;
  for (size_t k = 0; k < 3; k++) {
    values[k] = malloc((sizes[k] + 1) * sizeof(float));
    for (size_t i = 0; i < sizes[k]; i++) values[k][i] = value_of(c->rank, i + k);
    values[k][sizes[k]] = -1.0f; /* a canary */
  }
  for (size_t k = 0; k < 3 && status == QUERN_OK; k++)
    status = c->all_reduce_start(c->state, values[k], sizes[k], &requests[k]);
  for (size_t k = 0; k < 3 && status == QUERN_OK; k++) status = c->all_reduce_wait(c->state, requests[k]);
  for (size_t k = 0; k < 3; k++) {
    for (size_t i = 0; i < sizes[k] && status == QUERN_OK; i++) {
      const float expected = expected_sum(c->ranks, i + k);
      if (memcmp(&values[k][i], &expected, sizeof expected) != 0) status = QUERN_ERROR_DATA;
    }
    if (values[k][sizes[k]] != -1.0f) status = QUERN_ERROR_DATA;
    free(values[k]);
  }
  return status;
}

quern_status test_collective_exchanges(const quern_collective *c) {
  char mine[5] = "rank", all[4 * sizeof mine + 1], told[3] = {0};
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
    memset(told, c->rank == root ? (int)('a' + round % 20) : 0, sizeof told);
    if (status == QUERN_OK) status = c->broadcast(c->state, told, sizeof told, root);
    for (size_t i = 0; i < sizeof told; i++)
      if (told[i] != (char)('a' + round % 20)) status = QUERN_ERROR_DATA;
    if (status == QUERN_OK) status = c->barrier(c->state);
  }
  return status;
}
