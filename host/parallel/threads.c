/* Ranks that are threads of one process. Every rank joins each operation with its memory. When all
 * have joined, each does its part of the work directly in the others' memory, and returns when all
 * are done. */
#include <quern/collective.h>

#include "../base/error.h"
#include "sum.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef enum kind { ALL_REDUCE, ALL_GATHER, BROADCAST, BARRIER } kind;
static const char *const kind_names[] = {"an all-reduce", "an all-gather", "a broadcast",
                                         "a barrier"};

/* What one rank passes to an operation. */
typedef struct joined {
  bool present, worked;
  kind kind;
  size_t bytes, root;
  void *memory;
} joined;

/* The n-th call of each rank. */
typedef struct operation {
  uint64_t number;
  size_t arrived, done, returned; /* ranks */
  joined *ranks;                  /* [ranks] */
  struct operation *next;
} operation;

typedef struct member {
  quern_collective table;
  struct quern_thread_group *group;
  uint64_t calls;
  const float **parts; /* [ranks]: addends */
  float **sums;        /* [ranks]: results */
} member;

struct quern_thread_group {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  size_t ranks;
  double timeout;
  member *members;       /* [ranks] */
  operation *operations; /* in progress, oldest first */
  size_t working;        /* ranks that are using others' memory */
  bool broken;
  size_t broken_by;
  char why[512];
};

static void operation_free(operation *op) {
  if (op == NULL) return;
  free(op->ranks);
  free(op);
}

/* Finds the link to the operation with this number, or the end of the list. */
static operation **find_operation(quern_thread_group *group, uint64_t number) {
  operation **link = &group->operations;
  while (*link != NULL && (*link)->number != number) link = &(*link)->next;
  return link;
}

static void break_group(quern_thread_group *group, size_t rank, const char *why) {
  if (!group->broken) {
    group->broken = true;
    group->broken_by = rank;
    snprintf(group->why, sizeof group->why, "%s", why);
  }
  pthread_cond_broadcast(&group->changed);
}

/* Fails with the reason why the group broke, once no rank uses another's memory. */
static quern_status fail_broken(quern_thread_group *group) {
  while (group->working > 0) pthread_cond_wait(&group->changed, &group->lock);
  return quern__fail(QUERN_ERROR_COLLECTIVE, "rank %zu of %zu: %s", group->broken_by, group->ranks,
                     group->why);
}

/* Joins the rank's next operation, or creates it. The lock is held. */
static quern_status join_operation(member *self, const joined *own, operation **found) {
  quern_thread_group *group = self->group;
  if (group->broken) return fail_broken(group);
  operation **link = find_operation(group, self->calls);
  if (*link == NULL) {
    operation *op = calloc(1, sizeof *op);
    if (op != NULL) op->ranks = calloc(group->ranks, sizeof *op->ranks);
    if (op == NULL || op->ranks == NULL) {
      operation_free(op);
      return quern__fail_memory("collective", group->ranks * sizeof(joined));
    }
    op->number = self->calls;
    *link = op;
  }
  operation *op = *link;
  for (size_t r = 0; r < group->ranks; r++) {
    const joined *other = &op->ranks[r];
    if (!other->present ||
        (other->kind == own->kind && other->bytes == own->bytes && other->root == own->root))
      continue;
    char why[200];
    snprintf(why, sizeof why, "called %s of %zu bytes, but rank %zu called %s of %zu bytes",
             kind_names[own->kind], own->bytes, r, kind_names[other->kind], other->bytes);
    break_group(group, self->table.rank, why);
    return fail_broken(group);
  }
  self->calls++;
  op->ranks[self->table.rank] = *own;
  if (++op->arrived == group->ranks) pthread_cond_broadcast(&group->changed);
  *found = op;
  return QUERN_OK;
}

/* True while ranks have not joined, or, with `done`, not finished. In a broken group, those that
 * work are still waited for. */
static bool must_wait(const quern_thread_group *group, const operation *op, bool done) {
  if (done) return op->done < group->ranks && !(group->broken && group->working == 0);
  return op->arrived < group->ranks && !group->broken;
}

/* Breaks the group and blames the first rank that has not joined. Not called while others work,
 * which takes them a short time only. */
static void blame_absent(quern_thread_group *group, const operation *op) {
  size_t r = 0, here = 0;
  while (r + 1 < group->ranks && op->ranks[r].present) r++;
  while (!op->ranks[here].present) here++; /* the caller has joined */
  char why[200];
  snprintf(why, sizeof why, "did not join within %g s: rank %zu waits for it in %s", group->timeout,
           here, kind_names[op->ranks[here].kind]);
  break_group(group, r, why);
}

static void wait_for_ranks(quern_thread_group *group, const operation *op, bool done) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  const double whole = floor(group->timeout);
  until.tv_sec += (time_t)whole;
  until.tv_nsec += (long)(1e9 * (group->timeout - whole));
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    until.tv_sec++;
  }
  while (must_wait(group, op, done))
    if (group->timeout == 0 || done)
      pthread_cond_wait(&group->changed, &group->lock);
    else if (pthread_cond_timedwait(&group->changed, &group->lock, &until) == ETIMEDOUT &&
             must_wait(group, op, done))
      blame_absent(group, op);
}

/* Does this rank's part; the memory of all others stays valid. `all` is the result of an
 * all-gather. */
static void do_work(member *self, const operation *op, void *all) {
  const size_t rank = self->table.rank, ranks = self->group->ranks;
  const joined *mine = &op->ranks[rank];
  switch (mine->kind) {
  case ALL_REDUCE: {
    /* Each rank adds up a range of its own, which no other reads, and writes the sum to all. */
    const size_t count = mine->bytes / sizeof(float);
    const size_t begin = quern__part_begin(count, rank, ranks),
                 n = quern__part_begin(count, rank + 1, ranks) - begin;
    for (size_t r = 0; r < ranks; r++)
      self->parts[r] = self->sums[r] = (float *)op->ranks[r].memory + begin;
    quern__sum_parts(self->parts, ranks, n, self->sums, ranks);
    break;
  }
  case ALL_GATHER:
    for (size_t r = 0; r < ranks; r++)
      memcpy((char *)all + r * mine->bytes, op->ranks[r].memory, mine->bytes);
    break;
  case BROADCAST:
    if (rank != mine->root) memcpy(mine->memory, op->ranks[mine->root].memory, mine->bytes);
    break;
  case BARRIER:
    break;
  }
}

/* Releases the lock during the work. */
static void do_part(member *self, operation *op, void *all) {
  quern_thread_group *group = self->group;
  group->working++;
  pthread_mutex_unlock(&group->lock);
  do_work(self, op, all);
  pthread_mutex_lock(&group->lock);
  group->working--;
  op->ranks[self->table.rank].worked = true;
  op->done++;
  pthread_cond_broadcast(&group->changed);
}

/* Waits for the others, works, and waits until no rank uses this rank's memory. Releases the lock
 * meanwhile. In a broken group no work starts, since some memory may be freed. */
static quern_status complete_operation(member *self, operation *op, void *all) {
  quern_thread_group *group = self->group;
  wait_for_ranks(group, op, false);
  if (group->broken) return fail_broken(group);
  if (!op->ranks[self->table.rank].worked) do_part(self, op, all);
  wait_for_ranks(group, op, true);
  if (op->done < group->ranks) return fail_broken(group);
  if (++op->returned == group->ranks) {
    operation **link = find_operation(group, op->number);
    *link = op->next;
    operation_free(op);
  }
  return QUERN_OK;
}

static quern_status run_operation(member *self, const joined *own, void *all) {
  operation *op;
  pthread_mutex_lock(&self->group->lock);
  quern_status status = join_operation(self, own, &op);
  if (status == QUERN_OK) status = complete_operation(self, op, all);
  pthread_mutex_unlock(&self->group->lock);
  return status;
}

static quern_status all_reduce_start(void *state, float *values, size_t count, void **request) {
  member *self = state;
  operation *op = NULL;
  pthread_mutex_lock(&self->group->lock);
  const quern_status status = join_operation(
      self,
      &(const joined){
          .present = true, .kind = ALL_REDUCE, .bytes = count * sizeof *values, .memory = values},
      &op);
  pthread_mutex_unlock(&self->group->lock);
  *request = op;
  return status;
}

static quern_status all_reduce_wait(void *state, void *request) {
  member *self = state;
  pthread_mutex_lock(&self->group->lock);
  const quern_status status = complete_operation(self, request, NULL);
  pthread_mutex_unlock(&self->group->lock);
  return status;
}

static quern_status all_reduce_test(void *state, void *request, bool *done) {
  member *self = state;
  quern_thread_group *group = self->group;
  operation *op = request;
  quern_status status = QUERN_OK;
  pthread_mutex_lock(&group->lock);
  if (group->broken)
    status = fail_broken(group);
  else if (op->arrived == group->ranks && !op->ranks[self->table.rank].worked)
    do_part(self, op, NULL);
  *done = op->done == group->ranks;
  pthread_mutex_unlock(&group->lock);
  return status;
}

static quern_status all_gather(void *state, const void *mine, size_t bytes, void *all) {
  /* Other ranks only read it, but `memory` serves all kinds and is not const. */
  void *memory = (void *)(uintptr_t)mine;
  return run_operation(
      state, &(const joined){.present = true, .kind = ALL_GATHER, .bytes = bytes, .memory = memory},
      all);
}

static quern_status broadcast(void *state, void *data, size_t bytes, size_t root) {
  const member *self = state;
  if (root >= self->group->ranks)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "collective: a broadcast from rank %zu of %zu, expected a lower rank", root,
                       self->group->ranks);
  return run_operation(
      state,
      &(const joined){
          .present = true, .kind = BROADCAST, .bytes = bytes, .root = root, .memory = data},
      NULL);
}

static quern_status barrier(void *state) {
  return run_operation(state, &(const joined){.present = true, .kind = BARRIER}, NULL);
}

static void abandon(void *state, const char *why) {
  const member *self = state;
  quern_thread_group *group = self->group;
  pthread_mutex_lock(&group->lock);
  break_group(group, self->table.rank, why);
  while (group->working > 0) pthread_cond_wait(&group->changed, &group->lock);
  pthread_mutex_unlock(&group->lock);
}

static bool create_condition(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  if (pthread_condattr_init(&attributes) != 0) return false;
  const bool created = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                       pthread_cond_init(condition, &attributes) == 0;
  pthread_condattr_destroy(&attributes);
  return created;
}

static quern_status create_members(quern_thread_group *group) {
  group->members = calloc(group->ranks, sizeof *group->members);
  if (group->members == NULL)
    return quern__fail_memory("thread group", group->ranks * sizeof *group->members);
  for (size_t r = 0; r < group->ranks; r++) {
    member *item = &group->members[r];
    item->group = group;
    item->parts = calloc(group->ranks, sizeof *item->parts);
    item->sums = calloc(group->ranks, sizeof *item->sums);
    if (item->parts == NULL || item->sums == NULL)
      return quern__fail_memory("thread group", group->ranks * sizeof *item->parts);
    item->table = (quern_collective){.size = sizeof item->table,
                                     .name = "threads",
                                     .state = item,
                                     .rank = r,
                                     .ranks = group->ranks,
                                     .all_reduce_start = all_reduce_start,
                                     .all_reduce_wait = all_reduce_wait,
                                     .all_reduce_test = all_reduce_test,
                                     .all_gather = all_gather,
                                     .broadcast = broadcast,
                                     .barrier = barrier,
                                     .abandon = abandon};
  }
  return QUERN_OK;
}

quern_status quern_thread_group_create(size_t ranks, double timeout, quern_thread_group **group) {
  if (group == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "thread group: the result pointer is NULL");
  *group = NULL;
  if (ranks == 0 || ranks > INT32_MAX)
    return quern__fail(QUERN_ERROR_ARGUMENT, "thread group: %zu ranks, expected 1 to 2147483647",
                       ranks);
  const double longest = 1e9; /* so that adding it to the clock cannot overflow */
  if (!(timeout >= 0 && timeout <= longest))
    return quern__fail(QUERN_ERROR_ARGUMENT, "thread group: a time-out of %g s, expected 0 to %g",
                       timeout, longest);
  quern_thread_group *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("thread group", sizeof *result);
  result->ranks = ranks;
  result->timeout = timeout;
  if (!create_condition(&result->changed)) {
    free(result);
    return quern__fail_memory("thread group", sizeof(pthread_cond_t));
  }
  pthread_mutex_init(&result->lock, NULL);
  const quern_status status = create_members(result);
  if (status != QUERN_OK) {
    quern_thread_group_free(result);
    return status;
  }
  *group = result;
  return QUERN_OK;
}

const quern_collective *quern_thread_group_at(quern_thread_group *group, size_t rank) {
  return group != NULL && rank < group->ranks ? &group->members[rank].table : NULL;
}

void quern_thread_group_free(quern_thread_group *group) {
  if (group == NULL) return;
  for (operation *op = group->operations, *next; op != NULL; op = next) {
    next = op->next;
    operation_free(op);
  }
  for (size_t r = 0; group->members != NULL && r < group->ranks; r++) {
    free(group->members[r].parts);
    free(group->members[r].sums);
  }
  free(group->members);
  pthread_cond_destroy(&group->changed);
  pthread_mutex_destroy(&group->lock);
  free(group);
}
