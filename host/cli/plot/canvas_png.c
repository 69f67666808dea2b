/* Pictures as PNG, by cairo, with two pixels per unit for screens of high resolution. */
#include "canvas.h"

#ifdef QUERN_WITH_CAIRO
#include <cairo.h>
#include <limits.h>
#include <math.h>

#define SCALE     2.0
#define HALF_TURN 3.14159265358979323846
static const char font[] = "sans-serif";

static cairo_t *context_of(const cli_canvas *canvas) {
  return canvas->own;
}

static void set_color(cairo_t *cairo, cli_color color) {
  cairo_set_source_rgb(cairo, color.red / 255.0, color.green / 255.0, color.blue / 255.0);
}

/* cairo reports sizes that are too large. */
static int pixels(double units) {
  return (int)fmin(ceil(SCALE * units), INT_MAX);
}

static bool open_png(cli_canvas *canvas) {
  cairo_surface_t *surface =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, pixels(canvas->width), pixels(canvas->height));
  cairo_t *cairo = cairo_create(surface);
  cairo_surface_destroy(surface); /* the context holds it */
  canvas->own = cairo;
  if (cairo_status(cairo) != CAIRO_STATUS_SUCCESS) {
    cairo_destroy(cairo);
    return false;
  }
  cairo_scale(cairo, SCALE, SCALE);
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_select_font_face(cairo, font, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  set_color(cairo, (cli_color){255, 255, 255});
  cairo_paint(cairo);
  return true;
}

static cairo_status_t write_bytes(void *closure, const unsigned char *bytes, unsigned count) {
  return fwrite(bytes, 1, count, closure) == count ? CAIRO_STATUS_SUCCESS
                                                   : CAIRO_STATUS_WRITE_ERROR;
}

static bool close_png(cli_canvas *canvas, bool good) {
  cairo_t *cairo = context_of(canvas);
  good = good && cairo_status(cairo) == CAIRO_STATUS_SUCCESS &&
         cairo_surface_write_to_png_stream(cairo_get_target(cairo), write_bytes, canvas->file) ==
             CAIRO_STATUS_SUCCESS;
  cairo_destroy(cairo);
  /* frees cairo's cache of fonts */
  cairo_debug_reset_static_data();
  return good;
}

static void draw_line(cli_canvas *canvas, const cli_point *points, size_t count, cli_color color,
                      double width, bool dashed) {
  static const double dashes[] = {5.0, 3.0};
  cairo_t *cairo = context_of(canvas);
  cairo_set_dash(cairo, dashes, dashed ? 2 : 0, 0.0);
  cairo_set_line_width(cairo, width);
  set_color(cairo, color);
  cairo_new_path(cairo); /* a text moves the current point */
  for (size_t i = 0; i < count; i++) cairo_line_to(cairo, points[i].x, points[i].y);
  cairo_stroke(cairo);
}

static void draw_box(cli_canvas *canvas, cli_point corner, double width, double height,
                     cli_color fill) {
  cairo_t *cairo = context_of(canvas);
  set_color(cairo, fill);
  cairo_new_path(cairo);
  cairo_rectangle(cairo, corner.x, corner.y, width, height);
  cairo_fill(cairo);
}

static void draw_dot(cli_canvas *canvas, cli_point center, double radius, cli_color fill) {
  cairo_t *cairo = context_of(canvas);
  set_color(cairo, fill);
  cairo_new_path(cairo);
  cairo_arc(cairo, center.x, center.y, radius, 0.0, 2.0 * HALF_TURN);
  cairo_fill(cairo);
}

static void draw_text(cli_canvas *canvas, cli_point point, const char *text, double size,
                      cli_anchor anchor, double degrees, cli_color color) {
  cairo_t *cairo = context_of(canvas);
  cairo_text_extents_t extents;
  cairo_set_font_size(cairo, size);
  cairo_text_extents(cairo, text, &extents);
  const double width = extents.x_advance;
  set_color(cairo, color);
  cairo_save(cairo);
  cairo_translate(cairo, point.x, point.y);
  cairo_rotate(cairo, degrees * HALF_TURN / 180.0);
  cairo_move_to(cairo,
                anchor == CLI_ANCHOR_START ? 0.0
                : anchor == CLI_ANCHOR_END ? -width
                                           : -width / 2.0,
                0.0);
  cairo_show_text(cairo, text);
  cairo_restore(cairo);
}

const cli_canvas_kind cli_canvas_png = {.ending = ".png",
                                        .open = open_png,
                                        .line = draw_line,
                                        .box = draw_box,
                                        .dot = draw_dot,
                                        .text = draw_text,
                                        .close = close_png};
#else
/* Without cairo the ending is known, so that the error can name cairo. */
const cli_canvas_kind cli_canvas_png = {.ending = ".png"};
#endif
