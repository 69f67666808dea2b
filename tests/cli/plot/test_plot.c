/* Pictures of logs. */
#include "picture.h"

#include <math.h>
#include <sys/resource.h>

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

/* A point of a curve is where the axes place it: interpolated from the first and the last tick of
 * each axis. */
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
      y0 = y - 4.0; /* text is drawn a third of its 12 pixels below its center */
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
  /* The dashed curve has two pieces and a single point; the other has a single point. */
  write_text(path_of("gaps.csv"), "epoch,train_loss,test_loss,test_accuracy\n1,5,,\n2,4,,\n3,nan,"
                                  "inf,\n4,3,2,\n5,,,0.5\n6,2,,\n7,1,,\n");
  char *svg = plot(PARTS(path_of("gaps.csv")));
  assert_int_equal(count(svg, "dasharray"), 2 + 1);    /* and its key */
  assert_int_equal(count(svg, "<circle "), 2 + 1 + 1); /* hollow ones, and one for the accuracy */
  free(svg);

  write_text(path_of("one.jsonl"),
             "{\"epoch\":1,\"train_loss\":2,\"test_loss\":null,\"extra\":\"x\"}\n");
  svg = plot(PARTS(path_of("one.jsonl")));
  assert_int_equal(count(svg, "<circle "), 2);
  assert_int_equal(count(svg, ">1</text>"), 1); /* one tick below */
  free(svg);
}

/* The picture of 100,000 epochs has no more points than pixels show, and keeps the extremes. */
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
  /* two files of one name are distinguished by their paths */
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

/* Whatever numbers a log has, the picture is small, and everything is inside its frame. */
static void test_numbers_that_no_axis_shows(void **state) {
  (void)state;
  static const char *const logs[] = {
      /* an accuracy that is not between 0 and 1 */
      "epoch,train_loss,test_accuracy\n1,32977.2116,2.23803235\n",
      "epoch,train_loss,test_accuracy\n1,1,-0.2\n",
      "epoch,train_loss,test_accuracy\n1,1,1e300\n2,1,-1e300\n",
      /* differences that overflow or vanish */
      "epoch,train_loss\n1,1e308\n2,-1e308\n3,1\n",
      "epoch,train_loss\n1,1e300\n2,-1e300\n",
      "epoch,train_loss\n1,5e-324\n2,1e-323\n",
      "epoch,train_loss\n1,1e20\n2,1e20\n",
      "epoch,train_loss\n1,1\n2,1.0000000000000002\n",
      "epoch,train_loss\n1,-1\n2,-1.0000000000000002\n",
      /* the same in epochs */
      "epoch,train_loss\n1e16,1\n",
      "epoch,train_loss\n1e300,1\n",
      "epoch,train_loss\n0,1\n1e300,1\n",
      "epoch,train_loss\ninf,1\n1,2\n",
      "epoch,train_loss\n1e308,1\n1,2\n",
      "epoch,train_loss\n1.2,1\n1.7,2\n",
      "epoch,train_loss\n5e-324,1\n",
      "{\"epoch\":1,\"train_loss\":1e999}\n{\"epoch\":2,\"train_loss\":3}\n",
  };
  /* A limit on the file's size ends a picture that would never end. */
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
               {"epoch,train_loss\n1,x\n", {"line 2", "not a number"}},
               {"epoch,train_loss\n,1\n", {"line 2", "no epoch"}},
               {"epoch,train_loss\n1,nan\n", {"no loss"}},
               {"{\"epoch\":1}\n[1]\n", {"line 2", "no JSON object"}},
               {"{\"epoch\":\"1\"}\n", {"line 1", "\"epoch\" is not a number"}},
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
  assert_one_line(run("plot", bad), 2, PARTS("--output FILE is missing"));
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(test_curves_lie_where_the_axes_say),
      WITH_FOLDER(test_gaps_and_single_points),
      WITH_FOLDER(test_long_trainings_are_thinned),
      WITH_FOLDER(test_numbers_that_no_axis_shows),
      WITH_FOLDER(test_runs_are_compared),
      WITH_FOLDER(test_png),
      WITH_FOLDER(test_plot_refusals),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
