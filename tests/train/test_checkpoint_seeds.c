/* The checkpoints from which fuzzing starts (tests/fuzz/corpus/checkpoint) have the current format:
 * valid ones are read, and each of the others is refused for its own fault only. If the format
 * changes,
 *
 *   QUERN_WRITE_SEEDS=tests/fuzz/corpus/checkpoint build/tests/test_train_checkpoint_seeds
 *
 * writes them again. */
#include "../data/temporary.h"
#include "../fuzz/checkpoint_trainer.h"
#include "test.h"

#include <inttypes.h>
#include <stdlib.h>

#define CORPUS QUERN_TEST_DATA "/../fuzz/corpus/checkpoint"

typedef struct seed {
  const char *name;
  size_t steps;          /* taken before it was saved */
  const char *from, *to; /* a text of its header, and its replacement */
  const char *message;   /* of the error; NULL: it can be read */
} seed;

static const seed seeds[] = {
    {"fresh", 0, NULL, NULL, NULL},
    {"two_steps", 2, NULL, NULL, NULL},
    {"one_epoch", 3, NULL, NULL, NULL},
    {"negative_epoch", 2, "\"quern.epoch\":\"0\"", "\"quern.epoch\":\"-1\"",
     "metadata \"quern.epoch\": \"-1\""},
    {"step_overflows", 2, "\"quern.step\":\"2\"", "\"quern.step\":\"18446744073709551615\"",
     "metadata \"quern.step\": 18446744073709551615"},
    {"promises_2_60", 2, "\"shape\":[18]", "\"shape\":[1152921504606846976]",
     "tensor \"parameters\""},
};
enum { SEEDS = sizeof seeds / sizeof *seeds };

static void create(quern_network **network, quern_trainer **trainer) {
  if (!fuzz_trainer_create(network, trainer)) fail_msg("no trainer: %s", quern_last_error());
}

/* A file in whose header one text is replaced, padded with blanks to a multiple of 8. */
static void exchange(const char *path, const char *from, const char *to) {
  size_t size;
  unsigned char *bytes = read_bytes(path, &size);
  uint64_t length = 0;
  for (size_t i = 0; i < 8; i++) length |= (uint64_t)bytes[i] << 8 * i;
  char *header = (char *)bytes + 8, *place = strstr(header, from);
  if (place == NULL || place >= header + length) fail_msg("%s has no %s", path, from);
  const size_t before = (size_t)(place - header), after = (size_t)length - before - strlen(from);
  const size_t made_length = (before + strlen(to) + after + 7) / 8 * 8;
  unsigned char *result = test_alloc(8 + made_length + size - 8 - (size_t)length, 1);
  memset(result, ' ', 8 + made_length);
  for (size_t i = 0; i < 8; i++) result[i] = (unsigned char)(made_length >> 8 * i);
  memcpy(result + 8, header, before);
  memcpy(result + 8 + before, to, strlen(to));
  memcpy(result + 8 + before + strlen(to), place + strlen(from), after);
  memcpy(result + 8 + made_length, header + length, size - 8 - (size_t)length);
  write_bytes(path, result, 8 + made_length + size - 8 - (size_t)length);
  free(result);
  free(bytes);
}

static void write_seeds(const char *folder) {
  for (size_t i = 0; i < SEEDS; i++) {
    quern_network *network;
    quern_trainer *trainer;
    quern_epoch epoch;
    char path[PATH_BYTES];
    create(&network, &trainer);
    if (seeds[i].steps > 0) assert_ok(quern_trainer_steps(trainer, seeds[i].steps, &epoch));
    snprintf(path, sizeof path, "%s/%s", folder, seeds[i].name);
    assert_ok(quern_trainer_save(trainer, path));
    if (seeds[i].from != NULL) exchange(path, seeds[i].from, seeds[i].to);
    quern_trainer_free(trainer);
    quern_network_free(network);
  }
}

static void check_seeds(const char *folder) {
  for (size_t i = 0; i < SEEDS; i++) {
    quern_network *network;
    quern_trainer *trainer;
    quern_epoch epoch;
    char path[PATH_BYTES];
    create(&network, &trainer);
    snprintf(path, sizeof path, "%s/%s", folder, seeds[i].name);
    const quern_status status = quern_trainer_resume(trainer, path);
    if (seeds[i].message == NULL) {
      if (status != QUERN_OK)
        fail_msg("not taken: %s; the head of this test says how to make it anew",
                 quern_last_error());
      assert_ok(quern_trainer_steps(trainer, 1, &epoch));
    } else if (status == QUERN_OK || strstr(quern_last_error(), seeds[i].message) == NULL) {
      fail_msg("%s: expected it refused by %s, got \"%s\"", path, seeds[i].message,
               status == QUERN_OK ? "" : quern_last_error());
    }
    quern_trainer_free(trainer);
    quern_network_free(network);
  }
}

static void test_the_corpus(void **state) {
  (void)state;
  const char *folder = getenv("QUERN_WRITE_SEEDS");
  if (folder != NULL) write_seeds(folder);
  check_seeds(CORPUS);
}

/* The command above writes the stored files. */
static void test_writing(void **state) {
  (void)state;
  write_seeds(temporary_folder);
  check_seeds(temporary_folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_the_corpus), QUERN_TEST(test_writing)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
