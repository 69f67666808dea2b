#include "reduction.h"

#include "parallel/sum.h"

#include <float.h>
#include <math.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const size_t reduction_counts[] = {1,       16,      1 << 8,  1 << 12, 1 << 14,
                                   1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24};
const size_t reduction_count = sizeof reduction_counts / sizeof *reduction_counts;
enum { SMALL = 1 << 18 };

typedef struct reduction {
  const quern_collective *collective;
  reduction_run rivals[REDUCTION_WAYS];
  size_t count, own;      /* floats; those that this rank adds */
  float *values;          /* [count] */
  float *shared;          /* [count], the collective's; NULL for plain memory */
  float *sent, *received; /* of a rank's own work: [count], [ranks][own] */
  const float **parts;    /* [ranks] */
} reduction;

/* Commands of rank 0. */
typedef struct order {
  uint64_t way, times; /* no times: the last of this size */
} order;

typedef struct turn {
  reduction *reduction;
  reduction_way way;
} turn;

static void free_reduction(reduction *self) {
  const quern_collective *c = self->collective;
  if (self->shared != NULL) c->memory_free(c->state, self->shared);
  free(self->values);
  free(self->sent);
  free(self->received);
  free(self->parts);
}

static cli_exit create_reduction(const quern_collective *collective, size_t count,
                                 reduction *self) {
  const size_t ranks = collective->ranks, rank = collective->rank;
  self->collective = collective;
  self->count = count;
  self->own = quern__part_begin(count, rank + 1, ranks) - quern__part_begin(count, rank, ranks);
  self->values = malloc(count * sizeof *self->values);
  self->sent = malloc(count * sizeof *self->sent);
  self->received = calloc(ranks * (self->own + 1), sizeof *self->received);
  self->parts = malloc(ranks * sizeof *self->parts);
  if (self->values == NULL || self->sent == NULL || self->received == NULL || self->parts == NULL)
    return cli_fail_memory();
  void *shared = NULL;
  if (collective->memory_create != NULL &&
      collective->memory_create(collective->state, count * sizeof(float), &shared) != QUERN_OK)
    return cli_fail_library();
  self->shared = shared;
  return CLI_OK;
}

/* The operands of a way. */
static float *values_of(const reduction *self, reduction_way way) {
  return way == REDUCTION_SHARED ? self->shared : self->values;
}

static cli_exit run_quern(const reduction *self, float *values) {
  const quern_collective *c = self->collective;
  void *request;
  if (c->all_reduce_start(c->state, values, self->count, &request) != QUERN_OK ||
      c->all_reduce_wait(c->state, request) != QUERN_OK)
    return cli_fail_library();
  return CLI_OK;
}

/* The work of host/mpi/reduce.c if ranks cannot reach each other's memory. */
static void work(const reduction *self) {
  const size_t ranks = self->collective->ranks, rank = self->collective->rank;
  const size_t begin = quern__part_begin(self->count, rank, ranks), end = begin + self->own;
  float *own = self->values + begin;
  memcpy(self->sent, self->values, begin * sizeof *self->sent);
  memcpy(self->sent + end, self->values + end, (self->count - end) * sizeof *self->sent);
  for (size_t r = 0; r < ranks; r++) self->parts[r] = self->received + r * self->own;
  self->parts[rank] = own;
  quern__sum_parts(self->parts, ranks, self->own, &own, 1);
  if (ranks > 1) memcpy(self->sent + begin, own, self->own * sizeof *self->sent);
}

static cli_exit run_once(const reduction *self, reduction_way way) {
  float *values = values_of(self, way);
  if (way == REDUCTION_QUERN || way == REDUCTION_SHARED) return run_quern(self, values);
  if (way != REDUCTION_OWN_WORK) return self->rivals[way](values, self->count);
  work(self);
  return CLI_OK;
}

static cli_exit say(const reduction *self, order *says) {
  const quern_collective *c = self->collective;
  return c->broadcast(c->state, says, sizeof *says, 0) == QUERN_OK ? CLI_OK : cli_fail_library();
}

/* Runs on rank 0. */
static cli_exit lead(void *state, size_t times, double *seconds) {
  const turn *self = state;
  cli_exit result = say(self->reduction, &(order){self->way, times});
  const double start = cli_seconds();
  for (size_t i = 0; result == CLI_OK && i < times; i++)
    result = run_once(self->reduction, self->way);
  *seconds = cli_seconds() - start;
  return result;
}

/* Runs on the other ranks. */
static cli_exit follow(const reduction *self) {
  order says;
  cli_exit result = say(self, &says);
  while (result == CLI_OK && says.times > 0) {
    for (uint64_t i = 0; result == CLI_OK && i < says.times; i++)
      result = run_once(self, (reduction_way)says.way);
    if (result == CLI_OK) result = say(self, &says);
  }
  return result;
}

static float value_of(size_t rank, size_t i) {
  return measure_value(rank + 1, i);
}

/* True if this rank's result is right. */
static bool is_right(const reduction *self, reduction_way way) {
  const size_t ranks = self->collective->ranks, rank = self->collective->rank;
  const size_t begin = quern__part_begin(self->count, rank, ranks);
  const bool exact = way <= REDUCTION_OWN_WORK;
  const float *values = values_of(self, way);
  for (size_t i = 0; i < self->count; i++) {
    double sum = 0, magnitude = 0;
    for (size_t r = 0; r < ranks; r++) {
      const double value = (double)value_of(r, i);
      sum += value;
      magnitude += fabs(value);
    }
    float expected = (float)sum;
    if (way == REDUCTION_OWN_WORK && (i < begin || i >= begin + self->own))
      expected = value_of(rank, i);
    if (exact && memcmp(&values[i], &expected, sizeof expected) != 0) return false;
    const double bound = (double)ranks * FLT_EPSILON * magnitude;
    if (!exact && !(fabs((double)values[i] - sum) <= bound)) return false;
  }
  return true;
}

/* The other ranks' parts, for this rank's own work. */
static void fill(const reduction *self, float *values) {
  const size_t ranks = self->collective->ranks, rank = self->collective->rank;
  const size_t begin = quern__part_begin(self->count, rank, ranks);
  for (size_t i = 0; i < self->count; i++) values[i] = value_of(rank, i);
  for (size_t r = 0; r < ranks; r++)
    for (size_t i = 0; i < self->own; i++)
      self->received[r * self->own + i] = value_of(r, begin + i);
}

/* Called on every rank; every rank gets the result. */
static cli_exit check(const reduction *self, reduction_way way) {
  static const char *const names[] = {"quern's all-reduce in shared memory", "quern's all-reduce",
                                      "a rank's own work", "MPI_Allreduce", "MPI_Iallreduce"};
  const quern_collective *c = self->collective;
  fill(self, values_of(self, way));
  cli_exit result = run_once(self, way);
  if (result != CLI_OK) return result;
  unsigned char right = is_right(self, way);
  unsigned char *all = malloc(c->ranks);
  if (all == NULL) return cli_fail_memory();
  if (c->all_gather(c->state, &right, sizeof right, all) != QUERN_OK) result = cli_fail_library();
  for (size_t r = 0; result == CLI_OK && r < c->ranks; r++)
    if (!all[r])
      result = cli_fail("%s of %zu numbers gives a wrong sum on rank %zu of %zu", names[way],
                        self->count, r, c->ranks);
  free(all);
  return result;
}

/* The ratio of two times; NaN if one is missing. */
static cli_exit ratio(const measure_candidate *one, const measure_candidate *other, size_t rounds,
                      measure_summary *summary) {
  if (one->seconds == NULL || other->seconds == NULL)
    return measure_rate(&(measure_candidate){0}, 1, rounds, summary);
  return measure_ratio(other, one, rounds, summary);
}

static cli_exit summarize(const measure_candidate *candidates, size_t rounds, reduction_row *row) {
  cli_exit result = CLI_OK;
  for (size_t way = 0; result == CLI_OK && way < REDUCTION_WAYS; way++) {
    result = measure_rate(&candidates[way], 1, rounds, &row->rate[way]);
    if (result == CLI_OK)
      result =
          ratio(&candidates[REDUCTION_SHARED], &candidates[way], rounds, &row->shared_takes[way]);
    if (result == CLI_OK)
      result =
          ratio(&candidates[REDUCTION_QUERN], &candidates[way], rounds, &row->quern_takes[way]);
  }
  return result;
}

/* Runs all ways in turns, on rank 0. */
static cli_exit take_turns(reduction *self, const bool *there, measure_effort effort,
                           reduction_row *row) {
  turn turns[REDUCTION_WAYS];
  measure_candidate candidates[REDUCTION_WAYS] = {0}, running[REDUCTION_WAYS];
  size_t count = 0;
  for (size_t way = 0; way < REDUCTION_WAYS; way++) {
    turns[way] = (turn){self, (reduction_way)way};
    if (there[way]) running[count++] = (measure_candidate){lead, &turns[way], NULL};
  }
  row->bytes = self->count * sizeof(float);
  cli_exit result = measure_rounds(running, count, effort);
  if (result == CLI_OK) result = say(self, &(order){0, 0});
  for (size_t i = 0; i < count; i++) candidates[((turn *)running[i].state)->way] = running[i];
  if (result == CLI_OK) result = summarize(candidates, effort.rounds, row);
  for (size_t i = 0; i < count; i++) measure_candidate_free(&running[i]);
  return result;
}

static cli_exit measure_size(const quern_collective *collective, const reduction_rivals *rivals,
                             size_t count, measure_effort effort, reduction_row *row) {
  reduction self = {0};
  const bool several = collective->ranks > 1; /* a single rank has no rival */
  const bool there[REDUCTION_WAYS] = {
      [REDUCTION_SHARED] = several && collective->memory_create != NULL,
      [REDUCTION_QUERN] = true,
      [REDUCTION_OWN_WORK] = true,
      [REDUCTION_MPI] = several && rivals->mpi != NULL,
      [REDUCTION_MPI_NONBLOCKING] = several && rivals->mpi_nonblocking != NULL};
  self.rivals[REDUCTION_MPI] = rivals->mpi;
  self.rivals[REDUCTION_MPI_NONBLOCKING] = rivals->mpi_nonblocking;
  cli_exit result = create_reduction(collective, count, &self);
  for (size_t way = 0; result == CLI_OK && way < REDUCTION_WAYS; way++)
    if (there[way]) result = check(&self, (reduction_way)way);
  if (result == CLI_OK) { /* numbers whose sums stay the same, however often they are added */
    memset(self.values, 0, self.count * sizeof *self.values);
    if (self.shared != NULL) memset(self.shared, 0, self.count * sizeof *self.shared);
    memset(self.received, 0, collective->ranks * self.own * sizeof *self.received);
    result = collective->rank == 0 ? take_turns(&self, there, effort, row) : follow(&self);
  }
  free_reduction(&self);
  return result;
}

/* Binds to the rank-th of the process's cores, if there are as many as ranks. */
static void pin(const quern_collective *collective) {
  cpu_set_t all, one;
  if (sched_getaffinity(0, sizeof all, &all) != 0 || (size_t)CPU_COUNT(&all) < collective->ranks)
    return;
  size_t left = collective->rank;
  for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &all) || left-- > 0) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

cli_exit reduction_measure(const quern_collective *collective, const reduction_rivals *rivals,
                           measure_effort effort, reduction_row *rows, size_t *measured) {
  cli_exit result = CLI_OK;
  *measured = 0;
  effort.round_seconds /= 2; /* there are many sizes, so few rounds */
  pin(collective);
  for (size_t i = 0; result == CLI_OK && i < reduction_count; i++) {
    if (effort.small_only && reduction_counts[i] > SMALL) continue;
    reduction_row *row = collective->rank == 0 ? &rows[*measured] : NULL;
    result = measure_size(collective, rivals, reduction_counts[i], effort, row);
    ++*measured;
  }
  return result;
}

reduction_line reduction_fit(const reduction_row *rows, size_t count, reduction_way way) {
  /* The normal equations of 1 = (a + b n) rate. */
  double aa = 0, ab = 0, bb = 0, a1 = 0, b1 = 0;
  for (size_t i = 0; i < count; i++) {
    const double a = rows[i].rate[way].median, b = a * (double)rows[i].bytes;
    aa += a * a;
    ab += a * b;
    bb += b * b;
    a1 += a;
    b1 += b;
  }
  const double determinant = aa * bb - ab * ab;
  reduction_line line = {(a1 * bb - b1 * ab) / determinant, (b1 * aa - a1 * ab) / determinant, 0};
  for (size_t i = 0; i < count; i++)
    line.worst = fmax(
        line.worst,
        fabs((line.start + line.per_byte * (double)rows[i].bytes) * rows[i].rate[way].median - 1));
  return line;
}
