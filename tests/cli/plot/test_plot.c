/* Logs of trainings, and the pictures of them. */
#include "../command.h"

#include <math.h>
#include <sys/resource.h>

#define COLUMNS                                                                                    \
  "epoch,step,train_loss,test_loss,test_accuracy,learning_rate,samples_per_second,seconds\n"
#define DIGITS "train", "--data", "digits", PLAIN_SGD, "--hidden", "16", "--device", "reference"

static char *read_text(const char *path) {
  size_t size;
  char *text = (char *)read_bytes(path, &size);
  text[size] = '\0';
  return text;
}

static void write_text(const char *path, const char *text) {
  write_bytes(path, text, strlen(text));
}

/* The number in a column of a row of CSV, both counted from 0; row 0 is the header. */
static double csv_number(const char *text, size_t row, size_t column) {
  for (; row > 0; row--) text = strchr(text, '\n') + 1;
  for (; column > 0; column--) text = strchr(text, ',') + 1;
  return strtod(text, NULL);
}

static void run_well(command_result result) {
  assert_code(&result, 0);
  result_free(&result);
}

/* The rows are what --json says, in both forms. */
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

/* Other tasks have columns of their own, which are what --json says, and panels. */
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

/* A resumed run goes on where its checkpoint stands: rows of a run that got further go, and so does
 * half a row. */
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
    /* epoch 3, and the begin of another, from a run that was killed */
    FILE *file = fopen(log, "a");
    assert_non_null(file);
    fputs(form == 0 ? "3,135,9,9,9,9,9,9\n4,18" : "{\"epoch\":3,\"train_loss\":9}\n{\"epo", file);
    assert_int_equal(fclose(file), 0);
    run_well(run(DIGITS, "--epochs", "4", "--log", log, "--resume", checkpoint));
    char *resumed = read_text(log);
    assert_int_equal(count_lines(resumed), count_lines(whole));
    /* All but speed and time is as it was. */
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
    /* A run from the start begins the log anew. */
    run_well(run(DIGITS, "--epochs", "1", "--log", log));
    char *again = read_text(log);
    assert_int_equal(count_lines(again), form == 0 ? 2 : 1);
    free(again);
  }
}

/* Rows would stand under the wrong names. */
static void test_other_columns(void **state) {
  (void)state;
  const char *log = path_of("log.csv"), *checkpoint = path_of("checkpoint");
  run_well(run(DIGITS, "--epochs", "1", "--checkpoint", checkpoint));
  write_text(log, "epoch,train_loss\n1,2\n");
  command_result result = run(DIGITS, "--epochs", "2", "--log", log, "--resume", checkpoint);
  assert_code(&result, 1);
  assert_says(result.err,
              "log.csv cannot be gone on with: its columns are not epoch,step,train_loss,");
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

static size_t count(const char *text, const char *part) {
  size_t found = 0;
  for (const char *cursor = text; (cursor = strstr(cursor, part)) != NULL; cursor += strlen(part))
    found++;
  return found;
}

/* Every coordinate of an SVG of ours lies in its picture. */
static void assert_inside(const char *svg) {
  double width, height;
  assert_int_equal(sscanf(strstr(svg, "width=\""), "width=\"%lf\" height=\"%lf\"", &width, &height),
                   2);
  for (const char *cursor = svg; (cursor = strstr(cursor, "points=\"")) != NULL;) {
    cursor += strlen("points=\"");
    while (*cursor != '"') {
      char *end;
      const double x = strtod(cursor, &end);
      assert_int_equal(*end, ',');
      const double y = strtod(end + 1, &end);
      if (!(x >= 0 && x <= width && y >= 0 && y <= height)) fail_msg("%g,%g is outside", x, y);
      cursor = *end == ' ' ? end + 1 : end;
    }
  }
  static const char *const places[] = {"<text x=\"%lf\" y=\"%lf\"",
                                       "<circle cx=\"%lf\" cy=\"%lf\""};
  for (size_t i = 0; i < 2; i++) {
    const char *name = i == 0 ? "<text " : "<circle ";
    for (const char *at = svg; (at = strstr(at, name)) != NULL; at++) {
      double x, y;
      assert_int_equal(sscanf(at, places[i], &x, &y), 2);
      assert_true(x >= 0 && x <= width && y >= 0 && y <= height);
    }
  }
}

static char *plot(const char *const *logs) {
  const char *arguments[16] = {"quern", "plot", "-o", path_of("curve.svg")};
  size_t used = 4;
  for (; *logs != NULL; logs++) arguments[used++] = *logs;
  run_well(run_with(&(const command_setting){NULL, NULL}, arguments));
  char *svg = read_text(path_of("curve.svg"));
  assert_int_equal(strncmp(svg, "<svg xmlns=", 11), 0);
  assert_says(svg, "</svg>\n");
  assert_null(strstr(svg, "nan"));
  assert_inside(svg);
  return svg;
}

/* A point of a curve lies where the axes say: from the pixels of the first and last tick of each
 * axis to the value. */
static void test_curves_lie_where_the_axes_say(void **state) {
  (void)state;
  write_text(path_of("line.csv"), "epoch,train_loss\n1,8\n2,4\n3,2\n4,0\n5,1\n");
  char *svg = plot(PARTS(path_of("line.csv")));
  double x1 = 0, x5 = 0, y0 = 0, y8 = 0, x, y;
  for (const char *cursor = svg; (cursor = strstr(cursor, "<text ")) != NULL; cursor++) {
    const char *label = strchr(cursor, '>') + 1;
    assert_int_equal(sscanf(cursor, "<text x=\"%lf\" y=\"%lf\"", &x, &y), 2);
    const bool on_x = strstr(cursor, "middle") != NULL && strstr(cursor, "middle") < label;
    if (on_x && strncmp(label, "1<", 2) == 0) x1 = x;
    if (on_x && strncmp(label, "5<", 2) == 0) x5 = x;
    if (!on_x && strncmp(label, "0<", 2) == 0)
      y0 = y - 4.0; /* the base line is a third of 12 below */
    if (!on_x && strncmp(label, "8<", 2) == 0) y8 = y - 4.0;
  }
  assert_true(x5 > x1 && x1 > 0 && y0 > y8 && y8 > 0);
  const char *curve = strstr(svg, "dasharray");
  assert_non_null(curve);
  while (strncmp(curve, "points=\"", 8) != 0) curve--;
  curve += 8;
  static const double losses[] = {8, 4, 2, 0, 1};
  for (size_t i = 0; i < 5; i++) {
    int used;
    assert_int_equal(sscanf(curve, "%lf,%lf%n", &x, &y, &used), 2);
    assert_true(fabs(x - (x1 + (x5 - x1) * (double)i / 4.0)) < 0.1);
    assert_true(fabs(y - (y0 + (y8 - y0) * losses[i] / 8.0)) < 0.1);
    curve += used;
  }
  assert_null(strstr(svg, "accuracy"));
  free(svg);
}

static void test_gaps_and_single_points(void **state) {
  (void)state;
  /* Of the dashed line two pieces and a point alone; of the other a point. */
  write_text(path_of("gaps.csv"), "epoch,train_loss,test_loss,test_accuracy\n1,5,,\n2,4,,\n3,nan,"
                                  "inf,\n4,3,2,\n5,,,0.5\n6,2,,\n7,1,,\n");
  char *svg = plot(PARTS(path_of("gaps.csv")));
  assert_int_equal(count(svg, "dasharray"), 2 + 1);    /* and its key */
  assert_int_equal(count(svg, "<circle "), 2 + 1 + 1); /* hollow, and one for the accuracy */
  free(svg);

  write_text(path_of("one.jsonl"),
             "{\"epoch\":1,\"train_loss\":2,\"test_loss\":null,\"extra\":\"x\"}\n");
  svg = plot(PARTS(path_of("one.jsonl")));
  assert_int_equal(count(svg, "<circle "), 2);
  assert_int_equal(count(svg, ">1</text>"), 1); /* one tick below */
  free(svg);
}

/* A hundred thousand epochs are no larger a picture than their pixels, and keep what stands out. */
static void test_long_trainings_are_thinned(void **state) {
  (void)state;
  FILE *file = fopen(path_of("long.csv"), "w");
  assert_non_null(file);
  fputs("epoch,train_loss\n", file);
  for (size_t i = 1; i <= 100000; i++) fprintf(file, "%zu,%d\n", i, i == 77777 ? 1000 : 1);
  assert_int_equal(fclose(file), 0);
  char *svg = plot(PARTS(path_of("long.csv")));
  assert_true(strlen(svg) < 60000);
  char *lines = plot(PARTS(path_of("long.csv"), path_of("long.csv")));
  /* two of one name are told apart by their paths */
  assert_int_equal(count(lines, "long.csv</text>"), 2);
  /* The peak is as high as the axis's 1000. */
  const char *label = strstr(svg, ">1000</text>");
  assert_non_null(label);
  free(lines);
  const char *curve = strstr(svg, "dasharray");
  while (strncmp(curve, "points=\"", 8) != 0) curve--;
  double highest = 1e9, x, y;
  int used;
  for (curve += 8; sscanf(curve, "%lf,%lf%n", &x, &y, &used) == 2; curve += used)
    highest = fmin(highest, y);
  while (strncmp(label, "<text ", 6) != 0) label--;
  assert_int_equal(sscanf(label, "<text x=\"%lf\" y=\"%lf\"", &x, &y), 2);
  assert_true(fabs(highest - (y - 4.0)) < 0.1);
  free(svg);
}

static void assert_png(const char *path, command_result result) {
  if (result.code != 0) { /* without cairo it says so */
    assert_one_line(result, 1, PARTS("cairo", ".svg"));
    return;
  }
  result_free(&result);
  size_t size;
  unsigned char *bytes = read_bytes(path, &size);
  assert_true(size > 1000);
  assert_memory_equal(bytes, "\x89PNG\r\n\x1a\n", 8);
  assert_memory_equal(bytes + size - 8, "IEND", 4);
  free(bytes);
}

/* Whatever numbers a log has, the picture is small, and what it shows stays inside. */
static void test_numbers_that_no_axis_shows(void **state) {
  (void)state;
  static const char *const logs[] = {
      /* no share at all, under the name of one */
      "epoch,train_loss,test_accuracy\n1,32977.2116,2.23803235\n",
      "epoch,train_loss,test_accuracy\n1,1,-0.2\n",
      "epoch,train_loss,test_accuracy\n1,1,1e300\n2,1,-1e300\n",
      /* differences that overflow, or vanish */
      "epoch,train_loss\n1,1e308\n2,-1e308\n3,1\n",
      "epoch,train_loss\n1,1e300\n2,-1e300\n",
      "epoch,train_loss\n1,5e-324\n2,1e-323\n",
      "epoch,train_loss\n1,1e20\n2,1e20\n",
      "epoch,train_loss\n1,1\n2,1.0000000000000002\n",
      "epoch,train_loss\n1,-1\n2,-1.0000000000000002\n",
      /* the same of epochs */
      "epoch,train_loss\n1e16,1\n",
      "epoch,train_loss\n1e300,1\n",
      "epoch,train_loss\n0,1\n1e300,1\n",
      "epoch,train_loss\ninf,1\n1,2\n",
      "epoch,train_loss\n1e308,1\n1,2\n",
      "epoch,train_loss\n1.2,1\n1.7,2\n",
      "epoch,train_loss\n5e-324,1\n",
      "{\"epoch\":1,\"train_loss\":1e999}\n{\"epoch\":2,\"train_loss\":3}\n",
  };
  /* Of a picture that would not end, a part is enough. */
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit most = {1 << 20, before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &most), 0);
  for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
    const char *log = path_of("odd.log");
    write_text(log, logs[i]);
    char *svg = plot(PARTS(log));
    assert_null(strstr(svg, "inf"));
    assert_true(count(svg, "<polyline ") < 60 && count(svg, "<text ") < 60);
    free(svg);
    assert_png(path_of("odd.png"), run("plot", log, "-o", path_of("odd.png")));
  }
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  write_text(path_of("odd.log"), "epoch,train_loss\ninf,1\n1e301,2\n");
  assert_one_line(run("plot", path_of("odd.log"), "-o", path_of("odd.svg")), 1,
                  PARTS("no loss to draw"));
}

static void test_runs_are_compared(void **state) {
  (void)state;
  write_text(path_of("a.csv"), "epoch,train_loss,test_loss\n1,2,2\n2,1,1\n");
  write_text(path_of("<b> & c.csv"), "epoch,train_loss,test_loss\n1,3,2\n2,2,1\n");
  char *svg = plot(PARTS(path_of("a.csv"), path_of("<b> & c.csv"), "--title", "of \"two\""));
  assert_says(svg, ">a</text>");
  assert_says(svg, ">&lt;b&gt; &amp; c</text>");
  assert_says(svg, ">of \"two\"</text>");
  assert_says(svg, "#0072b2");
  assert_says(svg, "#d55e00");
  free(svg);
}

static void test_png(void **state) {
  (void)state;
  write_text(path_of("a.csv"), "epoch,train_loss,test_loss,test_accuracy\n1,2,2,0.5\n2,1,1,0.6\n");
  const char *path = path_of("curve.png");
  assert_png(path, run("plot", path_of("a.csv"), "--output", path));
}

static void test_plot_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *const parts[4];
  } cases[] = {{"", {"bad.csv has no row"}},
               {"epoch,train_loss\n", {"bad.csv has no row"}},
               {"train_loss\n1\n", {"bad.csv, line 1", "\"epoch\""}},
               {"epoch,epoch\n1,1\n", {"line 1", "twice"}},
               {"epoch,train_loss\n1,2,3\n", {"line 2", "more fields"}},
               {"epoch,train_loss\n1\n", {"line 2", "fewer fields"}},
               {"epoch,train_loss\n1,x\n", {"line 2", "no number"}},
               {"epoch,train_loss\n,1\n", {"line 2", "no epoch"}},
               {"epoch,train_loss\n1,nan\n", {"no loss"}},
               {"{\"epoch\":1}\n[1]\n", {"line 2", "no JSON object"}},
               {"{\"epoch\":\"1\"}\n", {"line 1", "\"epoch\" is no number"}},
               {"{\"train_loss\":1}\n", {"line 1", "no epoch"}}};
  char svg[2 * PATH_BYTES], bad[2 * PATH_BYTES];
  snprintf(svg, sizeof svg, "%s", path_of("curve.svg"));
  snprintf(bad, sizeof bad, "%s", path_of("bad.csv"));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    write_text(bad, cases[i].text);
    assert_one_line(run("plot", bad, "-o", svg), 1, cases[i].parts);
  }
  write_bytes(bad, "epoch\n1\0\n", 9);
  assert_one_line(run("plot", bad, "-o", svg), 1, PARTS("line 2", "zero byte"));
  write_text(bad, "epoch,train_loss\n1,1\n");
  assert_one_line(run("plot", bad, "-o", path_of("curve.jpg")), 1,
                  PARTS("curve.jpg", ".svg or .png"));
  assert_one_line(run("plot", bad, "-o", path_of("missing/curve.svg")), 1,
                  PARTS("missing", "No such file"));
  assert_one_line(run("plot", path_of("missing.csv"), "-o", svg), 1,
                  PARTS("missing.csv", "No such file"));
  assert_one_line(run("plot", "-o", svg), 2, PARTS("LOG... is missing"));
  assert_one_line(run("plot", bad), 2, PARTS("--output is missing"));
}

/* A box a cell that is not empty, with its number. */
static void test_confusion(void **state) {
  (void)state;
  const char *model = path_of("model.safetensors"), *svg_path = path_of("matrix.svg");
  run_well(run(DIGITS, "--epochs", "2", "--save", model));
  command_result result =
      run("eval", "--model", model, "--data", "digits", "--device", "reference", "--plot", svg_path,
          "--class-names", "0,1,2,3,4,5,6,seven,eight,a < b", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  size_t cells = 0;
  const cJSON *row, *cell;
  char *svg = read_text(svg_path);
  assert_inside(svg);
  cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(json, "confusion")) {
    cJSON_ArrayForEach(cell, row) {
      if (cell->valueint == 0) continue;
      char text[32];
      cells++;
      snprintf(text, sizeof text, ">%d</text>", cell->valueint);
      assert_says(svg, text);
    }
  }
  assert_int_equal(count(svg, "<rect "), cells + 1); /* and the ground */
  assert_int_equal(count(svg, ">seven</text>"), 2);
  assert_int_equal(count(svg, ">a &lt; b</text>"), 2);
  free(svg);
  cJSON_Delete(json);
  result_free(&result);
  assert_png(path_of("matrix.png"),
             run("eval", "--model", path_of("model.safetensors"), "--data", "digits", "--device",
                 "reference", "--plot", path_of("matrix.png")));
  assert_one_line(
      run("eval", "--model", path_of("model.safetensors"), "--data", "digits", "--plot", "matrix"),
      1, PARTS("matrix", ".svg or .png"));
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(test_rows),
      WITH_FOLDER(test_tasks),
      WITH_FOLDER(test_resumed_runs_append),
      WITH_FOLDER(test_other_columns),
      WITH_FOLDER(test_log_refusals),
      WITH_FOLDER(test_curves_lie_where_the_axes_say),
      WITH_FOLDER(test_gaps_and_single_points),
      WITH_FOLDER(test_long_trainings_are_thinned),
      WITH_FOLDER(test_numbers_that_no_axis_shows),
      WITH_FOLDER(test_runs_are_compared),
      WITH_FOLDER(test_png),
      WITH_FOLDER(test_plot_refusals),
      WITH_FOLDER(test_confusion),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
