#include "reduce.h"

#include "../base/clock.h"
#include "../base/error.h"
#include <stdlib.h>
#include <time.h>

/* LEAST numbers per bucket, so that latency matters little. A bucket is summed in pieces, since a
 * collective may hold each piece twice. */
enum { LEAST = 1 << 18, PIECE = 1 << 20, MOST_UNDER_WAY = 4 };

/* Pause between two polls, which leaves the processor to the device if they share it. */
#define NAP_NANOSECONDS 50000L

/* The host memory of one bucket. */
typedef struct lane {
  quern__exchange *exchange; /* owned */
  float *values;             /* [count], on the host */
  size_t count;
} lane;

struct quern__reducer {
  const quern_collective *collective;
  void *memory; /* all values; allocated by the collective */
  lane *lanes;  /* [count], owned */
  size_t count;
};

/* A piece whose reduction is in progress. */
typedef struct piece {
  void *request;
  size_t bucket;
  bool last; /* last piece of its bucket */
} piece;

/* The sums of one step. Buckets are processed from the top of the network down, in the order in
 * which backward computes them. */
typedef struct reduction {
  quern__reducer *reducer;
  quern_plan *plan;
  size_t left;  /* buckets 0 … left - 1 are not started, or the last of them only in part */
  size_t begun; /* numbers of that last bucket already started */
  bool taken;   /* that last bucket is in host memory */
  bool idle;    /* all buckets are: the device has nothing to do */
  piece under_way[MOST_UNDER_WAY];
  size_t first, waiting; /* a ring buffer */
  double start, idle_since;
} reduction;

quern_status quern__reducer_divide(const quern__shape *shape, quern__buckets *buckets) {
  return quern__buckets_divide(shape, LEAST, buckets);
}

/* Bytes of host memory for a bucket. */
static size_t bytes_of(const quern__bucket *bucket) {
  const size_t unit = QUERN__EXCHANGE_ALIGNMENT;
  return (bucket->count * sizeof(float) + unit - 1) / unit * unit;
}

/* Every rank must pass the same size, so this takes the maximum. Networks that differ are reported
 * later. */
static quern_status create_memory(quern__reducer *self, uint64_t bytes) {
  const size_t ranks = self->collective->ranks;
  uint64_t *all = malloc(ranks * sizeof *all);
  if (all == NULL) return quern__fail_memory("trainer", ranks * sizeof *all);
  quern_status status;
  QUERN__TRY(quern__collective_gather(self->collective, &bytes, sizeof bytes, all));
  for (size_t r = 0; r < ranks; r++)
    if (all[r] > bytes) bytes = all[r];
  status = quern__collective_memory_create(self->collective, (size_t)bytes, &self->memory);
cleanup:
  free(all);
  return status;
}

quern_status quern__reducer_create(const quern_collective *collective, const quern__shape *shape,
                                   quern__reducer **reducer) {
  quern__buckets buckets = {.count = 0};
  size_t bytes = 0;
  quern_status status;
  *reducer = NULL;
  quern__reducer *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("trainer", sizeof *result);
  result->collective = collective;
  QUERN__TRY(quern__reducer_divide(shape, &buckets));
  for (size_t i = 0; i < buckets.count; i++) bytes += bytes_of(&buckets.list[i]);
  QUERN__TRY(create_memory(result, bytes));
  result->lanes = calloc(buckets.count, sizeof *result->lanes);
  QUERN__TRY(result->lanes != NULL ? QUERN_OK
                                   : quern__fail_memory("trainer", buckets.count * sizeof(lane)));
  result->count = buckets.count;
  quern__buckets_free(&buckets);
  *reducer = result;
  return QUERN_OK;
cleanup:
  quern__buckets_free(&buckets);
  quern__reducer_free(result);
  return status;
}

quern_status quern__reducer_buckets(quern__reducer *reducer, quern_context *context,
                                    const quern__shape *shape, quern__buckets *buckets) {
  char *memory = reducer->memory;
  quern_status status;
  QUERN__TRY(quern__reducer_divide(shape, buckets));
  for (size_t i = 0; i < buckets->count; i++) {
    quern__bucket *bucket = &buckets->list[i];
    lane *item = &reducer->lanes[i];
    *item = (lane){.values = (float *)(void *)memory, .count = bucket->count};
    QUERN__TRY(quern__exchange_create(context, item->values, bucket->count * sizeof(float),
                                      &item->exchange, &bucket->memory));
    memory += bytes_of(bucket);
  }
  return QUERN_OK;
cleanup:
  quern__buckets_free(buckets);
  return status;
}

void quern__reducer_free(quern__reducer *reducer) {
  if (reducer == NULL) return;
  for (size_t i = 0; i < reducer->count; i++) quern__exchange_free(reducer->lanes[i].exchange);
  quern__collective_memory_free(reducer->collective, reducer->memory);
  free(reducer->lanes);
  free(reducer);
}

static quern_status take_reduce(void *user, size_t bucket) {
  const quern__reducer *self = user;
  return quern__exchange_take(self->lanes[bucket].exchange);
}

quern__bucket_watch quern__reducer_watch(quern__reducer *reducer) {
  return (quern__bucket_watch){.queued = take_reduce, .user = reducer};
}

/* Checks whether the next bucket is in host memory. Waits for it if nothing else can be done. */
static quern_status look(reduction *run) {
  const quern__reducer *self = run->reducer;
  if (run->left == 0 || run->taken) return QUERN_OK;
  QUERN__FORWARD(
      quern__exchange_taken(self->lanes[run->left - 1].exchange, run->waiting == 0, &run->taken));
  if (!run->taken || run->left > 1) return QUERN_OK;
  run->idle = true;
  run->idle_since = quern__seconds();
  return QUERN_OK;
}

/* Starts the next piece of the next bucket, which is in host memory. */
static quern_status begin_reduce(reduction *run) {
  const quern__reducer *self = run->reducer;
  const size_t bucket = run->left - 1, rest = self->lanes[bucket].count - run->begun,
               n = rest < PIECE ? rest : PIECE;
  piece *next = &run->under_way[(run->first + run->waiting) % MOST_UNDER_WAY];
  if (run->start == 0.0) run->start = quern__seconds();
  QUERN__FORWARD(quern__collective_reduce(self->collective, self->lanes[bucket].values + run->begun,
                                          n, &next->request));
  next->bucket = bucket;
  next->last = n == rest;
  run->waiting++;
  run->begun += n;
  if (!next->last) return QUERN_OK;
  run->left--;
  run->begun = 0;
  run->taken = false;
  return QUERN_OK;
}

/* Ends the oldest piece. The last piece of a bucket copies it back to the device and, without
 * clipping, queues its update. */
static quern_status end(reduction *run) {
  const piece oldest = run->under_way[run->first];
  run->first = (run->first + 1) % MOST_UNDER_WAY;
  run->waiting--;
  QUERN__FORWARD(quern__collective_reduced(run->reducer->collective, oldest.request));
  if (!oldest.last) return QUERN_OK;
  QUERN__FORWARD(quern__exchange_put(run->reducer->lanes[oldest.bucket].exchange));
  if (run->plan->clip_norm > 0.0f) return QUERN_OK;
  return quern__plan_update_bucket(run->plan, &run->plan->gradients.list[oldest.bucket]);
}

/* Does on the host what needs no wait while the device computes, and otherwise sleeps. */
static quern_status advance(reduction *run) {
  bool done = run->idle;
  QUERN__FORWARD(look(run));
  if (run->taken && run->waiting < MOST_UNDER_WAY) return begin_reduce(run);
  if (run->waiting == 0) return QUERN_OK;
  if (!done)
    QUERN__FORWARD(quern__collective_is_reduced(run->reducer->collective,
                                                run->under_way[run->first].request, &done));
  if (done) return end(run);
  nanosleep(&(struct timespec){.tv_nsec = NAP_NANOSECONDS}, NULL);
  return QUERN_OK;
}

quern_status quern__reduce(quern__reducer *reducer, quern_plan *plan, quern__reducing *reducing) {
  reduction run = {.reducer = reducer, .plan = plan, .left = reducer->count};
  quern_status status;
  while (run.left > 0 || run.waiting > 0) QUERN__TRY(advance(&run));
  const double over = quern__seconds();
  reducing->seconds += over - run.start;
  reducing->exposed += over - (run.idle_since > run.start ? run.idle_since : run.start);
  if (plan->clip_norm > 0.0f) {
    QUERN__FORWARD(quern__plan_clip(plan));
    for (size_t i = 0; i < reducer->count; i++)
      QUERN__FORWARD(quern__plan_update_bucket(plan, &plan->gradients.list[i]));
  }
  quern__plan_end_step(plan);
  return QUERN_OK;
cleanup:
  /* Every start needs a wait. The collective is abandoned first, so that the wait returns soon. */
  if (run.waiting > 0) quern__collective_abandon(reducer->collective);
  for (; run.waiting > 0; run.waiting--) {
    (void)quern__collective_reduced(reducer->collective, run.under_way[run.first].request);
    run.first = (run.first + 1) % MOST_UNDER_WAY;
  }
  return status;
}
