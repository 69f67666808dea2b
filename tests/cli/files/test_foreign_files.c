/* Hostile texts inside files, in every command: metadata, identities of checkpoints, names of
 * tensors, array members and ONNX nodes. */
#include "foreign.h"

/* Writes a safetensors file with this header. */
static void write_with_header(const char *path, const cJSON *header, const unsigned char *data,
                              size_t size) {
  char *text = cJSON_PrintUnformatted(header);
  assert_non_null(text);
  const size_t length = strlen(text), padded = (length + 7) / 8 * 8;
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  for (size_t i = 0; i < 8; i++) fputc((int)(padded >> 8 * i & 255), file);
  fprintf(file, "%s%*s", text, (int)(padded - length), "");
  assert_int_equal(fwrite(data, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
  cJSON_free(text);
}

/* The parts of a safetensors file. */
typedef struct tensor_file {
  unsigned char *bytes; /* owned */
  cJSON *header;        /* owned */
  size_t begin, size;   /* where the data begin, and the size of the file */
} tensor_file;

static tensor_file open_tensors(const char *path) {
  tensor_file file = {.begin = 0};
  file.bytes = read_bytes(path, &file.size);
  for (size_t i = 8; i-- > 0;) file.begin = file.begin << 8 | file.bytes[i];
  file.header = cJSON_ParseWithLength((const char *)file.bytes + 8, file.begin);
  assert_non_null(file.header);
  file.begin += 8;
  return file;
}

static void close_tensors(tensor_file *file) {
  cJSON_Delete(file->header);
  free(file->bytes);
}

static void write_tensors(const char *path, const tensor_file *file) {
  write_with_header(path, file->header, file->bytes + file->begin, file->size - file->begin);
}

/* Replaces a member's value by a hostile text, or, with `rename`, its name. */
static void make_hostile(cJSON *object, const char *name, bool rename) {
  cJSON *member = cJSON_DetachItemFromObjectCaseSensitive(object, name);
  char other[2 * sizeof HOSTILE];
  snprintf(other, sizeof other, "%s%.8s", HOSTILE, name); /* each name is different */
  if (rename) {
    cJSON_AddItemToObject(object, other, member);
    return;
  }
  cJSON_AddStringToObject(object, name, HOSTILE);
  cJSON_Delete(member);
}

/* A part of the header; for NULL the whole header. */
static cJSON *object_of(const tensor_file *file, const char *part) {
  return part != NULL ? cJSON_GetObjectItemCaseSensitive(file->header, part) : file->header;
}

/* Changes one member at a time, since a reader reports the first error. `line` is the command to
 * run on `to`. */
static void check_members(const char *path, const char *part, bool rename, const char *to,
                          const char *const *line) {
  const cJSON *member;
  tensor_file original = open_tensors(path);
  cJSON_ArrayForEach(member, object_of(&original, part)) {
    tensor_file file = open_tensors(path);
    make_hostile(object_of(&file, part), member->string, rename);
    write_tensors(to, &file);
    close_tensors(&file);
    check_any(&(const command_setting){NULL, NULL}, line);
  }
  close_tensors(&original);
}

/* Changes all at once, for commands that describe any file. */
static void check_all_members(const char *path, const char *to) {
  tensor_file original = open_tensors(path), file = open_tensors(path);
  const cJSON *member;
  cJSON_ArrayForEach(member, cJSON_GetObjectItemCaseSensitive(original.header, "__metadata__"))
      make_hostile(cJSON_GetObjectItemCaseSensitive(file.header, "__metadata__"), member->string,
                   false);
  cJSON_ArrayForEach(member, original.header) if (strcmp(member->string, "__metadata__") != 0)
      make_hostile(file.header, member->string, true);
  write_tensors(to, &file);
  CHECK_ANY("inspect", to);
  CHECK_ANY("inspect", to, "--json");
  CHECK(1, TRAIN, "--data", to);
  close_tensors(&original);
  close_tensors(&file);
}

/* A checkpoint's identity, a model's metadata, and names of tensors. */
static void test_headers(void **state) {
  (void)state;
  const kept_path data = keep("data.csv"), to = keep("changed"), model = keep("model.safetensors"),
                  checkpoint = keep("checkpoint");
  write_table(data.text, "a,b,c", PARTS("x", "y"));
  CHECK(0, TRAIN, "--data", data.text, "--save", model.text, "--checkpoint", checkpoint.text);
  check_all_members(model.text, to.text);
  check_all_members(checkpoint.text, to.text);
  const char *const *const eval = ARGUMENTS("eval", "--model", to.text, "--data", data.text,
                                            "--device", "reference"),
                           *const *const resume =
                               ARGUMENTS(TRAIN, "--data", data.text, "--resume", to.text);
  check_members(model.text, "__metadata__", false, to.text, eval);
  check_members(model.text, NULL, true, to.text, eval);
  check_members(checkpoint.text, "__metadata__", false, to.text, resume);
  check_members(checkpoint.text, NULL, true, to.text, resume);
}

/* Writes a copy of `source` with every `from` replaced by `to`, which is as long. */
static void write_changed(const char *path, const char *source, const char *from, const char *to) {
  size_t size;
  unsigned char *bytes = read_bytes(source, &size);
  size_t changed = 0;
  for (unsigned char *cursor = bytes;
       (cursor = memmem(cursor, size - (size_t)(cursor - bytes), from, strlen(from))) != NULL;
       changed++)
    memcpy(cursor, to, strlen(from));
  assert_true(changed > 0 && strlen(from) == strlen(to));
  write_bytes(path, bytes, size);
  free(bytes);
}

static void test_members_and_nodes(void **state) {
  (void)state;
  static const char archive[] = QUERN_TEST_DATA "/../fuzz/corpus/npz/stored",
                    graph[] = QUERN_TEST_DATA "/../onnx/files/gelu-otherwise.onnx";
  static const char *const letters[] = {"\x1b", "\a", "\x9b"};
  for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
    char name[8];
    snprintf(name, sizeof name, "%s.npy", letters[i]);
    write_changed(path_of("data.npz"), archive, "x.npy", name);
    CHECK(1, TRAIN, "--data", path_of("data.npz"));
  }
  static const char *const parts[][2] = {
      {"Erf", "\x1b[m"}, {"MatMul", "\x1b[31m\x7f"}, {"three", "\x1b[5m\a"}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    write_changed(path_of("model.onnx"), graph, parts[i][0], parts[i][1]);
    CHECK_ANY("inspect", path_of("model.onnx"));
    CHECK(1, "eval", "--model", path_of("model.onnx"), "--data", "digits");
  }
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(test_headers),
      WITH_FOLDER(test_members_and_nodes),
  };
  return cmocka_run_group_tests(tests, set_up_foreign, remove_temporary_folder);
}
