#include "example_table.h"

#include "../text/text.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH = 20, CELL_WIDTH = 12, FEWEST_DECIMALS = 6, INDENT = 4 };

static void print_padded(FILE *out, const char *text, size_t width) {
  size_t length = cli_text_length(text);
  fprintf(out, "%s%*s", text, length < width ? (int)(width - length) : 1, "");
}

/* The number behind "symbol=". */
static const char *number_of(const char *printed) {
  const char *sign = strchr(printed, '=');
  return sign != NULL ? sign + 1 : printed;
}

static int decimals_of(const char *printed) {
  const char *point = strchr(printed, '.');
  return point == NULL ? 0 : (int)strspn(point + 1, "0123456789");
}

/* True if `value`, rounded to the printed digits, equals the printed number. */
static bool is_same(const char *printed, float value) {
  char rounded[64]; /* floats have up to 39 digits before the point, and the document 8 after */
  const char *number = number_of(printed);
  snprintf(rounded, sizeof rounded, "%.*f", decimals_of(number), (double)value);
  return strtod(rounded, NULL) == strtod(number, NULL);
}

static int decimals_of_stage(const example_stage *stage) {
  int decimals = FEWEST_DECIMALS;
  for (size_t i = 0; i < stage->rows * stage->columns; i++)
    if (stage->printed[i] != NULL && decimals_of(stage->printed[i]) > decimals)
      decimals = decimals_of(stage->printed[i]);
  return decimals;
}

/* Numbers without a sign are indented, so that the points are aligned. */
static void print_printed(FILE *out, const example_stage *stage, size_t row) {
  for (size_t column = 0; column < 3; column++) {
    const char *text = column < stage->columns ? stage->printed[row * stage->columns + column] : "";
    if (text == NULL) text = "  -";
    bool shift = *text >= '0' && *text <= '9';
    if (shift) fputc(' ', out);
    print_padded(out, text, (size_t)CELL_WIDTH - shift);
  }
}

static void print_reasons(FILE *out, const example_stage *stage, unsigned different,
                          quern_loss loss) {
  if (different == 0) return;
  if (stage->of_loss && loss != QUERN_LOSS_ELEMENTWISE)
    fprintf(out, "%*s* another loss, and in the document:\n", INDENT, "");
  for (size_t i = 0;
       i < sizeof stage->reasons / sizeof *stage->reasons && stage->reasons[i].cells != 0; i++) {
    if ((stage->reasons[i].cells & different) == 0) continue;
    fprintf(out, "%*s* ", INDENT, "");
    cli_print_wrapped(out, stage->reasons[i].text, INDENT + 2, INDENT + 2, CLI_TEXT_WIDTH);
  }
}

static unsigned explained_cells(const example_stage *stage) {
  unsigned cells = 0;
  for (size_t i = 0; i < sizeof stage->reasons / sizeof *stage->reasons; i++)
    cells |= stage->reasons[i].cells;
  return cells;
}

static void print_stage(FILE *out, const example_stage *stage, const example_values *values,
                        quern_loss loss, example_tally *tally) {
  const float *cells = values->cells + example_offset(stage->quantity) + stage->first;
  int decimals = decimals_of_stage(stage);
  unsigned explained = explained_cells(stage), different = 0;
  for (size_t row = 0; row < stage->rows; row++) {
    print_padded(out, row == 0 ? stage->name : "", NAME_WIDTH);
    print_printed(out, stage, row);
    for (size_t column = 0; column < stage->columns; column++) {
      size_t position = row * stage->columns + column;
      const char *printed = stage->printed[position];
      bool differs = printed != NULL && !is_same(printed, cells[position]);
      if (differs) different |= 1u << position;
      if (printed != NULL) tally->printed++;
      if (printed != NULL && !differs) tally->same++;
      if (differs && (explained & 1u << position) == 0) tally->unexplained++;
      int written = fprintf(out, "% .*f%s", decimals, (double)cells[position], differs ? "*" : "");
      if (column + 1 < stage->columns) fprintf(out, "%*s", CELL_WIDTH - written, "");
    }
    fputc('\n', out);
  }
  print_reasons(out, stage, different, loss);
}

example_tally example_print_table(FILE *out, const example_values *values, quern_loss loss) {
  example_tally tally = {0};
  print_padded(out, "stage", NAME_WIDTH + 1);
  print_padded(out, "the document prints", 3 * CELL_WIDTH);
  fprintf(out, "the device computed\n");
  for (const example_stage *stage = example_document; stage->name != NULL; stage++)
    print_stage(out, stage, values, loss, &tally);
  return tally;
}
