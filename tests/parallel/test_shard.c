/* A rank's shard of a data set: the shards of all ranks have each sample once, and a device
 * receives only its own shard. */
#include "../train/checkpoint_test.h"
#include "ranks.h"
#include "train/data/data_source.h"

#include <stdlib.h>

static const uint32_t even[] = {1, 1, 1, 1}, uneven[] = {3, 0, 1, 2}, tiny[] = {1, 1000, 1, 1};
static const uint32_t *const divisions[] = {NULL, even, uneven, tiny};
enum { DIVISIONS = sizeof divisions / sizeof *divisions };

/* One rank's place among others, for functions that need nothing else. */
static quern_collective place_of(size_t rank, size_t ranks) {
  return (quern_collective){.size = sizeof(quern_collective), .rank = rank, .ranks = ranks};
}

/* Marks the samples of a shard, run by run, and compares them with those of each batch. */
static void mark(const quern_collective *collective, const uint32_t *shares, size_t rows,
                 size_t batch, int *marks) {
  const quern__shard shard = quern__shard_of(collective, shares, rows, batch);
  size_t position = 0, count = 0;
  for (size_t first = 0; first < rows; first += batch) {
    const size_t n = rows - first < batch ? rows - first : batch;
    size_t begin, own;
    quern__collective_part(collective, shares, n, &begin, &own);
    for (size_t i = 0; i < n; i++) {
      assert_int_equal(quern__shard_before(&shard, first + i), count);
      if (i < begin || i >= begin + own) continue;
      if (i == begin) {
        size_t found;
        assert_int_equal(quern__shard_run(&shard, position, first + n, &found), own);
        assert_int_equal(found, first + begin);
        position = first + begin + own;
      }
      marks[first + i]++;
      count++;
    }
  }
  assert_int_equal(quern__shard_before(&shard, rows), count);
  size_t found;
  assert_int_equal(quern__shard_run(&shard, position, rows, &found), 0);
}

static void test_each_once(void **state) {
  (void)state;
  enum { MOST = 23 };
  for (size_t d = 0; d < DIVISIONS; d++)
    for (size_t ranks = 1; ranks <= TEST_MOST_RANKS; ranks++)
      for (size_t rows = 1; rows <= MOST; rows++)
        for (size_t batch = 1; batch <= MOST + 2; batch++) {
          int marks[MOST] = {0};
          for (size_t r = 0; r < ranks; r++) {
            const quern_collective collective = place_of(r, ranks);
            mark(&collective, divisions[d], rows, batch, marks);
          }
          for (size_t i = 0; i < rows; i++) assert_int_equal(marks[i], 1);
        }
}

/* A data set whose samples are identifiable, and a network for it. */
enum { ROWS = 43, COLUMNS = 3 };
typedef struct numbered {
  quern_context *context;
  quern_dataset *data;
  quern_network *network;
  uint32_t order[ROWS];
} numbered;

static numbered make_numbered(void) {
  numbered result;
  float values[ROWS * COLUMNS];
  int32_t labels[ROWS];
  const quern_layer layer = quern_dense(ROWS, QUERN_ACTIVATION_IDENTITY);
  for (size_t i = 0; i < ROWS; i++) {
    labels[i] = (int32_t)i;
    result.order[i] = (uint32_t)((i * 17 + 5) % ROWS);
    for (size_t c = 0; c < COLUMNS; c++) values[i * COLUMNS + c] = (float)(i * COLUMNS + c);
  }
  assert_ok(quern_context_create("reference", &result.context));
  assert_ok(quern_dataset_from_floats(values, labels, ROWS, COLUMNS, &result.data));
  assert_ok(quern_network_create(COLUMNS, &layer, 1, QUERN_LOSS_CATEGORICAL, &result.network));
  return result;
}

static void free_numbered(numbered *self) {
  quern_network_free(self->network);
  quern_dataset_free(self->data);
  quern_context_free(self->context);
}

/* The n samples at `first` are those of the order, or of the data set's own order if that is
 * NULL. */
static void check_samples(quern__data_source *source, const quern__batch *batch,
                          const uint32_t *order, size_t first, size_t n) {
  float values[ROWS * COLUMNS];
  int32_t labels[ROWS];
  quern_tensor x;
  quern__targets targets;
  assert_ok(quern__data_source_gather(source, first, n, batch, &x, &targets));
  assert_ok(quern_buffer_read(batch->x, 0, n * COLUMNS * sizeof *values, values, QUERN_WAIT));
  assert_ok(quern_buffer_read(batch->labels, 0, n * sizeof *labels, labels, QUERN_WAIT));
  for (size_t i = 0; i < n; i++) {
    const size_t sample = order != NULL ? order[first + i] : first + i;
    assert_int_equal(labels[i], sample);
    for (size_t c = 0; c < COLUMNS; c++)
      assert_true(values[i * COLUMNS + c] == (float)(sample * COLUMNS + c));
  }
}

/* Counts samples on the device in chunks that are new. */
static size_t new_rows(const quern__data_source *source, size_t *before) {
  size_t count = 0;
  for (size_t c = 0; c < 2; c++) {
    const quern__chunk *chunk = &source->chunks[c];
    if (chunk->rows > 0 && chunk->first != before[c]) count += chunk->rows;
    before[c] = chunk->rows > 0 ? chunk->first : SIZE_MAX;
  }
  return count;
}

/* Reads all batches twice, with `units` of them in a chunk; returns how many samples reached the
 * device per pass. */
static size_t pass_over_batches(numbered *self, const quern_collective *collective,
                                const uint32_t *shares, size_t size, size_t units,
                                bool looks_ahead) {
  const quern__shard shard = quern__shard_of(collective, shares, ROWS, size);
  const size_t most = quern__collective_largest_part(collective, shares, size);
  const quern__residency placement = {units * most, units * size};
  quern__data_source source;
  quern__batch batch;
  size_t sent = 0;
  assert_ok(quern__data_source_create(self->context, self->network, self->data, true, placement,
                                      shard, &source));
  assert_ok(quern__batch_create(self->context, most, COLUMNS, 0, &batch));
  for (int pass = 0; pass < 2; pass++) {
    size_t before[] = {SIZE_MAX, SIZE_MAX};
    sent = 0;
    assert_ok(quern__data_source_begin(&source, self->order));
    for (size_t first = 0; first < ROWS; first += size) {
      const size_t n = ROWS - first < size ? ROWS - first : size;
      size_t begin, own;
      quern__collective_part(collective, shares, n, &begin, &own);
      if (own > 0) check_samples(&source, &batch, self->order, first + begin, own);
      sent += new_rows(&source, before);
      if (looks_ahead) assert_ok(quern__data_source_ahead(&source));
      sent += new_rows(&source, before);
    }
    assert_int_equal(sent, quern__shard_before(&shard, ROWS));
  }
  quern__batch_free(&batch);
  quern__data_source_free(&source);
  return sent;
}

/* Batches in any order, streamed: all ranks together upload each sample once. */
static void test_streamed_once(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 3, 8, ROWS};
  numbered current = make_numbered();
  for (size_t d = 0; d < DIVISIONS; d++)
    for (size_t ranks = 1; ranks <= TEST_MOST_RANKS; ranks++)
      for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t units = 1; units <= 3; units++) {
          size_t sent = 0;
          for (size_t r = 0; r < ranks; r++) {
            const quern_collective collective = place_of(r, ranks);
            sent +=
                pass_over_batches(&current, &collective, divisions[d], sizes[s], units, r % 2 == 0);
          }
          assert_int_equal(sent, ROWS);
        }
  free_numbered(&current);
}

/* A data set in its own order, of which each rank has one range: streamed, and resident without the
 * other ranges. */
static void test_range(void **state) {
  (void)state;
  enum { SIZE = 4 };
  numbered current = make_numbered();
  for (size_t d = 0; d < DIVISIONS; d++)
    for (size_t units = 0; units <= 2; units++) {
      size_t resident = 0;
      for (size_t r = 0; r < TEST_MOST_RANKS; r++) {
        const quern_collective collective = place_of(r, TEST_MOST_RANKS);
        const quern__shard shard = quern__shard_of(&collective, divisions[d], ROWS, ROWS);
        const quern__residency placement = {units * SIZE, units * SIZE};
        quern__data_source source;
        quern__batch batch;
        assert_ok(quern__data_source_create(current.context, current.network, current.data, true,
                                            placement, shard, &source));
        assert_ok(quern__batch_create(current.context, SIZE, COLUMNS, 0, &batch));
        resident += source.chunks[0].rows;
        const size_t end = shard.begin + shard.own;
        for (size_t first = shard.begin, n; first < end; first += n) {
          const size_t reach = quern__data_source_reach(&source, first, end) - first;
          assert_true(reach % SIZE == 0 || first + reach == end); /* as with resident batches */
          n = reach < SIZE ? reach : SIZE;
          check_samples(&source, &batch, NULL, first, n);
          assert_ok(quern__data_source_ahead(&source));
        }
        quern__batch_free(&batch);
        quern__data_source_free(&source);
      }
      assert_int_equal(resident, units == 0 ? ROWS : 0);
    }
  free_numbered(&current);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_once),
                                     cmocka_unit_test(test_streamed_once),
                                     cmocka_unit_test(test_range)};
  return cmocka_run_group_tests(tests, NULL, test_teardown);
}
