/* Logs and pictures, for the tests of both. */
#ifndef QUERN_TESTS_CLI_PLOT_PICTURE_H
#define QUERN_TESTS_CLI_PLOT_PICTURE_H

#include "../command.h"

#define DIGITS "train", "--data", "digits", PLAIN_SGD, "--hidden", "16", "--device", "reference"

static inline char *read_text(const char *path) {
  size_t size;
  char *text = (char *)read_bytes(path, &size);
  text[size] = '\0';
  return text;
}

static inline void write_text(const char *path, const char *text) {
  write_bytes(path, text, strlen(text));
}

static inline void run_well(command_result result) {
  assert_code(&result, 0);
  result_free(&result);
}

static inline size_t count(const char *text, const char *part) {
  size_t found = 0;
  for (const char *cursor = text; (cursor = strstr(cursor, part)) != NULL; cursor += strlen(part))
    found++;
  return found;
}

/* Every coordinate of an SVG is inside of its picture. */
static inline void assert_inside(const char *svg) {
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

static inline void assert_png(const char *path, command_result result) {
  if (result.code != 0) { /* built without cairo */
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

#endif
