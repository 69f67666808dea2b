#include "reduce.h"

#include "../base/clock.h"
#include "../base/error.h"
#include <stdlib.h>
#include <time.h>

/* Buckets of at least MIN_BUCKET numbers, so that latency matters little. They are summed in
 * pieces, since a collective may hold each piece twice. */
enum { MIN_BUCKET = 1 << 18, PIECE = 1 << 20, MAX_IN_FLIGHT = 4 };

/* Pause between two polls, which leaves the processor to the device if they share it. */
#define POLL_NANOSECONDS 50000L

typedef struct host_bucket {
  quern__exchange *exchange; /* owned */
  float *values;             /* [count], on the host */
  size_t count;
} host_bucket;

struct quern__reducer {
  const quern_collective *collective;
  void *memory;              /* all values; allocated by the collective */
  host_bucket *host_buckets; /* [count], owned */
  size_t count;
};

typedef struct piece {
  void *request;
  size_t bucket;
  bool last; /* last piece of its bucket */
} piece;

/* The sums of one step. Buckets are processed from the top of the network down, as backward
 * computes them. */
typedef struct reduction {
  quern__reducer *reducer;
  quern_plan *plan;
  size_t
      remaining; /* buckets 0 … remaining - 1 are not started, or the last of them only in part */
  size_t started; /* numbers of that last bucket already started */
  bool on_host;   /* that last bucket is in host memory */
  bool idle;      /* all buckets are: the device has nothing to do */
  piece in_flight[MAX_IN_FLIGHT];
  size_t first, in_flight_count; /* a ring buffer */
  double start, idle_since;
} reduction;

quern_status quern__reducer_divide(const quern__shape *shape, quern__buckets *buckets) {
  return quern__buckets_divide(shape, MIN_BUCKET, buckets);
}

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
  result->host_buckets = calloc(buckets.count, sizeof *result->host_buckets);
  QUERN__TRY(result->host_buckets != NULL
                 ? QUERN_OK
                 : quern__fail_memory("trainer", buckets.count * sizeof(host_bucket)));
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
    host_bucket *item = &reducer->host_buckets[i];
    *item = (host_bucket){.values = (float *)(void *)memory, .count = bucket->count};
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
  for (size_t i = 0; i < reducer->count; i++)
    quern__exchange_free(reducer->host_buckets[i].exchange);
  quern__collective_memory_free(reducer->collective, reducer->memory);
  free(reducer->host_buckets);
  free(reducer);
}

static quern_status send_bucket(void *user, size_t bucket) {
  const quern__reducer *self = user;
  return quern__exchange_take(self->host_buckets[bucket].exchange);
}

quern__bucket_watch quern__reducer_watch(quern__reducer *reducer) {
  return (quern__bucket_watch){.queued = send_bucket, .user = reducer};
}

/* Checks whether the next bucket is in host memory. Waits for it if nothing else can be done. */
static quern_status check_next_bucket(reduction *state) {
  const quern__reducer *self = state->reducer;
  if (state->remaining == 0 || state->on_host) return QUERN_OK;
  QUERN__FORWARD(quern__exchange_taken(self->host_buckets[state->remaining - 1].exchange,
                                       state->in_flight_count == 0, &state->on_host));
  if (!state->on_host || state->remaining > 1) return QUERN_OK;
  state->idle = true;
  state->idle_since = quern__seconds();
  return QUERN_OK;
}

/* Starts the next piece of the next bucket, which is in host memory. */
static quern_status start_piece(reduction *state) {
  const quern__reducer *self = state->reducer;
  const size_t bucket = state->remaining - 1,
               rest = self->host_buckets[bucket].count - state->started,
               n = rest < PIECE ? rest : PIECE;
  piece *next = &state->in_flight[(state->first + state->in_flight_count) % MAX_IN_FLIGHT];
  if (state->start == 0.0) state->start = quern__seconds();
  QUERN__FORWARD(quern__collective_reduce_start(
      self->collective, self->host_buckets[bucket].values + state->started, n, &next->request));
  next->bucket = bucket;
  next->last = n == rest;
  state->in_flight_count++;
  state->started += n;
  if (!next->last) return QUERN_OK;
  state->remaining--;
  state->started = 0;
  state->on_host = false;
  return QUERN_OK;
}

/* Ends the oldest piece. The last piece of a bucket copies it back to the device and, without
 * clipping, queues its update. */
static quern_status end_oldest_piece(reduction *state) {
  const piece oldest = state->in_flight[state->first];
  state->first = (state->first + 1) % MAX_IN_FLIGHT;
  state->in_flight_count--;
  QUERN__FORWARD(quern__collective_reduce_wait(state->reducer->collective, oldest.request));
  if (!oldest.last) return QUERN_OK;
  QUERN__FORWARD(quern__exchange_put(state->reducer->host_buckets[oldest.bucket].exchange));
  if (state->plan->clip_norm > 0.0f) return QUERN_OK;
  return quern__plan_update_bucket(state->plan, &state->plan->gradients.list[oldest.bucket]);
}

/* Does on the host what needs no wait while the device computes, and otherwise sleeps. */
static quern_status advance_reduction(reduction *state) {
  bool done = state->idle;
  QUERN__FORWARD(check_next_bucket(state));
  if (state->on_host && state->in_flight_count < MAX_IN_FLIGHT) return start_piece(state);
  if (state->in_flight_count == 0) return QUERN_OK;
  if (!done)
    QUERN__FORWARD(quern__collective_reduce_test(state->reducer->collective,
                                                 state->in_flight[state->first].request, &done));
  if (done) return end_oldest_piece(state);
  nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
  return QUERN_OK;
}

quern_status quern__reduce(quern__reducer *reducer, quern_plan *plan, quern__reducing *reducing) {
  reduction state = {.reducer = reducer, .plan = plan, .remaining = reducer->count};
  quern_status status;
  while (state.remaining > 0 || state.in_flight_count > 0) QUERN__TRY(advance_reduction(&state));
  const double over = quern__seconds();
  reducing->seconds += over - state.start;
  reducing->exposed += over - (state.idle_since > state.start ? state.idle_since : state.start);
  if (plan->clip_norm > 0.0f) {
    QUERN__FORWARD(quern__plan_clip(plan));
    for (size_t i = 0; i < reducer->count; i++)
      QUERN__FORWARD(quern__plan_update_bucket(plan, &plan->gradients.list[i]));
  }
  quern__plan_end_step(plan);
  return QUERN_OK;
cleanup:
  /* Every start needs a wait. The collective is abandoned first, so that the wait returns soon. */
  if (state.in_flight_count > 0) quern__collective_abandon(reducer->collective);
  for (; state.in_flight_count > 0; state.in_flight_count--) {
    (void)quern__collective_reduce_wait(reducer->collective, state.in_flight[state.first].request);
    state.first = (state.first + 1) % MAX_IN_FLIGHT;
  }
  return status;
}
