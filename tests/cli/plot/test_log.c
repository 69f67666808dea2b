/* Logs of trainings. */
#include "picture.h"

#include <math.h>

#define COLUMNS                                                                                    \
  "epoch,step,train_loss,test_loss,test_accuracy,learning_rate,samples_per_second,seconds\n"

/* The number in a column and row of a CSV file, both counted from 0; row 0 is the header. */
static double csv_number(const char *text, size_t row, size_t column) {
  for (; row > 0; row--) text = strchr(text, '\n') + 1;
  for (; column > 0; column--) text = strchr(text, ',') + 1;
  return strtod(text, NULL);
}

/* The rows have the numbers of --json, in both formats. */
static void test_rows(void **state) {
  (void)state;
  const char *csv = path_of("log.csv"), *lines = path_of("log.jsonl");
  command_result result = run(DIGITS, "--epochs", "3", "--lr", "0.05", "--log", csv, "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  char *text = read_text(csv);
  assert_int_equal(strncmp(text, COLUMNS, strlen(COLUMNS)), 0);
  assert_int_equal(count_lines(text), 4);
  const cJSON *epoch = cJSON_GetObjectItemCaseSensitive(json, "epochs")->child;
  double seconds = 0.0;
  for (size_t i = 1; i <= 3; i++, epoch = epoch->next) {
    assert_true(csv_number(text, i, 0) == (double)i);
    assert_true(csv_number(text, i, 1) == 45.0 * (double)i); /* 1,438 samples in batches of 32 */
    assert_true(fabs(csv_number(text, i, 2) - json_number(epoch, "train_loss")) <= 1e-8);
    assert_true(fabs(csv_number(text, i, 3) - json_number(epoch, "test_loss")) <= 1e-8);
    assert_true(fabs(csv_number(text, i, 4) - json_number(epoch, "test_accuracy")) <= 1e-8);
    assert_true(csv_number(text, i, 5) == 0.05);
    assert_true(csv_number(text, i, 6) > 0.0);
    assert_true(csv_number(text, i, 7) > seconds);
    seconds = csv_number(text, i, 7);
  }
  result_free(&result);
  cJSON_Delete(json);

  run_well(run(DIGITS, "--epochs", "3", "--lr", "0.05", "--log", lines));
  char *object_text = read_text(lines), *rest = object_text;
  assert_int_equal(count_lines(object_text), 3);
  for (size_t i = 1; i <= 3; i++) {
    const char *end = NULL;
    cJSON *object = cJSON_ParseWithOpts(strsep(&rest, "\n"), &end, true);
    assert_non_null(object);
    assert_true(json_number(object, "epoch") == (double)i);
    assert_true(json_number(object, "train_loss") == csv_number(text, i, 2));
    assert_true(json_number(object, "test_accuracy") == csv_number(text, i, 4));
    cJSON_Delete(object);
  }
  free(object_text);
  free(text);
}

/* Other tasks have other columns, equal to the numbers of --json, and other panels. */
static void check_task(const char *task, const char *header, const char *const *names,
                       size_t column, const char *const *panels) {
  char data[2 * PATH_BYTES], log[2 * PATH_BYTES], picture[2 * PATH_BYTES], member[64];
  snprintf(data, sizeof data, "%s", path_of("data.csv"));
  snprintf(log, sizeof log, "%s", path_of("log.csv"));
  snprintf(picture, sizeof picture, "%s", path_of("log.svg"));
  FILE *file = fopen(data, "w");
  assert_non_null(file);
  for (int i = 0; i < 60; i++) fprintf(file, "%d,%d,%d,%d\n", i % 7, i % 5, i % 7 > 2, i % 5 > 1);
  assert_int_equal(fclose(file), 0);
  command_result result =
      run("train", "--data", data, "--target", "3,4", "--task", task, "--epochs", "3", "--hidden",
          "8", "--device", "reference", "--log", log, "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  char *text = read_text(log);
  assert_int_equal(strncmp(text, header, strlen(header)), 0);
  const cJSON *epoch = cJSON_GetObjectItemCaseSensitive(json, "epochs")->child;
  for (size_t row = 1; row <= 3; row++, epoch = epoch->next)
    for (size_t i = 0; names[i] != NULL; i++) {
      snprintf(member, sizeof member, "test_%s", names[i]);
      const double expected = json_number(epoch, member);
      assert_true(fabs(csv_number(text, row, column + i) - expected) <=
                  1e-8 * fmax(1.0, fabs(expected)));
    }
  cJSON_Delete(json);
  free(text);
  result_free(&result);
  run_well(run("plot", log, "-o", picture));
  text = read_text(picture);
  for (size_t i = 0; panels[i] != NULL; i++) assert_says(text, panels[i]);
  assert_null(strstr(text, "test accuracy"));
  free(text);
}

static void test_tasks(void **state) {
  (void)state;
  check_task("labels",
             "epoch,step,train_loss,test_loss,test_exact_match,test_label_accuracy,test_f1,"
             "learning_rate,samples_per_second,seconds\n",
             PARTS("loss", "exact_match", "label_accuracy", "f1"), 3, PARTS("test F1"));
  check_task("regression",
             "epoch,step,train_loss,test_loss,test_mean_squared_error,test_mean_absolute_error,"
             "test_r_squared,learning_rate,samples_per_second,seconds\n",
             PARTS("loss", "mean_squared_error", "mean_absolute_error", "r_squared"), 3,
             PARTS("test R²", "test mean absolute error"));
}

/* A resumed run appends where its checkpoint ends: later rows and a partial row are removed. */
static void test_resumed_runs_append(void **state) {
  (void)state;
  char checkpoint[2 * PATH_BYTES];
  snprintf(checkpoint, sizeof checkpoint, "%s", path_of("checkpoint"));
  static const char *const names[] = {"log.csv", "log.jsonl"};
  for (size_t form = 0; form < 2; form++) {
    char log[2 * PATH_BYTES];
    snprintf(log, sizeof log, "%s", path_of(names[form]));
    run_well(run(DIGITS, "--epochs", "4", "--log", log));
    char *whole = read_text(log);
    run_well(run(DIGITS, "--epochs", "2", "--log", log, "--checkpoint", checkpoint));
    /* epoch 3, and a part of the next row, from a run that was killed */
    FILE *file = fopen(log, "a");
    assert_non_null(file);
    fputs(form == 0 ? "3,135,9,9,9,9,9,9\n4,18" : "{\"epoch\":3,\"train_loss\":9}\n{\"epo", file);
    assert_int_equal(fclose(file), 0);
    run_well(run(DIGITS, "--epochs", "4", "--log", log, "--resume", checkpoint));
    char *resumed = read_text(log);
    assert_int_equal(count_lines(resumed), count_lines(whole));
    /* All columns but speed and time are unchanged. */
    const char *end = form == 0 ? NULL : ",\"samples_per_second\"";
    for (const char *a = whole, *b = resumed; *a != '\0';
         a = strchr(a, '\n') + 1, b = strchr(b, '\n') + 1) {
      size_t length = 0;
      if (end != NULL)
        length = (size_t)(strstr(a, end) - a);
      else
        for (size_t commas = 0; commas < 6; length++) commas += a[length] == ',';
      assert_memory_equal(a, b, length);
    }
    assert_true(form == 1 || csv_number(resumed, 3, 7) > csv_number(resumed, 2, 7));
    free(resumed);
    free(whole);
    /* A new run starts a new log. */
    run_well(run(DIGITS, "--epochs", "1", "--log", log));
    char *again = read_text(log);
    assert_int_equal(count_lines(again), form == 0 ? 2 : 1);
    free(again);
  }
}

/* The rows would not match the columns. */
static void test_other_columns(void **state) {
  (void)state;
  const char *log = path_of("log.csv"), *checkpoint = path_of("checkpoint");
  run_well(run(DIGITS, "--epochs", "1", "--checkpoint", checkpoint));
  write_text(log, "epoch,train_loss\n1,2\n");
  command_result result = run(DIGITS, "--epochs", "2", "--log", log, "--resume", checkpoint);
  assert_code(&result, 1);
  assert_says(result.err,
              "log.csv cannot be continued: its columns are not epoch,step,train_loss,");
  assert_int_equal(count_lines(result.err), 1);
  result_free(&result);
  char *text = read_text(log);
  assert_string_equal(text, "epoch,train_loss\n1,2\n");
  free(text);
}

static void test_log_refusals(void **state) {
  (void)state;
  assert_one_line(run(DIGITS, "--log", path_of("log.txt")), 1, PARTS("log.txt", ".csv", ".jsonl"));
  assert_one_line(run(DIGITS, "--log", path_of("missing/log.csv")), 1,
                  PARTS("missing/log.csv", "No such file"));
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(test_rows),
      WITH_FOLDER(test_tasks),
      WITH_FOLDER(test_resumed_runs_append),
      WITH_FOLDER(test_other_columns),
      WITH_FOLDER(test_log_refusals),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
