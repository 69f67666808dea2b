/* Several devices of one process give one device's result, the same bits from run to run with the
 * same shares, and one error. */
#include "device/backend.h"
#include "device/device.h"
#include "ranks_bound.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

/* Two references, the default device, and a backend that can be slowed down or made to fail. */
enum { REFERENCE, REFERENCE_TOO, DEFAULT, ODD, CONTEXTS };
static quern_context *contexts[CONTEXTS];

static atomic_int forwards_left = -1; /* ops before one of ODD fails; negative: none fails */
static atomic_int forward_delay;      /* of ODD: microseconds per sample */

static quern_status odd_forward(void *state, const quern_dense_forward_op *op) {
  const int left = atomic_load(&forwards_left);
  if (left == 0) return quern_fail(QUERN_ERROR_DEVICE_LOST, "the odd device is gone");
  if (left > 0) atomic_store(&forwards_left, left - 1);
  const long delay = (long)op->n * atomic_load(&forward_delay) * 1000;
  if (delay > 0) nanosleep(&(const struct timespec){.tv_sec = 0, .tv_nsec = delay}, NULL);
  return quern__reference_backend.dense_forward(state, op);
}

static quern_status open_odd(void) {
  const quern_device odd = {.info = {.kind = QUERN_DEVICE_REFERENCE,
                                     .backend = "odd",
                                     .name = "the odd one",
                                     .platform = "",
                                     .version = "",
                                     .driver = ""},
                            .backend = quern_backend_find("odd")};
  return quern_context_create_on(&odd, &contexts[ODD]);
}

static int open_all(void **state) {
  /* Before the other backend has a device of that name. */
  if (quern_context_create("reference", &contexts[REFERENCE]) != QUERN_OK ||
      quern_context_create("reference", &contexts[REFERENCE_TOO]) != QUERN_OK ||
      quern_context_create("auto", &contexts[DEFAULT]) != QUERN_OK)
    return 1;
  quern_backend table = quern__reference_backend;
  table.name = "odd";
  table.dense_forward = odd_forward;
  if (quern_backend_register(&table) != QUERN_OK || open_odd() != QUERN_OK) return 1;
  return make_temporary_folder(state);
}

static int close_all(void **state) {
  for (size_t c = 0; c < CONTEXTS; c++) quern_context_free(contexts[c]);
  if (quern_backend_unregister("odd") != QUERN_OK) return 1;
  const int counted = test_teardown(state);
  return counted != 0 ? counted : remove_temporary_folder(state);
}

enum { MOST = 3 };

/* Which devices train, and their shares. */
typedef struct device_set {
  size_t count, places[MOST];
  const uint32_t *shares;
} device_set;

typedef struct outcome {
  quern_network *network;
  quern_epoch last;
  quern_status status;
} outcome;

static void list_contexts(const device_set *set, quern_context **listed) {
  for (size_t i = 0; i < set->count; i++) listed[i] = contexts[set->places[i]];
}

static outcome train(const device_set *set, const task *self, const quern_train_options *options) {
  task tested = *self;
  tested.samples = 11;
  quern_dataset *data = task_data(self, 0), *test = task_data(&tested, 3);
  quern_context *listed[MOST];
  list_contexts(set, listed);
  outcome got = {.network = task_network(self, 5)};
  got.status =
      quern_train_on(listed, set->count, set->shares, got.network, data, test, options, &got.last);
  quern_dataset_free(data);
  quern_dataset_free(test);
  return got;
}

static outcome train_well(const device_set *set, const task *self,
                          const quern_train_options *options) {
  const outcome got = train(set, self, options);
  if (got.status != QUERN_OK) fail_msg("%s", quern_last_error());
  return got;
}

static quern_status shares_of(const device_set *set, const task *self,
                              const quern_train_options *options, uint32_t *shares,
                              bool *measured) {
  quern_dataset *data = task_data(self, 0);
  quern_network *network = task_network(self, 5);
  quern_context *listed[MOST];
  list_contexts(set, listed);
  const quern_status status =
      quern_train_shares(listed, set->count, network, data, options, shares, measured);
  quern_network_free(network);
  quern_dataset_free(data);
  return status;
}

static const uint32_t uneven[] = {7, 1}, even[] = {1, 1}, first_none[] = {0, 3, 2},
                      huge[] = {UINT32_MAX - 1, 1};

static void assert_same_figures(const quern_epoch *a, const quern_epoch *b) {
  assert_int_equal(a->epoch, b->epoch);
  assert_memory_equal(&a->train_loss, &b->train_loss, sizeof a->train_loss);
  assert_memory_equal(&a->test.loss, &b->test.loss, sizeof a->test.loss);
  assert_memory_equal(&a->test.accuracy, &b->test.accuracy, sizeof a->test.accuracy);
}

static void test_same_answer(void **state) {
  (void)state;
  const device_set sets[] = {
      {2, {REFERENCE, REFERENCE_TOO}, uneven}, {2, {DEFAULT, REFERENCE}, uneven},
      {2, {DEFAULT, REFERENCE}, even},         {3, {REFERENCE, DEFAULT, REFERENCE_TOO}, first_none},
      {2, {REFERENCE, DEFAULT}, huge},         {1, {DEFAULT}, even}};
  for (size_t t = 0; t < TASKS; t++) {
    const task current = task_at(t);
    const quern_train_options options = task_options(&current);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
      const device_set alone = {1, {sets[i].places[0]}, NULL};
      outcome expected = train_well(&alone, &current, &options),
              first = train_well(&sets[i], &current, &options),
              second = train_well(&sets[i], &current, &options);
      const double bound = bound_of(&current, sets[i].count);
      assert_near(first.network, expected.network, bound);
      assert_true(fabs(first.last.train_loss - expected.last.train_loss) <= bound);
      assert_true(fabs(first.last.test.loss - expected.last.test.loss) <= bound);
      assert_int_equal(first.last.test.samples, expected.last.test.samples);
      assert_same_bits(second.network, first.network);
      assert_same_figures(&second.last, &first.last);
      if (sets[i].count == 1) assert_same_bits(first.network, expected.network);
      quern_network_free(expected.network);
      quern_network_free(first.network);
      quern_network_free(second.network);
    }
  }
}

/* Measured shares add up to the batch. A device that sleeps 2 ms per sample, while others need
 * microseconds, gets less. */
static void test_measured(void **state) {
  (void)state;
  task current = task_at(0);
  current.batch = 20;
  quern_train_options options = task_options(&current);
  const device_set set = {2, {ODD, REFERENCE}, NULL};
  uint32_t shares[2];
  bool measured = false;
  atomic_store(&forward_delay, 2000);
  assert_ok(shares_of(&set, &current, &options, shares, &measured));
  atomic_store(&forward_delay, 0);
  assert_true(measured);
  assert_int_equal(shares[0] + shares[1], 20);
  if (shares[0] >= shares[1]) fail_msg("%u of the slow one, %u of the other", shares[0], shares[1]);

  const device_set alone = {1, {ODD}, NULL};
  outcome expected = train_well(&alone, &current, &options),
          got = train_well(&set, &current, &options);
  assert_near(got.network, expected.network, bound_of(&current, 2));
  quern_network_free(expected.network);
  quern_network_free(got.network);

  /* Fewer samples than devices, and a loss of targets. */
  current = task_at(2);
  current.batch = options.batch = 2;
  const device_set three = {3, {REFERENCE, DEFAULT, REFERENCE_TOO}, NULL};
  uint32_t of_three[3];
  assert_ok(shares_of(&three, &current, &options, of_three, NULL));
  assert_int_equal(of_three[0] + of_three[1] + of_three[2], 2);
}

static void assert_refused(const device_set *set, const quern_train_options *options,
                           const char *what) {
  const task current = task_at(0);
  const quern_train_options usual = task_options(&current);
  const outcome got = train(set, &current, options != NULL ? options : &usual);
  assert_int_equal(got.status, QUERN_ERROR_ARGUMENT);
  assert_non_null(strstr(quern_last_error(), what));
  quern_network_free(got.network);
}

static void test_refusals(void **state) {
  (void)state;
  static const uint32_t none[] = {0, 0}, many[] = {UINT32_MAX, 1};
  assert_refused(&(const device_set){3, {REFERENCE, DEFAULT, REFERENCE}, NULL}, NULL,
                 "reference is listed twice");
  assert_refused(&(const device_set){2, {REFERENCE, DEFAULT}, none}, NULL, "add up to 0");
  assert_refused(&(const device_set){2, {REFERENCE, DEFAULT}, many}, NULL, "add up to 4294967296");
  assert_refused(&(const device_set){0, {REFERENCE}, NULL}, NULL, "the contexts");
  const task current = task_at(0);
  quern_train_options options = task_options(&current);
  options.shares = even;
  assert_refused(&(const device_set){1, {REFERENCE}, NULL}, &options,
                 "shares without a collective");
  options.shares = NULL;
  quern_thread_group *group;
  assert_ok(quern_thread_group_create(2, 0, &group));
  options.collective = quern_thread_group_at(group, 0);
  assert_refused(&(const device_set){2, {REFERENCE, DEFAULT}, even}, &options,
                 "the options have a collective");
  quern_thread_group_free(group);
}

/* A device fails at each possible place, from the measurement to the last epoch: one error names
 * it, and the network is unchanged. */
static void test_one_fails(void **state) {
  (void)state;
  const task current = task_at(0);
  const quern_train_options options = task_options(&current);
  const device_set sets[] = {
      {2, {REFERENCE, ODD}, even}, {2, {ODD, REFERENCE}, even}, {2, {REFERENCE, ODD}, NULL}};
  quern_network *before = task_network(&current, 5);
  for (size_t i = 0; i < 3; i++) {
    for (int left = 0; left < 40; left += 9) {
      atomic_store(&forwards_left, left);
      const outcome got = train(&sets[i], &current, &options);
      atomic_store(&forwards_left, -1);
      assert_int_equal(got.status, QUERN_ERROR_DEVICE_LOST);
      char named[32];
      snprintf(named, sizeof named, "rank %d of 2", i == 1 ? 0 : 1);
      if (strstr(quern_last_error(), named) == NULL ||
          strstr(quern_last_error(), "the odd device is gone") == NULL)
        fail_msg("%s", quern_last_error());
      assert_same_bits(got.network, before);
      quern_network_free(got.network);
      /* The context is lost; the others continue with a new one. */
      quern_context_free(contexts[ODD]);
      assert_ok(open_odd());
    }
  }
  quern_network_free(before);
}

/* What the callbacks in the options received. */
typedef struct witness {
  pthread_t thread;
  size_t asked, allowed, epochs;
  bool elsewhere;
} witness;

static bool stop_later(void *user) {
  witness *seen = user;
  seen->elsewhere = seen->elsewhere || !pthread_equal(seen->thread, pthread_self());
  return seen->asked++ >= seen->allowed;
}

static bool see_epoch(const quern_epoch *epoch, void *user) {
  witness *seen = user;
  seen->elsewhere = seen->elsewhere || !pthread_equal(seen->thread, pthread_self());
  seen->epochs++;
  return epoch->epoch < 100;
}

/* Replaces text in a file by text of the same length. */
static void replace(const char *path, const char *from, const char *to) {
  size_t size;
  unsigned char *bytes = read_bytes(path, &size);
  const size_t length = strlen(from);
  size_t position = 0;
  while (position + length <= size && memcmp(bytes + position, from, length) != 0) position++;
  assert_true(position + length <= size);
  memcpy(bytes + position, to, length);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
  free(bytes);
}

/* Stopped within an epoch and resumed: with the checkpoint's shares to the same bits, with others
 * to close ones. */
static void test_resume(void **state) {
  (void)state;
  const task current = task_at(0);
  quern_train_options options = task_options(&current);
  witness seen = {.thread = pthread_self(), .allowed = 5};
  const device_set set = {2, {REFERENCE, REFERENCE_TOO}, uneven},
                   open = {2, {REFERENCE, REFERENCE_TOO}, NULL},
                   other = {2, {REFERENCE, DEFAULT}, even}, alone = {1, {REFERENCE}, NULL},
                   three = {3, {REFERENCE, DEFAULT, REFERENCE_TOO}, NULL};
  options.on_epoch = see_epoch;
  options.user = &seen;
  outcome whole = train_well(&set, &current, &options);
  assert_int_equal(seen.epochs, current.epochs);
  options.checkpoint = CHECKPOINT;
  options.stop = stop_later;
  outcome part = train_well(&set, &current, &options);
  assert_true(part.last.epoch < current.epochs && part.last.step < part.last.steps);
  assert_false(seen.elsewhere);
  quern_network_free(part.network);

  options.checkpoint = NULL;
  options.stop = NULL;
  options.resume = CHECKPOINT;
  uint32_t shares[3];
  bool measured = true;
  assert_ok(shares_of(&open, &current, &options, shares, &measured));
  assert_false(measured);
  assert_memory_equal(shares, uneven, sizeof uneven);
  assert_ok(shares_of(&three, &current, &options, shares, &measured));
  assert_true(measured);

  outcome same = train_well(&open, &current, &options);
  assert_same_bits(same.network, whole.network);
  assert_same_figures(&same.last, &whole.last);
  quern_network_free(same.network);
  const device_set others[] = {other, alone, three};
  for (size_t i = 0; i < 3; i++) {
    outcome got = train_well(&others[i], &current, &options);
    assert_near(got.network, whole.network, bound_of(&current, 3));
    quern_network_free(got.network);
  }
  quern_network_free(whole.network);

  replace(CHECKPOINT, "\"7,1\"", "\"7,x\"");
  assert_int_equal(shares_of(&open, &current, &options, shares, &measured), QUERN_ERROR_FORMAT);
  assert_non_null(strstr(quern_last_error(), "metadata \"quern.shares\": \"7,x\""));
  replace(CHECKPOINT, "\"7,x\"", "\"0,0\"");
  assert_int_equal(shares_of(&open, &current, &options, shares, &measured), QUERN_ERROR_FORMAT);
  assert_non_null(strstr(quern_last_error(), "\"0,0\""));
}

/* Devices that round differently drift apart within an epoch and are synchronized at its start, so
 * a checkpoint at the end of an epoch is resumed to the same bits. */
static void test_resume_different(void **state) {
  (void)state;
  const task current = task_at(0);
  quern_train_options options = task_options(&current);
  const device_set set = {2, {DEFAULT, REFERENCE}, uneven}, open = {2, {DEFAULT, REFERENCE}, NULL};
  outcome whole = train_well(&set, &current, &options);
  options.checkpoint = CHECKPOINT;
  options.epochs = 1;
  quern_network_free(train_well(&set, &current, &options).network);
  options.checkpoint = NULL;
  options.epochs = current.epochs;
  options.resume = CHECKPOINT;
  outcome got = train_well(&open, &current, &options);
  assert_same_bits(got.network, whole.network);
  assert_same_figures(&got.last, &whole.last);
  quern_network_free(got.network);
  quern_network_free(whole.network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_answer), cmocka_unit_test(test_measured),
      cmocka_unit_test(test_refusals),    cmocka_unit_test(test_one_fails),
      cmocka_unit_test(test_resume),      cmocka_unit_test(test_resume_different)};
  return cmocka_run_group_tests(tests, open_all, close_all);
}
