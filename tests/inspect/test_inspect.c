/* Inspection of files: every type of numbers, models, checkpoints layer by layer, and other
 * files. */
#include "../data/temporary.h"
#include "plain_options.h"
#include "test.h"

#include <math.h>
#include <quern/quern.h>

/* A safetensors file of a header and bytes. */
static void write_file(const char *path, const char *header, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  const size_t length = strlen(header);
  for (size_t i = 0; i < 8; i++) fputc((int)(length >> 8 * i & 255), file);
  fputs(header, file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

static quern_inspection *inspect(const char *path) {
  quern_inspection *inspection;
  assert_ok(quern_inspect(path, &inspection));
  return inspection;
}

static void assert_numbers(const quern_tensor_info *info, double mean, double deviation,
                           double least, double most) {
  if (!(fabs(info->mean - mean) <= 1e-12 * fabs(mean) &&
        fabs(info->deviation - deviation) <= 1e-9 * deviation && info->least == least &&
        info->most == most))
    fail_msg("%s: mean %.17g, deviation %.17g, from %.17g to %.17g", info->type, info->mean,
             info->deviation, info->least, info->most);
}

/* The numbers 1, -2 and 4 in each type that has them: the mean is 1, the deviation √6. */
static void test_every_type(void **state) {
  (void)state;
  static const struct {
    const char *type, *bytes;
    size_t size;
  } cases[] = {
      {"F64", "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\x10\x40", 24},
      {"F32", "\0\0\x80\x3f\0\0\0\xc0\0\0\x80\x40", 12},
      {"F16", "\0\x3c\0\xc0\0\x44", 6},
      {"BF16", "\x80\x3f\0\xc0\x80\x40", 6},
      {"I64", "\1\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff\4\0\0\0\0\0\0\0", 24},
      {"I32", "\1\0\0\0\xfe\xff\xff\xff\4\0\0\0", 12},
      {"I16", "\1\0\xfe\xff\4\0", 6},
      {"I8", "\1\xfe\4", 3},
  };
  const char *path = path_of("types.safetensors");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char header[128];
    snprintf(header, sizeof header,
             "{\"t\":{\"dtype\":\"%s\",\"shape\":[3,1],\"data_offsets\":[0,%zu]}}", cases[i].type,
             cases[i].size);
    write_file(path, header, cases[i].bytes, cases[i].size);
    quern_inspection *file = inspect(path);
    assert_int_equal(quern_inspection_kind(file), QUERN_FILE_TENSORS);
    assert_null(quern_inspection_network(file));
    assert_true(strlen(quern_inspection_note(file)) > 0);
    assert_int_equal(quern_inspection_tensor_count(file), 1);
    const quern_tensor_info info = quern_inspection_tensor(file, 0);
    assert_string_equal(info.name, "t");
    assert_string_equal(info.type, cases[i].type);
    assert_true(info.rank == 2 && info.shape[0] == 3 && info.shape[1] == 1 && info.count == 3);
    assert_numbers(&info, 1.0, sqrt(6.0), -2.0, 4.0);
    assert_int_equal(info.not_finite, 0);
    quern_inspection_free(file);
  }
}

static void test_numbers_at_the_edges(void **state) {
  (void)state;
  const char *path = path_of("edges.safetensors");
  /* float16: the least number above 0, infinity, NaN, and 65504, the largest. */
  write_file(path, "{\"t\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]}}",
             "\1\0\0\xfc\1\x7e\xff\x7b", 8);
  quern_inspection *file = inspect(path);
  quern_tensor_info info = quern_inspection_tensor(file, 0);
  assert_int_equal(info.not_finite, 2);
  assert_true(info.least == 0x1p-24 && info.most == 65504.0);
  quern_inspection_free(file);
  /* Unsigned numbers beyond signed ones; an empty tensor, a scalar, and a type without
   * statistics. */
  write_file(path,
             "{\"a\":{\"dtype\":\"U64\",\"shape\":[],\"data_offsets\":[0,8]},\"b\":{\"dtype\":"
             "\"U8\",\"shape\":[0,7],\"data_offsets\":[8,8]},\"c\":{\"dtype\":\"F8_E4M3\","
             "\"shape\":[1],\"data_offsets\":[8,9]}}",
             "\0\0\0\0\0\0\0\x80\1", 9);
  file = inspect(path);
  assert_int_equal(quern_inspection_tensor_count(file), 3);
  info = quern_inspection_tensor(file, 0);
  assert_true(info.rank == 0 && info.count == 1 && info.shape == NULL && info.mean == 0x1p63);
  for (size_t i = 1; i < 3; i++) {
    info = quern_inspection_tensor(file, i);
    assert_true(isnan(info.mean) && isnan(info.deviation) && isnan(info.least) && isnan(info.most));
  }
  quern_inspection_free(file);
}

/* Ranges longer than one read, and far from zero, where the square of the mean would hide the
 * deviation. */
static void test_long_tensors(void **state) {
  (void)state;
  enum { COUNT = 40000 };
  float *values = test_alloc(COUNT, sizeof *values);
  for (size_t i = 0; i < COUNT; i++) values[i] = i % 2 == 0 ? 1e6f : 1e6f + 1.0f;
  write_file(path_of("long.safetensors"),
             "{\"t\":{\"dtype\":\"F32\",\"shape\":[200,200],\"data_offsets\":[0,160000]}}", values,
             COUNT * sizeof *values);
  quern_inspection *file = inspect(path_of("long.safetensors"));
  const quern_tensor_info info = quern_inspection_tensor(file, 0);
  assert_numbers(&info, 1e6 + 0.5, 0.5, 1e6, 1e6 + 1.0);
  quern_inspection_free(file);
  free(values);
}

static quern_network *small_network(void) {
  const quern_layer layers[] = {quern_dense(3, QUERN_ACTIVATION_TANH),
                                quern_dense(10, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network;
  assert_ok(quern_network_create(64, layers, 2, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1));
  return network;
}

static void test_model(void **state) {
  (void)state;
  quern_network *network = small_network();
  assert_ok(quern_model_save(network, path_of("model.safetensors")));
  quern_inspection *file = inspect(path_of("model.safetensors"));
  assert_int_equal(quern_inspection_kind(file), QUERN_FILE_MODEL);
  assert_string_equal(quern_inspection_note(file), "");
  const quern_network *found = quern_inspection_network(file);
  assert_non_null(found);
  assert_int_equal(quern_network_layer(found, 0).activation.kind, QUERN_ACTIVATION_TANH);
  static const char *const names[] = {"0.weight", "0.bias", "2.weight", "2.bias"};
  assert_int_equal(quern_inspection_tensor_count(file), 4);
  for (size_t i = 0; i < 4; i++)
    assert_string_equal(quern_inspection_tensor(file, i).name, names[i]);
  assert_true(quern_inspection_tensor(file, 0).shape[0] == 3 &&
              quern_inspection_tensor(file, 0).shape[1] == 64);
  size_t i = 0;
  while (strcmp(quern_inspection_metadata_key(file, i), "quern.loss") != 0)
    assert_true(++i < quern_inspection_metadata_count(file));
  assert_string_equal(quern_inspection_metadata_value(file, i), "categorical");
  quern_inspection_free(file);
  quern_network_free(network);
}

/* Each layer of a checkpoint has the same numbers as in the model. */
static void test_checkpoint(void **state) {
  (void)state;
  quern_context *context;
  quern_dataset *data;
  quern_trainer *trainer;
  quern_network *network = small_network();
  assert_ok(quern_context_create("reference", &context));
  assert_ok(quern_dataset_open("digits", NULL, &data, NULL));
  quern_train_options options = plain_train_options();
  quern_epoch epoch;
  assert_ok(quern_trainer_create(context, network, data, NULL, &options, &trainer));
  assert_ok(quern_trainer_steps(trainer, 7, &epoch));
  assert_ok(quern_trainer_save(trainer, path_of("checkpoint")));
  assert_ok(quern_trainer_download(trainer, network));
  assert_ok(quern_model_save(network, path_of("model.safetensors")));
  quern_inspection *checkpoint = inspect(path_of("checkpoint")),
                   *model = inspect(path_of("model.safetensors"));
  assert_int_equal(quern_inspection_kind(checkpoint), QUERN_FILE_CHECKPOINT);
  assert_null(quern_inspection_network(checkpoint));
  size_t parts = 0, losses = 0;
  for (size_t i = 0; i < quern_inspection_tensor_count(checkpoint); i++) {
    const quern_tensor_info info = quern_inspection_tensor(checkpoint, i);
    losses += strcmp(info.name, "losses") == 0 && info.count == 7 * 32;
    if (strncmp(info.name, "parameters: ", 12) != 0) continue;
    const quern_tensor_info same = quern_inspection_tensor(model, parts++);
    assert_int_equal(info.count, same.count);
    assert_true(info.least == same.least && info.most == same.most);
    assert_true(fabs(info.mean - same.mean) <= 1e-9);
  }
  assert_int_equal(parts, 4);
  assert_int_equal(losses, 1);
  quern_inspection_free(checkpoint);
  quern_inspection_free(model);
  quern_trainer_free(trainer);
  quern_dataset_free(data);
  quern_context_free(context);
  quern_network_free(network);
}

static void test_refusals(void **state) {
  (void)state;
  quern_inspection *file;
  assert_fails(quern_inspect(NULL, &file), QUERN_ERROR_ARGUMENT, "path");
  assert_fails(quern_inspect(path_of("missing"), &file), QUERN_ERROR_FILE, "missing");
  assert_null(file);
  write_bytes(path_of("short"), "\1", 1);
  assert_fails(quern_inspect(path_of("short"), &file), QUERN_ERROR_FORMAT, "safetensors");
  /* A checkpoint with an invalid network is listed by its tensors. */
  static const char *const networks[] = {
      "",   "-", "64", "64-", "0-3", "64--3", "99999999999999999999-1", "2147483647-2147483647",
      "3-1"};
  for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
    char header[256];
    snprintf(header, sizeof header,
             "{\"__metadata__\":{\"quern.checkpoint\":\"1\",\"quern.network\":\"%s\"},"
             "\"parameters\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
             networks[i]);
    write_file(path_of("odd"), header, "\5", 1);
    file = inspect(path_of("odd"));
    assert_int_equal(quern_inspection_tensor_count(file), 1);
    assert_string_equal(quern_inspection_tensor(file, 0).name, "parameters");
    quern_inspection_free(file);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_every_type),   QUERN_TEST(test_numbers_at_the_edges),
      QUERN_TEST(test_long_tensors), QUERN_TEST(test_model),
      QUERN_TEST(test_checkpoint),   QUERN_TEST(test_refusals)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
