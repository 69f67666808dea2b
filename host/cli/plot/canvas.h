/* Something to draw on: SVG, which quern writes itself, or PNG, where it was built with cairo.
 * Units are pixels, from the upper left corner, y downwards. Nothing fails before cli_canvas_close,
 * which tells of all that did. */
#ifndef QUERN_CLI_PLOT_CANVAS_H
#define QUERN_CLI_PLOT_CANVAS_H

#include "../base/file.h"

typedef struct cli_point {
  double x, y;
} cli_point;

typedef struct cli_color {
  unsigned char red, green, blue;
} cli_color;

typedef enum cli_anchor { CLI_ANCHOR_START, CLI_ANCHOR_MIDDLE, CLI_ANCHOR_END } cli_anchor;

typedef struct cli_canvas {
  const struct cli_canvas_kind *kind;
  const char *path;
  cli_draft draft;
  FILE *file; /* of the output */
  double width, height;
  void *own; /* what the kind keeps */
  bool lost; /* host memory was not to be had for a text */
} cli_canvas;

/* What draws: one table a kind of file. */
typedef struct cli_canvas_kind {
  const char *ending; /* ".svg" */
  bool (*open)(cli_canvas *canvas);
  void (*line)(cli_canvas *canvas, const cli_point *points, size_t count, cli_color color,
               double width, bool dashed);
  void (*box)(cli_canvas *canvas, cli_point corner, double width, double height, cli_color fill);
  void (*dot)(cli_canvas *canvas, cli_point center, double radius, cli_color fill);
  void (*text)(cli_canvas *canvas, cli_point point, const char *text, double size,
               cli_anchor anchor, double degrees, cli_color color);
  bool (*close)(cli_canvas *canvas, bool good); /* prints the rest if all was good, and frees */
} cli_canvas_kind;

extern const cli_canvas_kind cli_canvas_svg, cli_canvas_png;

/* Whether this quern draws pictures of this name, by its ending. */
cli_exit cli_canvas_check(const char *path);

/* The caller closes *canvas, unless this fails. Closing writes the file, whole or not at all. */
cli_exit cli_canvas_open(const char *path, double width, double height, cli_canvas *canvas);
cli_exit cli_canvas_close(cli_canvas *canvas);

/* A line through the points; nothing for less than two. */
void cli_canvas_line(cli_canvas *canvas, const cli_point *points, size_t count, cli_color color,
                     double width, bool dashed);
void cli_canvas_segment(cli_canvas *canvas, cli_point from, cli_point to, cli_color color,
                        double width);
void cli_canvas_box(cli_canvas *canvas, cli_point corner, double width, double height,
                    cli_color fill);
void cli_canvas_dot(cli_canvas *canvas, cli_point center, double radius, cli_color fill);

/* One line of text, with question marks as cli_print has them, whose base line begins, has its
 * middle, or ends at a point, turned clockwise about it. */
void cli_canvas_text(cli_canvas *canvas, cli_point point, const char *text, double size,
                     cli_anchor anchor, double degrees, cli_color color);

/* About how wide a text is: who looks at an SVG brings the font. Rather too wide than too narrow.
 */
double cli_canvas_text_width(const char *text, double size);

#endif
