#include "canvas.h"

#include "../text/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const cli_canvas_kind *const kinds[] = {&cli_canvas_svg, &cli_canvas_png};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const cli_canvas_kind *find_kind(const char *path) {
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot != NULL && i < KINDS; i++)
    if (strcasecmp(dot, kinds[i]->ending) == 0) return kinds[i];
  return NULL;
}

cli_exit cli_canvas_check(const char *path) {
  const cli_canvas_kind *kind = find_kind(path);
  if (kind == NULL)
    return cli_fail("%s: expected the name of a picture, ending with .svg or .png", path);
  if (kind->open == NULL)
    return cli_fail(
        "%s: this quern was built without cairo, which draws PNG; a name that ends with .svg works",
        path);
  return CLI_OK;
}

cli_exit cli_canvas_open(const char *path, double width, double height, cli_canvas *canvas) {
  const cli_exit result = cli_canvas_check(path);
  if (result != CLI_OK) return result;
  *canvas = (cli_canvas){.kind = find_kind(path), .path = path, .width = width, .height = height};
  const bool opened = cli_draft_open(&canvas->draft);
  canvas->file = canvas->draft.stream;
  if (opened && canvas->kind->open(canvas)) return CLI_OK;
  cli_draft_free(&canvas->draft);
  return cli_fail_memory();
}

cli_exit cli_canvas_close(cli_canvas *canvas) {
  const bool drawn = canvas->kind->close(canvas, ferror(canvas->file) == 0 && !canvas->lost);
  const cli_exit result =
      drawn          ? cli_file_write(canvas->path, &canvas->draft)
      : canvas->lost ? cli_fail_memory()
                     : cli_fail("%s cannot be written: it could not be drawn", canvas->path);
  cli_draft_free(&canvas->draft);
  return result;
}

void cli_canvas_line(cli_canvas *canvas, const cli_point *points, size_t count, cli_color color,
                     double width, bool dashed) {
  if (count > 1) canvas->kind->line(canvas, points, count, color, width, dashed);
}

void cli_canvas_segment(cli_canvas *canvas, cli_point from, cli_point to, cli_color color,
                        double width) {
  cli_canvas_line(canvas, (const cli_point[]){from, to}, 2, color, width, false);
}

void cli_canvas_box(cli_canvas *canvas, cli_point corner, double width, double height,
                    cli_color fill) {
  canvas->kind->box(canvas, corner, width, height, fill);
}

void cli_canvas_dot(cli_canvas *canvas, cli_point center, double radius, cli_color fill) {
  canvas->kind->dot(canvas, center, radius, fill);
}

void cli_canvas_text(cli_canvas *canvas, cli_point point, const char *text, double size,
                     cli_anchor anchor, double degrees, cli_color color) {
  char *clean = cli_text_clean(text);
  if (clean == NULL) canvas->lost = true;
  if (clean != NULL) canvas->kind->text(canvas, point, clean, size, anchor, degrees, color);
  free(clean);
}

double cli_canvas_text_width(const char *text, double size) {
  return 0.6 * size * (double)cli_text_length(text);
}
