/* Each member of the table over MPI; every rank is a process of this program. Sums are exact and
 * rounded once. */
#include "collective_check.h"
#include "test.h"

#include <quern/mpi.h>
#include <stdlib.h>

static quern_mpi *mpi;

static int begin(void **state) {
  (void)state;
  return MPI_Init(NULL, NULL) != MPI_SUCCESS ||
         quern_mpi_create(MPI_COMM_WORLD, 60, &mpi) != QUERN_OK;
}

static int end(void **state) {
  (void)state;
  quern_mpi_free(mpi);
  return MPI_Finalize();
}

static void test_places(void **state) {
  (void)state;
  int rank, ranks;
  size_t local, locals;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const quern_collective *c = quern_mpi_collective(mpi);
  assert_string_equal(c->name, "mpi");
  assert_int_equal(c->rank, rank);
  assert_int_equal(c->ranks, ranks);
  quern_mpi_local(mpi, &local, &locals);
  assert_int_equal(local, rank); /* all are on this host */
  assert_int_equal(locals, ranks);
}

static void test_members(void **state) {
  (void)state;
  const quern_collective *c = quern_mpi_collective(mpi);
  for (int i = 0; i < 3; i++) {
    assert_ok(test_collective_reduces(c));
    assert_ok(test_collective_memory(c));
    assert_ok(test_collective_exchanges(c));
  }
}

/* More than one piece of a broadcast, and an empty one. */
static void test_long_broadcast(void **state) {
  (void)state;
  const quern_collective *c = quern_mpi_collective(mpi);
  const size_t count = 700001; /* of 4 bytes */
  int32_t *numbers = calloc(count, sizeof *numbers);
  assert_non_null(numbers);
  for (size_t root = 0; root < c->ranks; root++) {
    for (size_t i = 0; i < count; i++)
      numbers[i] = c->rank == root ? (int32_t)(i * (root + 3)) : -1;
    assert_ok(c->broadcast(c->state, numbers, count * sizeof *numbers, root));
    for (size_t i = 0; i < count; i++) assert_true(numbers[i] == (int32_t)(i * (root + 3)));
    assert_ok(c->broadcast(c->state, NULL, 0, root));
  }
  free(numbers);
}

/* Two collectives of one communicator do not interfere. */
static void test_two(void **state) {
  (void)state;
  quern_mpi *other;
  assert_ok(quern_mpi_create(MPI_COMM_WORLD, 60, &other));
  const quern_collective *collective[] = {quern_mpi_collective(mpi), quern_mpi_collective(other)};
  float values[2][3];
  void *requests[2];
  for (size_t k = 0; k < 2; k++)
    for (size_t i = 0; i < 3; i++) values[k][i] = (float)((k + 1) * (i + 1));
  for (size_t k = 0; k < 2; k++)
    assert_ok(collective[k]->all_reduce_start(collective[k]->state, values[k], 3, &requests[k]));
  for (size_t k = 2; k-- > 0;)
    assert_ok(collective[k]->all_reduce_wait(collective[k]->state, requests[k]));
  for (size_t k = 0; k < 2; k++)
    for (size_t i = 0; i < 3; i++)
      assert_true(values[k][i] == (float)((k + 1) * (i + 1) * collective[0]->ranks));
  quern_mpi_free(other);
}

static void test_arguments(void **state) {
  (void)state;
  const quern_collective *c = quern_mpi_collective(mpi);
  quern_mpi *none;
  char byte = 0;
  assert_fails(quern_mpi_create(MPI_COMM_WORLD, -1, &none), QUERN_ERROR_ARGUMENT,
               "time-out of -1 s");
  assert_null(none);
  assert_fails(quern_mpi_create(MPI_COMM_NULL, 1, &none), QUERN_ERROR_ARGUMENT,
               "communicator is not valid");
  assert_fails(quern_mpi_create(MPI_COMM_WORLD, 1, NULL), QUERN_ERROR_ARGUMENT, "NULL");
  assert_fails(c->broadcast(c->state, &byte, 1, c->ranks), QUERN_ERROR_ARGUMENT,
               "a broadcast from rank");
  quern_mpi_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_places), cmocka_unit_test(test_members),
                                     cmocka_unit_test(test_long_broadcast),
                                     cmocka_unit_test(test_two), cmocka_unit_test(test_arguments)};
  return cmocka_run_group_tests(tests, begin, end);
}
