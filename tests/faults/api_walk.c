/* Implements api_walk.h. */
#include "api_walk.h"

#include "alloc_faults.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t faults;
static char folder[4096];

void digest(place *where, const void *data, size_t bytes) {
  const unsigned char *byte = data;
  for (size_t i = 0; i < bytes; i++)
    where->result = (where->result ^ byte[i]) * UINT64_C(0x100000001b3);
}

const char *walk_path(const char *name) {
  static char paths[2][sizeof folder + 64];
  static unsigned turn;
  char *path = paths[turn++ % 2];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

/* Reads by descriptor, because a stream would allocate. */
void digest_file(place *where, const char *name) {
  char bytes[4096];
  const int file = open(walk_path(name), O_RDONLY | O_CLOEXEC);
  for (ssize_t count; file >= 0 && (count = read(file, bytes, sizeof bytes)) > 0;)
    digest(where, bytes, (size_t)count);
  if (file >= 0) close(file);
}

void fill_values(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = (float)(i * 37 % 11) / 11.0f;
}

static void make_network(quern_network **network) {
  quern_layer hidden = quern_dense(HIDDEN, QUERN_ACTIVATION_LEAKY_RELU);
  hidden.activation.slope = 0.2f;
  hidden.dropout = 0.125f;
  hidden.normalization = quern_normalization_of(QUERN_NORMALIZATION_BATCH);
  const quern_layer layers[] = {hidden, quern_dense(CLASSES, QUERN_ACTIVATION_IDENTITY)};
  assert_ok(quern_network_create(INPUTS, layers, 2, QUERN_LOSS_CATEGORICAL, network));
  assert_ok(quern_network_initialize(*network, QUERN_INITIALIZER_DEFAULT, 3));
}

static void make_data(quern_dataset **data) {
  float values[SAMPLES * INPUTS];
  int32_t labels[SAMPLES];
  fill_values(values, SAMPLES * INPUTS);
  for (size_t i = 0; i < SAMPLES; i++) labels[i] = (int32_t)(i % CLASSES);
  assert_ok(quern_dataset_from_floats(values, labels, SAMPLES, INPUTS, data));
}

static void set_up(place *where, const api_operation *walked) {
  where->result = UINT64_C(0xcbf29ce484222325);
  make_network(&where->network);
  make_data(&where->data);
  if (walked->own_context) return;
  assert_ok(quern_context_create(where->device, &where->context));
  assert_ok(quern_buffer_create(where->context, FLOATS * sizeof(float), &where->buffer));
  assert_ok(quern_buffer_fill(where->buffer, 0, FLOATS * sizeof(float), 0));
  assert_ok(quern_context_finish(where->context));
}

static void take_down(place *where) {
  quern_buffer_free(where->buffer);
  quern_context_free(where->context);
  quern_dataset_free(where->data);
  quern_network_free(where->network);
  *where = (place){.device = where->device};
}

/* One run with a fault; *count becomes the number of allocations. */
static quern_status run_once(const api_operation *walked, const char *device, size_t fault, bool on,
                             size_t *count, uint64_t *result) {
  place where = {.device = device};
  const long outside = alloc_faults_live();
  set_up(&where, walked);
  const long before = alloc_faults_live();
  alloc_faults_start(fault, on);
  const quern_status status = walked->run(&where);
  *count = alloc_faults_stop();
  *result = where.result;
  /* A context's caches for the next call are freed with it. */
  if (walked->own_context) assert_int_equal(alloc_faults_live(), before);
  take_down(&where);
  if (alloc_faults_live() != outside)
    fail_msg("%s: allocation %zu%s: %ld not freed", walked->name, fault, on ? " and on" : "",
             alloc_faults_live() - outside);
  return status;
}

void walk_on(const api_operation *walked, const char *device) {
  size_t count, ignored, created = 0, without = 0;
  uint64_t expected, result;
  /* Objects that only a first run creates exist from here on. */
  assert_ok(run_once(walked, device, 0, false, &count, &expected));
  assert_ok(run_once(walked, device, 0, false, &count, &expected));
  uint64_t *sites = test_alloc(count, sizeof *sites);
  alloc_faults_record(sites, count);
  assert_ok(run_once(walked, device, 0, false, &ignored, &result));
  alloc_faults_record(NULL, 0);
  assert_true(result == expected);
  for (size_t position = 1; position <= count; position++) {
    if (!alloc_faults_chosen(sites, position)) continue;
    for (int on = 0; on < 2; on++) {
      const quern_status status = run_once(walked, device, position, on == 1, &ignored, &result);
      created++;
      without += status == QUERN_OK;
      if (status == QUERN_OK && result != expected)
        fail_msg("%s: allocation %zu%s: succeeds with another result", walked->name, position,
                 on == 1 ? " and on" : "");
      if (status != QUERN_OK && *quern_last_error() == '\0')
        fail_msg("%s: allocation %zu: fails without a message", walked->name, position);
    }
  }
  free(sites);
  print_message("%-34s %-9s %4zu allocations, %4zu made to fail, %3zu done without\n", walked->name,
                device != NULL ? device : "default", count, created, without);
  faults += created;
}

void walk(const api_operation *walked) {
  walk_on(walked, "reference");
  walk_on(walked, NULL);
}

void digest_network(place *where, const quern_network *network) {
  float weights[INPUTS * HIDDEN], bias[HIDDEN];
  if (quern_network_get_layer(network, 0, weights, bias) != QUERN_OK) return;
  digest(where, weights, sizeof weights);
  digest(where, bias, sizeof bias);
}

int make_walk_folder(void **state) {
  (void)state;
  const char *parent = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/quern-memory-XXXXXX", parent != NULL ? parent : "/tmp");
  return mkdtemp(folder) != NULL ? 0 : -1;
}

/* Only the two files of the operations remain. */
int remove_walk_folder(void **state) {
  (void)state;
  print_message("allocations made to fail: %zu\n", faults);
  remove(walk_path("model"));
  remove(walk_path("checkpoint"));
  return rmdir(folder) == 0 && faults > 0 ? 0 : -1;
}
