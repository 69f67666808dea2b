/* Options for reading data. The settings of a command with them have a field `data` of type
 * cli_data_settings. */
#ifndef QUERN_CLI_DATA_DATA_OPTIONS_H
#define QUERN_CLI_DATA_DATA_OPTIONS_H

#include "../command/cli.h"

typedef struct cli_data_settings {
  const char *where;
  int header;    /* quern_csv_header */
  int label;     /* quern_csv_label */
  int delimiter; /* an index into cli_delimiters */
  int decimal;   /* an index into cli_decimals */
  const char *inputs, *target, *exclude, *missing_values;
  int task; /* quern_task */
  /* For training alone: a model has them for other data. */
  int missing; /* quern_missing */
  bool one_hot, standardize;
  size_t classes; /* of a model without a schema; no option */
} cli_data_settings;

/* Names of choices, in the order of their enumerations, then NULL. */
extern const char *const cli_headers[];
extern const char *const cli_labels[];
extern const char *const cli_delimiters[];
extern const char *const cli_decimals[];
extern const char *const cli_tasks[];
extern const char *const cli_missing[];

#define CLI_OPTION_DATA(settings)                                                                  \
  {                                                                                                \
    .name = "data", .value = "WHERE", .kind = CLI_TEXT, .offset = offsetof(settings, data.where),  \
    .required = true, .help = "file, folder, or name of the data",                                 \
    .details = "See DESCRIPTION for the forms."                                                    \
  }

#define CLI_OPTION_TABLE(settings)                                                                 \
  {.name = "header",                                                                               \
   .value = "NAME",                                                                                \
   .kind = CLI_CHOICE,                                                                             \
   .offset = offsetof(settings, data.header),                                                      \
   .choices = cli_headers,                                                                         \
   .help = "CSV: if the first line names columns",                                                 \
   .details = "`auto`: it does if none of its fields is a number. A first line of numbers and "    \
              "texts needs the option if the second has a number below a text."},                  \
      {.name = "delimiter",                                                                        \
       .value = "NAME",                                                                            \
       .kind = CLI_CHOICE,                                                                         \
       .offset = offsetof(settings, data.delimiter),                                               \
       .choices = cli_delimiters,                                                                  \
       .help = "CSV: field separator",                                                             \
       .details =                                                                                  \
           "`auto`: a tab in a .tsv file, else the first of comma, tab and semicolon in the "      \
           "first line."},                                                                         \
      {.name = "decimal",                                                                          \
       .value = "NAME",                                                                            \
       .kind = CLI_CHOICE,                                                                         \
       .offset = offsetof(settings, data.decimal),                                                 \
       .choices = cli_decimals,                                                                    \
       .help = "CSV: decimal mark, point or comma"},                                               \
      {.name = "missing-values",                                                                   \
       .value = "T,T…",                                                                            \
       .kind = CLI_TEXT,                                                                           \
       .offset = offsetof(settings, data.missing_values),                                          \
       .help = "CSV: more texts that mean a missing value",                                        \
       .details =                                                                                  \
           "Besides an empty field, ?, nan, NA, N/A, #N/A, <NA>, null, in either case, and "       \
           "None."},                                                                               \
      {.name = "label",                                                                            \
       .value = "last|first",                                                                      \
       .kind = CLI_CHOICE,                                                                         \
       .offset = offsetof(settings, data.label),                                                   \
       .choices = cli_labels,                                                                      \
       .help = "CSV: class column without --target",                                               \
       .details = "A class is a whole number or a text. Labels other than 0, 1, 2 and so on are "  \
                  "numbered in their order and printed as in the file."},                          \
      {.name = "target",                                                                           \
       .value = "COLUMNS",                                                                         \
       .kind = CLI_TEXT,                                                                           \
       .offset = offsetof(settings, data.target),                                                  \
       .help = "what to predict: columns, or an array",                                            \
       .details =                                                                                  \
           "For CSV files, names or numbers from 1, separated by commas, or `none`. For .npz "     \
           "and safetensors files, an array; without the option y, or y_train."},                  \
      {.name = "inputs",                                                                           \
       .value = "COLUMNS",                                                                         \
       .kind = CLI_TEXT,                                                                           \
       .offset = offsetof(settings, data.inputs),                                                  \
       .help = "what to predict from, in the same form",                                           \
       .details = "Without the option: every column that is not a target, but for a first one "    \
                  "without a name that counts the rows; the array x, or x_train."},                \
      {.name = "exclude",                                                                          \
       .value = "COLUMNS",                                                                         \
       .kind = CLI_TEXT,                                                                           \
       .offset = offsetof(settings, data.exclude),                                                 \
       .help = "CSV: columns to leave out of the inputs"},                                         \
  {                                                                                                \
    .name = "task", .value = "NAME", .kind = CLI_CHOICE, .offset = offsetof(settings, data.task),  \
    .choices = cli_tasks, .help = "what the targets are",                                          \
    .details =                                                                                     \
        "`classes`: one of several; `labels`: any of several, 0 or 1 each; `regression`: "         \
        "numbers. `auto`: classes for CSV files; classes for an array of whole numbers, "          \
        "labels for a matrix of them, a regression for other numbers. More than 20 classes "       \
        "that are more than a tenth of the samples are refused without `classes`: they are "       \
        "probably numbers to predict."                                                             \
  }

#define CLI_OPTION_PREPARE(settings)                                                               \
  {.name = "missing",                                                                              \
   .value = "NAME",                                                                                \
   .kind = CLI_CHOICE,                                                                             \
   .offset = offsetof(settings, data.missing),                                                     \
   .choices = cli_missing,                                                                         \
   .help = "replacement of missing inputs",                                                        \
   .details =                                                                                      \
       "An input is missing if it is empty, nan, NA, null or the like: see --missing-values. "     \
       "`refuse`: an error; `mean`: the column's mean over the training data; `zero`: 0. The "     \
       "model keeps the replacement."},                                                            \
      {.name = "one-hot",                                                                          \
       .kind = CLI_FLAG,                                                                           \
       .offset = offsetof(settings, data.one_hot),                                                 \
       .help = "read text columns, as a 0 or 1 for each text",                                     \
       .details = "The model keeps the texts."},                                                   \
  {                                                                                                \
    .name = "standardize", .kind = CLI_FLAG, .offset = offsetof(settings, data.standardize),       \
    .help = "scale inputs to mean 0 and deviation 1",                                              \
    .details =                                                                                     \
        "Targets of a regression are scaled too. The model keeps the means and deviations of "     \
        "the training data: other data is scaled alike, and predictions are in the units of "      \
        "the data."                                                                                \
  }

#endif
