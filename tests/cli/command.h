/* Runs the command and keeps its output. */
#ifndef QUERN_TESTS_CLI_COMMAND_H
#define QUERN_TESTS_CLI_COMMAND_H

#include "../data/temporary.h"

#include <cjson/cJSON.h>
#include <sys/wait.h>

/* Options of `quern train` that do not depend on the number of epochs. */
#define PLAIN_SGD "--optimizer", "sgd", "--schedule", "constant", "--batch", "32"

typedef struct command_result {
  int code;  /* exit code; 128 plus the signal's number if a signal ended it */
  char *out; /* stdout, owned */
  char *err; /* stderr, owned */
} command_result;

/* Additions to the environment, as "NAME=value", or NULL; and a file for stdout, or NULL for one
 * that is read back. */
typedef struct command_setting {
  const char *const *environment; /* ends with NULL */
  const char *stdout_path;
} command_setting;

static inline char *read_stream(FILE *file) {
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  size_t size = (size_t)ftell(file);
  rewind(file);
  char *text = malloc(size + 1);
  assert_non_null(text);
  assert_int_equal(fread(text, 1, size, file), size);
  text[size] = '\0';
  return text;
}

/* In the child: runs the program, or exits with 127. */
static inline void become(const char *program, const char *const *arguments,
                          const command_setting *setting, int out, int err) {
  for (size_t i = 0; setting->environment != NULL && setting->environment[i] != NULL; i++)
    if (putenv((char *)(uintptr_t)setting->environment[i]) != 0) _exit(127);
  if (setting->stdout_path != NULL && freopen(setting->stdout_path, "w", stdout) == NULL)
    _exit(127);
  if (setting->stdout_path == NULL && dup2(out, STDOUT_FILENO) < 0) _exit(127);
  if (dup2(err, STDERR_FILENO) < 0) _exit(127);
  execvp(program, (char *const *)(uintptr_t)arguments);
  _exit(127);
}

/* Runs the command with its output in files, so that no side waits for the other. arguments[0] is
 * its name; the list ends with NULL. */
static inline command_result run_with(const command_setting *setting,
                                      const char *const *arguments) {
  FILE *out = tmpfile(), *err = tmpfile();
  assert_non_null(out);
  assert_non_null(err);
  fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) become(QUERN_TEST_COMMAND, arguments, setting, fileno(out), fileno(err));
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  command_result result = {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                           read_stream(out), read_stream(err)};
  fclose(out);
  fclose(err);
  return result;
}

#define ARGUMENTS(...) ((const char *const[]){"quern", __VA_ARGS__, NULL})

/* run("train", "--data", "digits") */
#define run(...) run_with(&(const command_setting){NULL, NULL}, ARGUMENTS(__VA_ARGS__))

static inline void result_free(command_result *result) {
  free(result->out);
  free(result->err);
}

static inline size_t count_lines(const char *text) {
  size_t lines = 0;
  for (; *text != '\0'; text++) lines += *text == '\n';
  return lines;
}

static inline void assert_says(const char *text, const char *part) {
  if (strstr(text, part) == NULL) fail_msg("expected \"%s\" in \"%s\"", part, text);
}

static inline void assert_code(const command_result *result, int code) {
  if (result->code != code)
    fail_msg("exit code %d, expected %d; stdout \"%s\", stderr \"%s\"", result->code, code,
             result->out, result->err);
}

/* Fails unless the command exited with `code`, printed nothing to stdout, and printed one line to
 * stderr that begins with "quern" and contains each of the parts. */
static inline void assert_one_line(command_result result, int code, const char *const *parts) {
  assert_code(&result, code);
  if (count_lines(result.err) != 1 || result.err[strlen(result.err) - 1] != '\n')
    fail_msg("expected one line, got \"%s\"", result.err);
  if (strncmp(result.err, "quern", 5) != 0)
    fail_msg("expected \"quern\" before \"%s\"", result.err);
  for (; *parts != NULL; parts++) assert_says(result.err, *parts);
  result_free(&result);
}
#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline void assert_same_files(const char *a_name, const char *b_name) {
  size_t a_size, b_size;
  unsigned char *a = read_bytes(a_name, &a_size), *b = read_bytes(b_name, &b_size);
  assert_int_equal(a_size, b_size);
  assert_memory_equal(a, b, a_size);
  free(a);
  free(b);
}

/* The one JSON object that the command printed; fails if anything follows it. The caller deletes
 * it. */
static inline cJSON *parse_json(const command_result *result) {
  const char *end = NULL;
  cJSON *json = cJSON_ParseWithOpts(result->out, &end, true);
  if (json == NULL) fail_msg("no JSON: \"%s\", stderr \"%s\"", result->out, result->err);
  assert_true(cJSON_IsObject(json));
  return json;
}

static inline double json_number(const cJSON *object, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!cJSON_IsNumber(item)) fail_msg("no number \"%s\"", name);
  return item->valuedouble;
}

static inline const char *json_text(const cJSON *object, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!cJSON_IsString(item)) fail_msg("no text \"%s\"", name);
  return item->valuestring;
}

#endif
