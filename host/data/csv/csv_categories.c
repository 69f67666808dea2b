/* Refuses text columns that are probably not categories. */
#include "../../base/error.h"
#include "../classes.h"
#include "csv_columns.h"
#include <stdio.h>
#include <string.h>

/* The numbers among the texts of a column. */
typedef struct numeric_texts {
  bool most;         /* so many numbers that the others are stray */
  bool commas;       /* most have a decimal comma */
  const char *stray; /* a text that is no number */
} numeric_texts;

static numeric_texts find_numbers(const quern__words *words) {
  enum { FEW = 20 }; /* as many may be codes */
  numeric_texts found = {false, false, NULL};
  size_t points = 0, commas = 0;
  for (size_t i = 0; i < words->count; i++) {
    const quern__csv_field field = {.text = words->items[i], .length = strlen(words->items[i])};
    if (quern__csv_is_number(&field))
      points++;
    else if (quern__csv_decimal_comma(field.text, field.length) < field.length)
      commas++;
    else
      found.stray = field.text;
  }
  found.most = points + commas > FEW && points + commas >= words->count / 2;
  found.commas = commas > points;
  return found;
}

typedef struct cure {
  char text[320];
} cure;

/* Returns what is wrong with a column of too many texts, and what to do. */
static cure cure_of(const numeric_texts *numeric) {
  cure result;
  if (numeric->most && numeric->commas)
    snprintf(result.text, sizeof result.text,
             "most of them numbers with a decimal comma: give --decimal comma");
  else if (numeric->most && numeric->stray != NULL)
    snprintf(result.text, sizeof result.text,
             "most of them numbers, but not '%.40s': give --missing mean, and --missing-values "
             "with that text if it means a missing value, or leave the column out with --exclude",
             numeric->stray);
  else
    snprintf(result.text, sizeof result.text,
             "expected at most a tenth as many: leave it out with --exclude, or convert it to "
             "numbers");
  return result;
}

quern_status quern__csv_check_categories(const quern__csv_columns *columns, size_t rows,
                                         const char *file) {
  for (size_t i = 0; i < columns->input_count; i++) {
    const quern__csv_column *column = &columns->inputs[i];
    const size_t count = column->words.count;
    if (column->kind != QUERN__CSV_TEXTS) continue;
    const numeric_texts numeric = find_numbers(&column->words);
    if (!quern__too_many_categories(count, rows) && !numeric.most) continue;
    const char *name = columns->names != NULL ? columns->names[column->place] : "";
    return quern__fail(QUERN_ERROR_DATA,
                       "%s: column %zu%s%.100s%s has %zu different texts in %zu rows, %s", file,
                       column->place + 1, *name ? " (\"" : "", name, *name ? "\")" : "", count,
                       rows, cure_of(&numeric).text);
  }
  return QUERN_OK;
}
