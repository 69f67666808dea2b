/* A canvas: SVG, which quern writes itself, or PNG, if it was built with cairo. Units are pixels
 * from the upper left corner, y downwards. Errors are reported by cli_canvas_close. */
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
  void *own; /* the kind's own state */
  bool lost; /* memory was out for a text */
} cli_canvas;

/* The functions of a kind of file. */
typedef struct cli_canvas_kind {
  const char *ending; /* ".svg" */
  bool (*open)(cli_canvas *canvas);
  void (*line)(cli_canvas *canvas, const cli_point *points, size_t count, cli_color color,
               double width, bool dashed);
  void (*box)(cli_canvas *canvas, cli_point corner, double width, double height, cli_color fill);
  void (*dot)(cli_canvas *canvas, cli_point center, double radius, cli_color fill);
  void (*text)(cli_canvas *canvas, cli_point point, const char *text, double size,
               cli_anchor anchor, double degrees, cli_color color);
  bool (*close)(cli_canvas *canvas, bool good); /* prints the rest if `good`, and frees */
} cli_canvas_kind;

extern const cli_canvas_kind cli_canvas_svg, cli_canvas_png;

/* Checks the ending of a picture's name. */
cli_exit cli_canvas_check(const char *path);

/* Opens a canvas. The caller closes it, unless this fails. Closing writes the file, whole or not at
 * all. */
cli_exit cli_canvas_open(const char *path, double width, double height, cli_canvas *canvas);
cli_exit cli_canvas_close(cli_canvas *canvas);

/* Draws a line through the points; nothing for less than two. */
void cli_canvas_line(cli_canvas *canvas, const cli_point *points, size_t count, cli_color color,
                     double width, bool dashed);
void cli_canvas_segment(cli_canvas *canvas, cli_point from, cli_point to, cli_color color,
                        double width);
void cli_canvas_box(cli_canvas *canvas, cli_point corner, double width, double height,
                    cli_color fill);
void cli_canvas_dot(cli_canvas *canvas, cli_point center, double radius, cli_color fill);

/* Draws a line of text, with question marks as cli_print, whose base line begins at, is centered
 * on, or ends at a point; rotated clockwise about it. */
void cli_canvas_text(cli_canvas *canvas, cli_point point, const char *text, double size,
                     cli_anchor anchor, double degrees, cli_color color);

/* Estimates the width of a text, rather too wide than too narrow: the viewer of an SVG chooses the
 * font. */
double cli_canvas_text_width(const char *text, double size);

#endif
