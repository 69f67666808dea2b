/* The scores and the matrix as tables for people. */
#include "../text/text.h"
#include "confusion.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static size_t digits(size_t number) {
  return (size_t)snprintf(NULL, 0, "%zu", number);
}

static size_t name_width(const cli_names *names, size_t classes) {
  size_t width = digits(classes - 1);
  for (size_t i = 0; i < names->count; i++) {
    const size_t length = cli_text_length(names->items[i]);
    if (length > width) width = length;
  }
  return width;
}

/* Prints a class by name or number, left-aligned. */
static void print_class(FILE *stream, const cli_names *names, size_t index, size_t width) {
  if (index < names->count)
    cli_print(stream, "%-*s", (int)width, names->items[index]);
  else
    fprintf(stream, "%*zu", (int)width, index);
}

/* Prints a score; a dash if it has no samples. */
static void print_score(FILE *stream, double score) {
  if (isnan(score))
    cli_print(stream, "  %9s", "-");
  else
    fprintf(stream, "  %9.4f", score);
}

void cli_print_scores(FILE *stream, const char *heading, const cli_scores *scores, size_t count,
                      const cli_names *names) {
  const size_t width = name_width(names, count);
  cli_print(stream, "\n%*s  %9s  %9s  %9s  %9s\n", (int)(width < 5 ? 5 : width), heading,
            "precision", "recall", "F1", "samples");
  for (size_t i = 0; i < count; i++) {
    cli_print(stream, "%*s", width < 5 ? (int)(5 - width) : 0, "");
    print_class(stream, names, i, width);
    print_score(stream, scores[i].precision);
    print_score(stream, scores[i].recall);
    print_score(stream, scores[i].f1);
    fprintf(stream, "  %9zu\n", scores[i].samples);
  }
}

/* Columns are headed by numbers; rows have the names too, if there are any. */
static void print_matrix(FILE *stream, const cli_confusion *confusion, const cli_names *names) {
  const size_t classes = confusion->classes, columns = classes + 1;
  if (confusion->counts == NULL) {
    fprintf(stream, "\n%zu classes: too many for a confusion matrix\n", classes);
    return;
  }
  size_t most = classes - 1, undecided = 0;
  for (size_t i = 0; i < classes * columns; i++)
    if (confusion->counts[i] > most) most = confusion->counts[i];
  for (size_t i = 0; i < classes; i++) undecided += confusion->counts[i * columns + classes];
  const size_t cell = digits(most) + 1, number = names->count > 0 ? digits(classes - 1) + 1 : 0,
               width = number + name_width(names, classes);
  if (width + 2 + cell * classes > CLI_TEXT_WIDTH) {
    fprintf(stream, "\n%zu classes: too many to print the matrix; --json has it\n", classes);
    return;
  }
  cli_print(stream, "\nsamples of each class, by predicted class\n%*s  ", (int)width, "");
  for (size_t i = 0; i < classes; i++) fprintf(stream, "%*zu", (int)cell, i);
  cli_print(stream, "%s\n", undecided > 0 ? "   not a number" : "");
  for (size_t i = 0; i < classes; i++) {
    if (number > 0) fprintf(stream, "%*zu ", (int)number - 1, i);
    print_class(stream, names, i, width - number);
    fprintf(stream, "  ");
    for (size_t j = 0; j < classes; j++)
      fprintf(stream, "%*zu", (int)cell, confusion->counts[i * columns + j]);
    if (undecided > 0) fprintf(stream, "   %zu", confusion->counts[i * columns + classes]);
    fputc('\n', stream);
  }
}

cli_exit cli_print_confusion(FILE *stream, const cli_confusion *confusion, const cli_names *names) {
  cli_scores *scores = calloc(confusion->classes, sizeof *scores);
  if (scores == NULL) return cli_fail_memory();
  for (size_t i = 0; i < confusion->classes; i++) scores[i] = cli_confusion_scores(confusion, i);
  cli_print_scores(stream, "class", scores, confusion->classes, names);
  print_matrix(stream, confusion, names);
  free(scores);
  return CLI_OK;
}
