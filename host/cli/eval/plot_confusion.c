#include "plot_confusion.h"

#include "../plot/canvas.h"
#include "../text/text.h"

#include <math.h>
#include <quern/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In pixels. */
enum {
  SIDE = 560,
  CELL_LEAST = 2,
  CELL_MOST = 64,
  MARGIN = 14,
  TITLE_HEIGHT = 34,
  AXIS_TITLE = 24,
  LABEL_GAP = 8
};
#define LABEL_SIZE   12.0
#define TITLE_SIZE   15.0
#define LONGEST_NAME 180.0 /* longer names are cut */

static const cli_color ink = {40, 40, 40}, gray = {110, 110, 110}, frame = {200, 200, 200},
                       right = {0, 90, 160}, wrong = {190, 70, 0};

typedef struct drawing {
  cli_canvas canvas;
  const cli_confusion *confusion;
  char **labels; /* owned, one per class */
  size_t shown;  /* every stride-th label is written */
  double cell, left, top, widest;
  bool upright; /* the columns' labels are rotated, since they do not fit side by side */
} drawing;

static size_t count_of(const cli_confusion *confusion, size_t label, size_t predicted) {
  return confusion->counts[label * (confusion->classes + 1) + predicted];
}

/* Returns the name, cut if it is long, or the number. The caller frees it. */
static char *make_label(const cli_names *names, size_t index) {
  char *label = NULL;
  if (index >= names->count) return asprintf(&label, "%zu", index) < 0 ? NULL : label;
  const char *name = names->items[index];
  size_t letters = 0, bytes = 0;
  const size_t most = (size_t)(LONGEST_NAME / cli_canvas_text_width("x", LABEL_SIZE));
  bool printable;
  for (; name[bytes] != '\0' && letters < most; letters++)
    bytes += quern_text_character(name + bytes, &printable);
  return asprintf(&label, "%.*s%s", (int)bytes, name, name[bytes] != '\0' ? "\u2026" : "") < 0
             ? NULL
             : label;
}

static cli_color blend(cli_color full, double share) {
  /* The square root makes small counts visible. */
  const double part = sqrt(share);
  return (cli_color){(unsigned char)lround(255.0 - part * (255.0 - full.red)),
                     (unsigned char)lround(255.0 - part * (255.0 - full.green)),
                     (unsigned char)lround(255.0 - part * (255.0 - full.blue))};
}

static void draw_cell(drawing *on, size_t row, size_t column, size_t samples) {
  static const cli_color white = {255, 255, 255};
  const size_t count = count_of(on->confusion, row, column);
  if (count == 0) return;
  const double share = (double)count / (double)samples, cell = on->cell;
  const cli_point corner = {on->left + cell * (double)column, on->top + cell * (double)row};
  cli_canvas_box(&on->canvas, corner, cell, cell, blend(row == column ? right : wrong, share));
  char text[24];
  snprintf(text, sizeof text, "%zu", count);
  double size = LABEL_SIZE;
  while (size > 7.0 && cli_canvas_text_width(text, size) > cell - 3.0) size -= 1.0;
  if (cli_canvas_text_width(text, size) > cell - 3.0 || cell < size + 2.0) return;
  cli_canvas_text(&on->canvas,
                  (cli_point){corner.x + cell / 2.0, corner.y + cell / 2.0 + size / 3.0}, text,
                  size, CLI_ANCHOR_MIDDLE, 0.0, share > 0.3 ? white : ink);
}

static void draw_cells(drawing *on) {
  const size_t classes = on->confusion->classes;
  for (size_t row = 0; row < classes; row++) {
    size_t samples = 0;
    for (size_t column = 0; column <= classes; column++)
      samples += count_of(on->confusion, row, column);
    for (size_t column = 0; column < classes; column++) draw_cell(on, row, column, samples);
  }
  const double side = on->cell * (double)classes;
  const cli_point corners[] = {{on->left, on->top},
                               {on->left + side, on->top},
                               {on->left + side, on->top + side},
                               {on->left, on->top + side},
                               {on->left, on->top}};
  cli_canvas_line(&on->canvas, corners, sizeof corners / sizeof *corners, frame, 1.0, false);
}

static void draw_labels(drawing *on) {
  const size_t classes = on->confusion->classes;
  const double side = on->cell * (double)classes, bottom = on->top + side;
  for (size_t i = 0; i < classes; i += on->shown) {
    const double middle = on->cell * ((double)i + 0.5);
    cli_canvas_text(&on->canvas,
                    (cli_point){on->left - LABEL_GAP, on->top + middle + LABEL_SIZE / 3.0},
                    on->labels[i], LABEL_SIZE, CLI_ANCHOR_END, 0.0, ink);
    if (on->upright)
      cli_canvas_text(&on->canvas,
                      (cli_point){on->left + middle + LABEL_SIZE / 3.0, bottom + LABEL_GAP},
                      on->labels[i], LABEL_SIZE, CLI_ANCHOR_END, -90.0, ink);
    else
      cli_canvas_text(&on->canvas, (cli_point){on->left + middle, bottom + LABEL_GAP + LABEL_SIZE},
                      on->labels[i], LABEL_SIZE, CLI_ANCHOR_MIDDLE, 0.0, ink);
  }
  const double under = bottom + LABEL_GAP + (on->upright ? on->widest : LABEL_SIZE) + AXIS_TITLE;
  cli_canvas_text(&on->canvas, (cli_point){on->left + side / 2.0, under}, "predicted class",
                  LABEL_SIZE, CLI_ANCHOR_MIDDLE, 0.0, gray);
  cli_canvas_text(&on->canvas, (cli_point){MARGIN + LABEL_SIZE, on->top + side / 2.0}, "class",
                  LABEL_SIZE, CLI_ANCHOR_MIDDLE, -90.0, gray);
}

/* Rounds up to 1, 2 or 5 times a power of ten. */
static size_t round_up(double least) {
  size_t power = 1;
  while (10.0 * (double)power < least) power *= 10;
  return (double)power >= least         ? power
         : 2.0 * (double)power >= least ? 2 * power
         : 5.0 * (double)power >= least ? 5 * power
                                        : 10 * power;
}

/* Sets everything but the canvas. */
static bool lay_out(drawing *on, const cli_names *names) {
  const size_t classes = on->confusion->classes;
  on->labels = calloc(classes, sizeof *on->labels);
  if (on->labels == NULL) return false;
  for (size_t i = 0; i < classes; i++) {
    on->labels[i] = make_label(names, i);
    if (on->labels[i] == NULL) return false;
    on->widest = fmax(on->widest, cli_canvas_text_width(on->labels[i], LABEL_SIZE));
  }
  on->cell = fmin(fmax(floor((double)SIDE / (double)classes), CELL_LEAST), CELL_MOST);
  on->shown = round_up((LABEL_SIZE + 2.0) / on->cell);
  on->upright = on->widest + 4.0 > on->cell * (double)on->shown;
  on->left = MARGIN + AXIS_TITLE + on->widest + LABEL_GAP;
  on->top = TITLE_HEIGHT + MARGIN;
  return true;
}

cli_exit cli_plot_confusion(const cli_confusion *confusion, const cli_names *names,
                            const char *title, const char *path) {
  drawing on = {.confusion = confusion};
  cli_exit result = lay_out(&on, names) ? CLI_OK : cli_fail_memory();
  if (result == CLI_OK) {
    const double side = on.cell * (double)confusion->classes;
    const double wide = fmax(side, cli_canvas_text_width(title, TITLE_SIZE));
    result = cli_canvas_open(path, on.left + wide + 2.0 * MARGIN,
                             on.top + side + LABEL_GAP + (on.upright ? on.widest : LABEL_SIZE) +
                                 AXIS_TITLE + MARGIN,
                             &on.canvas);
  }
  if (result == CLI_OK) {
    cli_canvas_text(&on.canvas, (cli_point){on.left, TITLE_HEIGHT}, title, TITLE_SIZE,
                    CLI_ANCHOR_START, 0.0, ink);
    draw_cells(&on);
    draw_labels(&on);
    result = cli_canvas_close(&on.canvas);
  }
  for (size_t i = 0; on.labels != NULL && i < confusion->classes; i++) free(on.labels[i]);
  free(on.labels);
  return result;
}
