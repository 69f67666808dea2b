/* What a file, a driver or the command line calls things, on its way to a terminal: no command lets
 * a control character through, or one that turns the direction of writing. */
#include "pty.h"

#include <locale.h>
#include <wchar.h>

/* Escape sequences in 7 and 8 bits, a bell, a return, a tab, a delete; marks and overrides of
 * direction; an end of a line. Without a slash, so that it names a file too. */
#define HOSTILE                                                                                              \
  "\x1b[31m\a\r\t\x7f\x01\xc2\x9b"                                                                           \
  "5m\u202e\u2066\u200f\u061c\u2028é"
#define SHOWN "?[31m??????5m?????é" /* what of it is printed */
#define TRAIN "train", "--device", "reference", "--epochs", "1", "--hidden", "4"

/* Tabs are what JSON is indented by. */
static bool is_hostile(wchar_t letter, bool json) {
  return (letter < 0x20 && letter != L'\n' && !(json && letter == L'\t')) ||
         (letter >= 0x7f && letter <= 0x9f) || letter == 0x61c || letter == 0x200e || letter == 0x200f ||
         (letter >= 0x2028 && letter <= 0x202e) || (letter >= 0x2066 && letter <= 0x2069);
}

static void assert_clean(const char *text) {
  mbstate_t state = {0};
  const bool json = *text == '{';
  for (const char *at = text; *at != '\0';) {
    wchar_t letter;
    const size_t bytes = mbrtowc(&letter, at, MB_CUR_MAX, &state);
    if (bytes > MB_CUR_MAX) fail_msg("no UTF-8 at byte %td of \"%s\"", at - text, text);
    if (is_hostile(letter, json)) fail_msg("U+%04X at byte %td of \"%s\"", (unsigned)letter, at - text, text);
    at += bytes;
  }
}

/* The command ends with this code, and nothing of what it says is hostile; what is for programs is JSON. */
static command_result check_with(const command_setting *setting, int code, const char *const *arguments) {
  command_result result = run_with(setting, arguments);
  assert_code(&result, code);
  assert_clean(result.out);
  assert_clean(result.err);
  bool json = false;
  for (; *arguments != NULL; arguments++) json = json || strcmp(*arguments, "--json") == 0;
  if (json && code == 0) cJSON_Delete(parse_json(&result));
  return result;
}

static void check(int code, const char *const *arguments) {
  command_result result = check_with(&(const command_setting){NULL, NULL}, code, arguments);
  result_free(&result);
}
#define CHECK(code, ...) check(code, ARGUMENTS(__VA_ARGS__))

/* And says this. */
static void check_says(int code, const char *part, const char *const *arguments) {
  command_result result = check_with(&(const command_setting){NULL, NULL}, code, arguments);
  assert_says(code == 0 ? result.out : result.err, part);
  result_free(&result);
}

/* A path that stays, of a name in the folder of this test. */
typedef struct kept_path {
  char text[2 * PATH_BYTES];
} kept_path;

static kept_path keep(const char *name) {
  kept_path path;
  snprintf(path.text, sizeof path.text, "%s", path_of(name));
  return path;
}

/* Rows of two inputs and what `last` makes of each, under these names. */
static void write_table(const char *path, const char *header, const char *const *last) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fprintf(file, "%s\n", header);
  for (int i = 0; i < 60; i++) fprintf(file, "%d,%d,%s\n", i % 7, i % 5, last[i % 2]);
  assert_int_equal(fclose(file), 0);
}

/* What a model that was trained on the table is asked about. */
static void check_model(const char *model, const char *data, const char *const *says) {
  CHECK(0, "eval", "--model", model, "--data", data, "--device", "reference", "--json");
  for (; *says != NULL; says++)
    check_says(0, *says, ARGUMENTS("eval", "--model", model, "--data", data, "--device", "reference"));
  CHECK(0, "inspect", model);
  CHECK(0, "inspect", model, "--json");
  command_result table = run_in_terminal(80, NULL, ARGUMENTS("predict", "--model", model, "--data", data));
  assert_code(&table, 0);
  char *to = table.out; /* a terminal adds returns to the ends of lines */
  for (const char *at = table.out; *at != '\0'; at++)
    if (strncmp(at, "\r\n", 2) != 0) *to++ = *at;
  *to = '\0';
  assert_clean(table.out);
  assert_says(table.out, SHOWN);
  assert_clean(table.err);
  result_free(&table);
  /* In a pipe or a file they are data. */
  table = run("predict", "--model", model, "--data", data);
  assert_code(&table, 0);
  assert_says(table.out, HOSTILE);
  result_free(&table);
}

static void test_classes(void **state) {
  (void)state;
  const kept_path data = keep("data.csv"), model = keep("model.safetensors");
  write_table(data.text, "a" HOSTILE ",b,\"c\n" HOSTILE "\"",
              PARTS("\"x" HOSTILE "\"", "\"y\n" HOSTILE "\""));
  CHECK(0, TRAIN, "--data", data.text, "--save", model.text);
  CHECK(0, TRAIN, "--data", data.text, "--json");
  check_model(model.text, data.text, PARTS("x" SHOWN, "y?" SHOWN));
  const kept_path picture = keep("picture.svg");
  CHECK(0, "eval", "--model", model.text, "--data", data.text, "--plot", picture.text);
  size_t size;
  char *svg = (char *)read_bytes(picture.text, &size);
  svg[size] = '\0';
  assert_clean(svg);
  assert_says(svg, "x" SHOWN);
  free(svg);
  /* A class that the model does not know, a column that is not there, and what is no number. */
  write_table(data.text, "a" HOSTILE ",b,c", PARTS("z" HOSTILE, "z"));
  CHECK(1, "eval", "--model", model.text, "--data", data.text);
  CHECK(1, TRAIN, "--data", data.text, "--target", "t" HOSTILE);
  write_bytes(data.text, "1,2,0\n3,\x1b[31m\u202e,1\n", 18);
  CHECK(1, TRAIN, "--data", data.text);
}

static void test_targets(void **state) {
  (void)state;
  const kept_path data = keep("data.csv"), model = keep("model.safetensors");
  static const char *const tasks[] = {"labels", "regression"};
  for (size_t i = 0; i < 2; i++) {
    write_table(data.text, "a,b,x" HOSTILE ",y" HOSTILE, PARTS("0,1", "1,0"));
    CHECK(0, TRAIN, "--data", data.text, "--target", "3,4", "--task", tasks[i], "--save", model.text);
    check_model(model.text, data.text, PARTS("x" SHOWN, "y" SHOWN));
  }
}

static void test_images(void **state) {
  (void)state;
  const kept_path model = keep("model.safetensors");
  static const char names[] = "x" HOSTILE ",b" HOSTILE ",c,d,e,f,g,h,i,\x80\x9b" HOSTILE;
  CHECK(0, TRAIN, "--data", "digits", "--save", model.text);
  CHECK(0, "eval", "--model", model.text, "--data", "digits", "--show", "20", "--class-names", names,
        "--device", "reference");
  CHECK(0, "eval", "--model", model.text, "--data", "digits", "--json", "--class-names", names);
  const kept_path picture = keep("picture.png");
  command_result drawn = run("eval", "--model", model.text, "--data", "digits", "--plot", picture.text,
                             "--class-names", names, "--device", "reference");
  if (drawn.code != 0) assert_says(drawn.err, "without cairo");
  result_free(&drawn);
}

/* Files that are there under such a name, and files that are not. */
static void test_file_names(void **state) {
  (void)state;
  const kept_path model = keep(HOSTILE ".safetensors"), data = keep(HOSTILE ".csv"),
                  log = keep(HOSTILE ".log.csv"), checkpoint = keep(HOSTILE ".checkpoint"),
                  picture = keep(HOSTILE ".svg"), config = keep(HOSTILE ".config"), missing = keep(HOSTILE),
                  latin = keep("\xe9\x9b");
  write_table(data.text, "a,b,c", PARTS("x", "y"));
  CHECK(0, TRAIN, "--data", data.text, "--save", model.text, "--log", log.text, "--checkpoint",
        checkpoint.text, "--write-config", config.text, "--json");
  CHECK(0, "train", "--config", config.text, "--resume", checkpoint.text);
  CHECK(0, TRAIN, "--data", data.text, "--resume", checkpoint.text);
  CHECK(0, "eval", "--model", model.text, "--data", data.text, "--plot", picture.text);
  CHECK(0, "inspect", checkpoint.text);
  CHECK(0, "inspect", model.text, "--json");
  CHECK(0, "plot", log.text, log.text, "-o", picture.text, "--title", "a" HOSTILE);
  size_t size;
  char *svg = (char *)read_bytes(picture.text, &size);
  svg[size] = '\0';
  assert_clean(svg);
  free(svg);
  const char *const paths[] = {missing.text, latin.text, "\x80" HOSTILE};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    CHECK(1, TRAIN, "--data", paths[i]);
    CHECK(1, TRAIN, "--data", data.text, "--resume", paths[i]);
    CHECK(1, TRAIN, "--data", data.text, "--log", paths[i]);
    CHECK(2, TRAIN, "--config", paths[i]);
    CHECK(1, "eval", "--model", paths[i], "--data", data.text);
    CHECK(1, "predict", "--model", model.text, "--data", paths[i]);
    CHECK(1, "inspect", paths[i]);
    CHECK(1, "convert", paths[i], "model.onnx");
    CHECK(1, "convert", model.text, paths[i]);
    CHECK(1, "plot", paths[i], "-o", picture.text);
    CHECK(1, "plot", log.text, "-o", paths[i]);
  }
}

static void test_options(void **state) {
  (void)state;
  static const char *const options[] = {"epochs", "hidden",   "lr",        "seed",          "activation",
                                        "loss",   "schedule", "optimizer", "class-weights", "data-memory"};
  char option[256], line[256];
  const kept_path config = keep("config");
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    snprintf(option, sizeof option, "--%s", options[i]);
    CHECK(2, "train", "--data", "digits", option, HOSTILE);
    CHECK(2, "train", "--data", "digits", option, "3\n\xff" HOSTILE);
    snprintf(line, sizeof line, "%s = " HOSTILE, options[i]);
    write_bytes(config.text, line, strlen(line));
    CHECK(2, "train", "--config", config.text);
  }
  static const char *const lines[] = {HOSTILE, HOSTILE " = 1", "data = \"" HOSTILE, "json = " HOSTILE};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    write_bytes(config.text, lines[i], strlen(lines[i]));
    CHECK(2, "train", "--config", config.text);
  }
  CHECK(2, HOSTILE);
  CHECK(2, "-" HOSTILE);
  static const char *const commands[] = {"devices", "train", "eval", "predict", "plot",   "inspect",
                                         "convert", "bench", "tune", "verify",  "example"};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    CHECK(2, commands[i], "--" HOSTILE);
    CHECK(2, commands[i], "a", "b", "c" HOSTILE);
    CHECK(2, commands[i], "-o");
  }
  CHECK(2, "bench", HOSTILE);
  CHECK(2, "verify", "--op", HOSTILE);
  CHECK(1, "train", "--data", "digits", "--device", HOSTILE);
  CHECK(1, "train", "--data", "digits", "--device", "reference," HOSTILE);
  CHECK(1, "train", "--data", "digits", "--test", HOSTILE);
}

/* A safetensors file with another header. */
static void write_with_header(const char *path, const cJSON *header, const unsigned char *data, size_t size) {
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

/* What the commands say of a file, whether they take it or not. */
static void check_tensors(const char *path, const char *data) {
  static const command_setting plain = {NULL, NULL};
  const char *const *const lines[] = {
      ARGUMENTS("inspect", path),
      ARGUMENTS("inspect", path, "--json"),
      ARGUMENTS("eval", "--model", path, "--data", data, "--device", "reference"),
      ARGUMENTS(TRAIN, "--data", path),
      ARGUMENTS(TRAIN, "--data", data, "--resume", path),
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    command_result result = run_with(&plain, lines[i]);
    assert_in_range(result.code, 0, 2);
    assert_clean(result.out);
    assert_clean(result.err);
    result_free(&result);
  }
}

/* Each member of `object`, whose root is `header`, once with a hostile name, and once with a hostile text. */
static void check_members(cJSON *header, cJSON *object, const char *to, const char *data,
                          const unsigned char *bytes, size_t size) {
  for (int i = 0; i < cJSON_GetArraySize(object); i++) {
    cJSON *member = cJSON_GetArrayItem(object, i), *kept = cJSON_Duplicate(member, true);
    char *name = strdup(member->string);
    if (cJSON_IsString(member)) {
      cJSON_ReplaceItemInObjectCaseSensitive(object, name, cJSON_CreateString(HOSTILE));
      write_with_header(to, header, bytes, size);
      check_tensors(to, data);
    }
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    cJSON_AddItemToObject(object, HOSTILE, cJSON_Duplicate(kept, true));
    write_with_header(to, header, bytes, size);
    check_tensors(to, data);
    cJSON_DeleteItemFromObjectCaseSensitive(object, HOSTILE);
    cJSON_AddItemToObject(object, name, kept);
    cJSON_InsertItemInArray(object, i, cJSON_DetachItemFromObjectCaseSensitive(object, name));
    free(name);
  }
}

/* The identity of a checkpoint, what a model says of itself, and the names of tensors. */
static void test_headers(void **state) {
  (void)state;
  const kept_path data = keep("data.csv"), to = keep("changed"), model = keep("model.safetensors"),
                  checkpoint = keep("checkpoint");
  write_table(data.text, "a,b,c", PARTS("x", "y"));
  CHECK(0, TRAIN, "--data", data.text, "--save", model.text, "--checkpoint", checkpoint.text);
  const char *const files[] = {model.text, checkpoint.text};
  for (size_t i = 0; i < 2; i++) {
    size_t size, length = 0;
    unsigned char *bytes = read_bytes(files[i], &size);
    for (size_t j = 8; j-- > 0;) length = length << 8 | bytes[j];
    cJSON *header = cJSON_ParseWithLength((const char *)bytes + 8, length);
    assert_non_null(header);
    const size_t begin = 8 + length;
    check_members(header, cJSON_GetObjectItemCaseSensitive(header, "__metadata__"), to.text, data.text,
                  bytes + begin, size - begin);
    check_members(header, header, to.text, data.text, bytes + begin, size - begin);
    cJSON_Delete(header);
    free(bytes);
  }
}

/* A file of the tests, with every `from` in it as long a `to`. */
static void write_changed(const char *path, const char *source, const char *from, const char *to) {
  size_t size;
  unsigned char *bytes = read_bytes(source, &size);
  size_t changed = 0;
  for (unsigned char *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), from, strlen(from))) != NULL;
       changed++)
    memcpy(at, to, strlen(from));
  assert_true(changed > 0 && strlen(from) == strlen(to));
  write_bytes(path, bytes, size);
  free(bytes);
}

static void test_members_and_nodes(void **state) {
  (void)state;
  static const char archive[] = QUERN_TEST_DATA "/../fuzz/corpus/npz/stored",
                    graph[] = QUERN_TEST_DATA "/../onnx/gelu-otherwise.onnx";
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
    command_result result = run("inspect", path_of("model.onnx"));
    assert_clean(result.out);
    assert_clean(result.err);
    result_free(&result);
    result = run("eval", "--model", path_of("model.onnx"), "--data", "digits");
    assert_code(&result, 1);
    assert_clean(result.err);
    result_free(&result);
  }
}

/* A driver may call its devices anything. */
static void test_devices(void **state) {
  (void)state;
  const char *const environment[] = {"QUERN_TEST_DRIVER_TEXT=x" HOSTILE, NULL};
  const command_setting hostile = {environment, NULL};
  const char *const *const lines[] = {
      ARGUMENTS("devices"),
      ARGUMENTS("devices", "--json"),
      ARGUMENTS("train", "--data", "digits", "--epochs", "1", "--hidden", "4"),
      ARGUMENTS("train", "--data", "digits", "--epochs", "1", "--hidden", "4", "--device", "auto,reference",
                "--json"),
      ARGUMENTS("verify", "--quick", "--op", "softmax"),
      ARGUMENTS("tune", "--reset", "--json"),
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    command_result result = run_with(&hostile, lines[i]);
    assert_in_range(result.code, 0, 1); /* without a driver the reference is the only device */
    assert_clean(result.out);
    assert_clean(result.err);
    result_free(&result);
  }
}

/* How to go on is a line for a shell, in which the path is the path still. */
static void test_interrupted(void **state) {
  (void)state;
  const kept_path checkpoint = keep("a'b\\" HOSTILE);
  child running = start(ARGUMENTS("train", "--device", "reference", "--hidden", "4", "--data", "digits",
                                  "--epochs", "1000000", "--checkpoint", checkpoint.text));
  const struct timespec pause = {.tv_nsec = 10000000};
  while (access(checkpoint.text, F_OK) != 0) nanosleep(&pause, NULL);
  assert_int_equal(kill(running.process, SIGINT), 0);
  command_result result = finish(&running);
  assert_code(&result, 130);
  assert_clean(result.out);
  assert_clean(result.err);
  assert_says(result.err, "/a\\'b\\\\\\033[31m\\007\\015\\011\\177\\001\\302\\2335m\\342\\200\\256");
  result_free(&result);
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) {
    fputs("there is no locale C.UTF-8\n", stderr);
    return 1;
  }
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(test_classes),           WITH_FOLDER(test_targets), WITH_FOLDER(test_images),
      WITH_FOLDER(test_file_names),        WITH_FOLDER(test_options), WITH_FOLDER(test_headers),
      WITH_FOLDER(test_members_and_nodes), WITH_FOLDER(test_devices), WITH_FOLDER(test_interrupted),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
