#include "show.h"

#include "../data/arrays.h"
#include "../text/terminal.h"
#include "../text/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, GRAY_FIRST = 232, GRAY_STEPS = 24 }; /* the grays of the 256 colors of terminals */

/* A drawing: a character is `step` pixels wide and 2 · `step` pixels high. */
typedef struct drawing {
  FILE *out;
  size_t height, width, step;
  size_t columns, rows; /* of an image, in characters */
  bool color;
} drawing;

/* The caption of an image. */
typedef struct caption {
  char *predicted, *actual; /* owned */
} caption;

/* Returns the mean of the pixels of column `x` and half row `y`, 0 … 1; 0 below the image. */
static double shade(const drawing *layout, const float *pixels, size_t x, size_t y) {
  double sum = 0.0;
  size_t count = 0;
  for (size_t i = y * layout->step; i < (y + 1) * layout->step && i < layout->height; i++) {
    for (size_t j = x * layout->step; j < (x + 1) * layout->step && j < layout->width; j++) {
      sum += (double)pixels[i * layout->width + j];
      count++;
    }
  }
  return count == 0 ? 0.0 : fmin(fmax(sum / (double)count, 0.0), 1.0);
}

static int gray(double shade) {
  return GRAY_FIRST + (int)lround(shade * (GRAY_STEPS - 1));
}

/* Prints a line of an image, of `width` columns. `blanks` are held back until something follows, so
 * that the whole line has none at its end. */
static void draw_line(const drawing *layout, const float *pixels, size_t row, size_t width,
                      size_t *blanks) {
  static const char ramp[] = " .:-=+*#%@";
  if (layout->color) cli_print(layout->out, "%*s", (int)*blanks, "");
  if (layout->color) *blanks = 0;
  for (size_t x = 0; x < layout->columns; x++) {
    double above = shade(layout, pixels, x, 2 * row), below = shade(layout, pixels, x, 2 * row + 1);
    if (layout->color) {
      fprintf(layout->out, "\033[38;5;%d;48;5;%dm\u2580", gray(above), gray(below));
      continue;
    }
    const char dot = ramp[lround((above + below) / 2.0 * (double)(sizeof ramp - 2))];
    if (dot != ' ') cli_print(layout->out, "%*s%c", (int)*blanks, "", dot);
    *blanks = dot != ' ' ? 0 : *blanks + 1;
  }
  if (layout->color) fputs("\033[0m", layout->out);
  *blanks += width - layout->columns;
}

static void print_padded(FILE *out, const char *text, size_t width) {
  cli_print(out, "%-*s", (int)width, text);
}

static void draw(const drawing *layout, const float *pixels, const caption *captions,
                 size_t count) {
  size_t pixel_count = layout->height * layout->width;
  size_t width = layout->columns;
  for (size_t i = 0; i < count; i++) {
    size_t predicted = cli_text_length(captions[i].predicted),
           actual = cli_text_length(captions[i].actual);
    if (predicted > width) width = predicted;
    if (actual > width) width = actual;
  }
  width += GAP;
  size_t abreast = (cli_terminal_width(layout->out) + GAP) / width;
  if (abreast == 0) abreast = 1;
  for (size_t first = 0; first < count; first += abreast) {
    size_t end = count - first < abreast ? count : first + abreast;
    fputc('\n', layout->out);
    for (size_t row = 0; row < layout->rows; row++) {
      size_t blanks = 0;
      for (size_t i = first; i < end; i++)
        draw_line(layout, pixels + i * pixel_count, row, width, &blanks);
      fputc('\n', layout->out);
    }
    for (size_t i = first; i < end; i++)
      print_padded(layout->out, captions[i].predicted, i + 1 < end ? width : 0);
    fputc('\n', layout->out);
    for (size_t i = first; i < end; i++)
      print_padded(layout->out, captions[i].actual, i + 1 < end ? width : 0);
    fputc('\n', layout->out);
  }
}

/* Returns the name or number of a class; "nothing" if no output is the largest. The caller frees
 * it. */
static char *class_text(const cli_names *names, int chosen) {
  char *text;
  if (chosen < 0) return strdup("nothing");
  if ((size_t)chosen < names->count) return strdup(names->items[chosen]);
  return asprintf(&text, "%d", chosen) < 0 ? NULL : text;
}

static bool make_caption(const cli_names *names, const float *outputs, size_t classes, int label,
                         caption *created) {
  int chosen = cli_largest(outputs, classes);
  char *predicted = class_text(names, chosen), *actual = class_text(names, label);
  bool good = predicted != NULL && actual != NULL &&
              asprintf(&created->predicted, "predicted %s (%.2f),", predicted,
                       chosen < 0 ? (double)NAN : (double)outputs[chosen]) >= 0;
  if (!good) created->predicted = NULL;
  if (good && asprintf(&created->actual, "is %s", actual) < 0) {
    created->actual = NULL;
    good = false;
  }
  free(predicted);
  free(actual);
  return good;
}

static drawing lay_out(FILE *out, const quern_dataset *data) {
  drawing layout = {.out = out, .step = 1, .color = cli_terminal_color(out)};
  if (!quern_dataset_image_size(data, &layout.height, &layout.width)) return layout;
  size_t room = cli_terminal_width(out);
  layout.step = (layout.width + room - 1) / room;
  layout.columns = (layout.width + layout.step - 1) / layout.step;
  layout.rows = (layout.height + 2 * layout.step - 1) / (2 * layout.step);
  return layout;
}

cli_exit cli_show(FILE *out, quern_context *context, const quern_network *network,
                  const quern_dataset *data, const quern_dataset *from, size_t count,
                  const cli_names *names) {
  const size_t rows = quern_dataset_rows(data);
  if (count > rows) count = rows;
  size_t columns = quern_dataset_columns(data), classes = quern_network_outputs(network);
  cli_exit result = CLI_OK;
  float *pixels = cli_floats(count, columns);
  float *outputs = cli_floats(rows, classes);
  caption *captions = calloc(count, sizeof *captions);
  bool good = pixels != NULL && outputs != NULL && captions != NULL;
  if (good && quern_predict(context, network, data, outputs) != QUERN_OK) {
    result = cli_fail_library();
    goto cleanup;
  }
  for (size_t i = 0; i < count && good; i++) {
    quern_dataset_values(from, i, pixels + i * columns);
    good = make_caption(names, outputs + i * classes, classes, quern_dataset_label(data, i),
                        &captions[i]);
  }
  if (good) {
    drawing layout = lay_out(out, data);
    draw(&layout, pixels, captions, count);
  } else {
    result = cli_fail_memory();
  }
cleanup:
  for (size_t i = 0; captions != NULL && i < count; i++) {
    free(captions[i].predicted);
    free(captions[i].actual);
  }
  free(captions);
  free(outputs);
  free(pixels);
  return result;
}
