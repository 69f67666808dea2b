#include "plot_curves.h"

#include "axis.h"
#include "canvas.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* All in pixels. */
enum {
  PANEL_WIDTH = 480,
  PLOT_HEIGHT = 300,
  LEFT = 70, /* of the plot in its panel: room for the axis's labels */
  RIGHT = 28,
  TOP = 34,
  BOTTOM = 46,
  TITLE_HEIGHT = 30,
  LEGEND_ROW = 20,
  LEGEND_KEY = 26,
  LEGEND_GAP = 22,
  MARGIN = 12
};
#define LABEL_SIZE 12.0
#define TITLE_SIZE 15.0
#define TICK       4.0

/* Curves of up to this many points have dots. */
enum { FEW_POINTS = 40 };

static const cli_color ink = {40, 40, 40}, grid = {225, 225, 225}, gray = {110, 110, 110};

/* Colors for readers with any color vision: M. Okabe and K. Ito, "Color Universal Design", 2008;
 * without the yellow, which is pale on white. */
static const cli_color palette[] = {{0, 114, 178}, {213, 94, 0},   {0, 158, 115}, {204, 121, 167},
                                    {230, 159, 0}, {86, 180, 233}, {0, 0, 0}};
enum { COLORS = sizeof palette / sizeof *palette };

static cli_color color_of(size_t run) {
  return palette[run % COLORS];
}

/* A curve of a run: a member of its rows. */
typedef struct curve {
  size_t offset;
  bool dashed;
} curve;

typedef struct panel {
  const char *title;
  const curve *curves;
  size_t curve_count;
  double left, top; /* of the plot */
  cli_axis x, y;
} panel;

static const curve loss_curves[] = {{offsetof(cli_log_row, train_loss), true},
                                    {offsetof(cli_log_row, test_loss), false}};

/* The metrics of the test data: a panel each, if a run has it. */
static const struct {
  const char *title;
  curve curve;
  bool share; /* it is in 0 … 1 */
} metrics[] = {
    {"test accuracy", {offsetof(cli_log_row, test_accuracy), false}, true},
    {"test F1", {offsetof(cli_log_row, test_f1), false}, true},
    {"test R²", {offsetof(cli_log_row, test_r_squared), false}, false},
    {"test mean absolute error", {offsetof(cli_log_row, test_mean_absolute_error), false}, false}};
enum { METRICS = sizeof metrics / sizeof *metrics };

static double value_of(const cli_log_row *row, size_t offset) {
  return *(const double *)(const void *)((const char *)row + offset);
}

static cli_range range_of(const cli_plot_run *runs, size_t count, size_t offset) {
  cli_range range = CLI_RANGE_EMPTY;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < runs[i].rows.count; j++)
      cli_range_add(&range, value_of(&runs[i].rows.items[j], offset));
  return range;
}

static bool is_empty(cli_range range) {
  return range.least > range.most;
}

static cli_range joined(cli_range a, cli_range b) {
  if (is_empty(a)) return b;
  if (!is_empty(b)) {
    cli_range_add(&a, b.least);
    cli_range_add(&a, b.most);
  }
  return a;
}

static double plot_width(void) {
  return PANEL_WIDTH - LEFT - RIGHT;
}

static cli_point place(const panel *self, double epoch, double value) {
  return (cli_point){self->left + cli_axis_place(&self->x, epoch) * plot_width(),
                     self->top + (1.0 - cli_axis_place(&self->y, value)) * PLOT_HEIGHT};
}

static void draw_axes(cli_canvas *canvas, const panel *self) {
  const double right = self->left + plot_width(), bottom = self->top + PLOT_HEIGHT;
  for (size_t i = 0; i < self->y.ticks; i++) {
    const double y = place(self, self->x.range.least, cli_axis_tick(&self->y, i)).y;
    cli_canvas_segment(canvas, (cli_point){self->left, y}, (cli_point){right, y}, grid, 1.0);
    cli_canvas_text(canvas, (cli_point){self->left - 2.0 * TICK, y + LABEL_SIZE / 3.0},
                    cli_axis_label(&self->y, i).text, LABEL_SIZE, CLI_ANCHOR_END, 0.0, gray);
  }
  for (size_t i = 0; i < self->x.ticks; i++) {
    const double x = place(self, cli_axis_tick(&self->x, i), self->y.range.least).x;
    cli_canvas_segment(canvas, (cli_point){x, bottom}, (cli_point){x, bottom + TICK}, gray, 1.0);
    cli_canvas_text(canvas, (cli_point){x, bottom + TICK + LABEL_SIZE},
                    cli_axis_label(&self->x, i).text, LABEL_SIZE, CLI_ANCHOR_MIDDLE, 0.0, gray);
  }
  cli_canvas_segment(canvas, (cli_point){self->left, bottom}, (cli_point){right, bottom}, gray,
                     1.0);
  cli_canvas_segment(canvas, (cli_point){self->left, self->top}, (cli_point){self->left, bottom},
                     gray, 1.0);
  cli_canvas_text(canvas, (cli_point){self->left, self->top - 10.0}, self->title, LABEL_SIZE + 1.0,
                  CLI_ANCHOR_START, 0.0, ink);
  cli_canvas_text(canvas, (cli_point){(self->left + right) / 2.0, bottom + BOTTOM - MARGIN},
                  "epoch", LABEL_SIZE, CLI_ANCHOR_MIDDLE, 0.0, gray);
}

/* In one column of pixels a line keeps the first, the last, the highest and the lowest point; the
 * others of a long training are skipped. */
typedef struct thinned {
  cli_point *points; /* room for all points */
  size_t count;
  size_t column_begin; /* the first of the last column */
} thinned;

static void add_point(thinned *line, cli_point point) {
  if (line->count == 0 || floor(point.x) > floor(line->points[line->count - 1].x))
    line->column_begin = line->count;
  cli_point *column = line->points + line->column_begin;
  const size_t in_column = line->count - line->column_begin;
  enum { FIRST, HIGHEST, LOWEST, LAST, KEPT };
  if (in_column < KEPT) {
    line->points[line->count++] = point;
    return;
  }
  if (column[LAST].y < column[HIGHEST].y) column[HIGHEST] = column[LAST];
  if (column[LAST].y > column[LOWEST].y) column[LOWEST] = column[LAST];
  column[LAST] = point;
}

/* A single point has a dot, a hollow one for a dashed line. */
static void draw_piece(cli_canvas *canvas, const thinned *line, cli_color color, bool dashed,
                       bool dots) {
  enum { MANY = 200 };
  static const cli_color white = {255, 255, 255};
  cli_canvas_line(canvas, line->points, line->count, color,
                  dashed || line->count > MANY ? 1.3 : 1.8, dashed);
  for (size_t i = 0; i < line->count && ((dots && !dashed) || line->count == 1); i++) {
    cli_canvas_dot(canvas, line->points[i], 2.6, color);
    if (dashed) cli_canvas_dot(canvas, line->points[i], 1.4, white);
  }
}

/* `points` has room for a point per row. */
static void draw_curve(cli_canvas *canvas, const panel *self, const cli_log_rows *rows,
                       const curve *item, cli_color color, cli_point *points) {
  thinned line = {.points = points};
  const bool dots = rows->count <= FEW_POINTS;
  for (size_t i = 0; i < rows->count; i++) {
    const double epoch = rows->items[i].epoch, value = value_of(&rows->items[i], item->offset);
    if (cli_axis_shows(epoch) && cli_axis_shows(value)) {
      add_point(&line, place(self, epoch, value));
      continue;
    }
    draw_piece(canvas, &line, color, item->dashed, dots);
    line.count = 0;
  }
  draw_piece(canvas, &line, color, item->dashed, dots);
}

static void draw_panel(cli_canvas *canvas, const panel *self, const cli_plot_run *runs,
                       size_t count, cli_point *points) {
  draw_axes(canvas, self);
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < self->curve_count; j++)
      draw_curve(canvas, self, &runs[i].rows, &self->curves[j], color_of(i), points);
}

/* Room for the points of any run's curve. */
static cli_point *make_points(const cli_plot_run *runs, size_t count) {
  size_t most = 1;
  for (size_t i = 0; i < count; i++)
    if (runs[i].rows.count > most) most = runs[i].rows.count;
  return calloc(most, sizeof(cli_point));
}

/* Draws the legend, in rows as wide as the picture; only measures it if the canvas is NULL. Returns
 * its height. */
typedef struct legend {
  cli_canvas *canvas;
  double x, y, left, right;
} legend;

static void add_key(legend *to, const char *text, cli_color color, bool dashed) {
  const double width = LEGEND_KEY + cli_canvas_text_width(text, LABEL_SIZE);
  if (to->x > to->left && to->x + width > to->right) {
    to->x = to->left;
    to->y += LEGEND_ROW;
  }
  if (to->canvas != NULL) {
    const cli_point line[] = {{to->x, to->y - LABEL_SIZE / 3.0},
                              {to->x + LEGEND_KEY - 6.0, to->y - LABEL_SIZE / 3.0}};
    cli_canvas_line(to->canvas, line, 2, color, 2.0, dashed);
    cli_canvas_text(to->canvas, (cli_point){to->x + LEGEND_KEY, to->y}, text, LABEL_SIZE,
                    CLI_ANCHOR_START, 0.0, ink);
  }
  to->x += width + LEGEND_GAP;
}

static double draw_legend(cli_canvas *canvas, const cli_plot_run *runs, size_t count, bool tested,
                          double width, double top) {
  legend keys = {canvas, LEFT, top, LEFT, width - RIGHT};
  const bool one = count == 1;
  add_key(&keys, "train", one ? color_of(0) : gray, true);
  if (tested) add_key(&keys, "test", one ? color_of(0) : gray, false);
  for (size_t i = 0; i < count && !one; i++) add_key(&keys, runs[i].name, color_of(i), false);
  return keys.y + LEGEND_ROW - top;
}

/* The ticks that have room for their labels. */
static cli_axis epoch_axis(cli_range epochs) {
  enum { MOST = 9, GAP = 18 };
  size_t most = MOST;
  for (;; most--) {
    const cli_axis axis = cli_axis_over(epochs, most, true, false);
    const cli_label last = cli_axis_label(&axis, axis.ticks > 0 ? axis.ticks - 1 : 0);
    const double needed = (double)axis.ticks * (cli_canvas_text_width(last.text, LABEL_SIZE) + GAP);
    if (needed <= plot_width() || most == 2) return axis;
  }
}

/* Equal shares get a range around them, within 0 … 1 if they are: a log may have any numbers. */
static cli_range share_range(cli_range range) {
  if (is_empty(range) || range.most > range.least || range.least < 0.0 || range.most > 1.0)
    return range;
  return (cli_range){fmax(range.least - 0.05, 0.0), fmin(range.most + 0.05, 1.0)};
}

static panel make_panel(const char *title, const curve *curves, size_t curve_count, cli_range x,
                        cli_range y, double left, double top) {
  enum { Y_TICKS = 7 };
  /* The axis of a loss that falls far begins at zero. */
  if (y.least > 0.0 && y.least < 0.35 * y.most) y.least = 0.0;
  return (panel){.title = title,
                 .curves = curves,
                 .curve_count = curve_count,
                 .left = left + LEFT,
                 .top = top + TOP,
                 .x = epoch_axis(x),
                 .y = cli_axis_over(y, Y_TICKS, false, true)};
}

cli_exit cli_plot_curves(const cli_plot_run *runs, size_t count, const char *title,
                         const char *path) {
  const cli_range epochs = range_of(runs, count, offsetof(cli_log_row, epoch)),
                  test_loss = range_of(runs, count, offsetof(cli_log_row, test_loss)),
                  loss =
                      joined(range_of(runs, count, offsetof(cli_log_row, train_loss)), test_loss);
  if (is_empty(loss) || is_empty(epochs))
    return cli_fail("no loss to draw: every one is missing, not finite, or past %g",
                    CLI_AXIS_LARGEST);
  const double head = title != NULL ? TITLE_HEIGHT : 0.0;
  panel panels[1 + METRICS];
  size_t panel_count = 0;
  panels[panel_count++] = make_panel("loss", loss_curves, 2, epochs, loss, 0.0, head);
  for (size_t i = 0; i < METRICS; i++) {
    cli_range range = range_of(runs, count, metrics[i].curve.offset);
    if (is_empty(range)) continue;
    if (metrics[i].share) range = share_range(range);
    panels[panel_count] = make_panel(metrics[i].title, &metrics[i].curve, 1, epochs, range,
                                     (double)(panel_count * PANEL_WIDTH), head);
    panel_count++;
  }
  const double width = (double)(panel_count * PANEL_WIDTH),
               legend_top = head + TOP + PLOT_HEIGHT + BOTTOM + MARGIN;
  const bool tested = !is_empty(test_loss);
  const double height = legend_top + draw_legend(NULL, runs, count, tested, width, legend_top);

  /* Allocates all memory before it draws. */
  cli_canvas canvas;
  cli_point *points = make_points(runs, count);
  cli_exit result =
      points != NULL ? cli_canvas_open(path, width, height, &canvas) : cli_fail_memory();
  if (result != CLI_OK) goto cleanup;
  if (title != NULL)
    cli_canvas_text(&canvas, (cli_point){LEFT, TITLE_HEIGHT - 6.0}, title, TITLE_SIZE,
                    CLI_ANCHOR_START, 0.0, ink);
  for (size_t i = 0; i < panel_count; i++) draw_panel(&canvas, &panels[i], runs, count, points);
  draw_legend(&canvas, runs, count, tested, width, legend_top);
  result = cli_canvas_close(&canvas);
cleanup:
  free(points);
  return result;
}
