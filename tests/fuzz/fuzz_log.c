/* Training logs, drawn as SVG; all points must be inside the picture. */
#include "cli/log/log.h"
#include "cli/plot/plot_curves.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* Four points per pixel column for each curve, and the frame. */
enum { LARGEST_PICTURE = 1 << 20 };

static char *read_picture(const char *path) {
  FILE *file = fopen(path, "r");
  char *text = calloc(1, LARGEST_PICTURE);
  fuzz_expect(file != NULL && text != NULL, "log: the picture is not there");
  const size_t got = fread(text, 1, LARGEST_PICTURE - 1, file);
  fuzz_expect(got < LARGEST_PICTURE - 1, "log: a picture without end");
  fclose(file);
  return text;
}

static void check_points(const char *cursor, double width, double height) {
  while (*cursor != '"') {
    char *end;
    const double x = strtod(cursor, &end), y = strtod(end + 1, &end);
    fuzz_expect(x >= 0 && x <= width && y >= 0 && y <= height,
                "log: a point outside of the picture");
    cursor = *end == ' ' ? end + 1 : end;
  }
}

static void check_picture(const char *svg) {
  double width = 0, height = 0;
  const char *size = strstr(svg, "width=\"");
  fuzz_expect(size != NULL && sscanf(size, "width=\"%lf\" height=\"%lf\"", &width, &height) == 2 &&
                  strstr(svg, "</svg>\n") != NULL,
              "log: no picture");
  static const char points[] = "points=\"";
  for (const char *cursor = svg; (cursor = strstr(cursor, points)) != NULL;)
    check_points(cursor += strlen(points), width, height);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  fuzz_file file = fuzz_file_create(bytes, size);
  cli_plot_run run = {.name = "log"};
  fuzz_capture();
  cli_exit result = cli_log_read(file.path, &run.rows);
  const char *picture = fuzz_path("picture.svg");
  if (result == CLI_OK && run.rows.count > 0) result = cli_plot_curves(&run, 1, "log", picture);
  fuzz_check_captured(result != CLI_OK);
  if (result == CLI_OK && run.rows.count > 0) {
    char *svg = read_picture(picture);
    check_picture(svg);
    free(svg);
  }
  cli_log_rows_free(&run.rows);
  fuzz_file_close(&file);
  return 0;
}
