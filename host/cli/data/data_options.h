/* Options that say what data to read, and how: commands that have them have a `data` of
 * cli_data_settings among their settings. */
#ifndef QUERN_CLI_DATA_DATA_OPTIONS_H
#define QUERN_CLI_DATA_DATA_OPTIONS_H

#include "../command/cli.h"

typedef struct cli_data_settings {
  const char *where;
  int header;    /* quern_csv_header */
  int label;     /* quern_csv_label */
  int delimiter; /* a place in cli_delimiters */
  const char *inputs, *target;
  int task; /* quern_task */
  /* Of training alone; a model says them of other data. */
  int missing; /* quern_missing */
  bool one_hot, standardize;
  size_t classes; /* of a model that does not say what its classes are; no option */
} cli_data_settings;

/* Names of choices, in the order of their enumerations, then NULL. */
extern const char *const cli_headers[];
extern const char *const cli_labels[];
extern const char *const cli_delimiters[];
extern const char *const cli_tasks[];
extern const char *const cli_missing[];

#define CLI_OPTION_DATA(settings)                                                                  \
  {                                                                                                \
    .name = "data", .value = "WHERE", .kind = CLI_TEXT, .offset = offsetof(settings, data.where),  \
    .required = true,                                                                              \
    .help = "the data: a CSV, TSV, IDX, .npy, .npz or safetensors file, gzip'd or not; a folder "  \
            "with IDX files named as MNIST's; \"fashion-mnist\", where it is installed; or "       \
            "\"digits\", which is built in"                                                        \
  }

#define CLI_OPTION_TABLE(settings)                                                                 \
  {.name = "header",                                                                               \
   .value = "auto|none|one",                                                                       \
   .kind = CLI_CHOICE,                                                                             \
   .offset = offsetof(settings, data.header),                                                      \
   .choices = cli_headers,                                                                         \
   .help = "of CSV files: whether the first line names the columns (default auto: it does when "   \
           "none of its fields is a number)"},                                                     \
      {.name = "delimiter",                                                                        \
       .value = "NAME",                                                                            \
       .kind = CLI_CHOICE,                                                                         \
       .offset = offsetof(settings, data.delimiter),                                               \
       .choices = cli_delimiters,                                                                  \
       .help = "of CSV files: what stands between fields (default auto: tab in a .tsv file, else " \
               "the first of comma, tab and semicolon that the first line has)"},                  \
      {.name = "label",                                                                            \
       .value = "last|first",                                                                      \
       .kind = CLI_CHOICE,                                                                         \
       .offset = offsetof(settings, data.label),                                                   \
       .choices = cli_labels,                                                                      \
       .help = "of CSV files: the column of the class, a whole number or a name, where there is "  \
               "no --target (default last)"},                                                      \
      {.name = "target",                                                                           \
       .value = "COLUMN,COLUMN…",                                                                  \
       .kind = CLI_TEXT,                                                                           \
       .offset = offsetof(settings, data.target),                                                  \
       .help = "what is to be predicted: columns of a CSV file by name or number from 1, or "      \
               "none; of .npz and safetensors files an array (default y, or y_train)"},            \
      {.name = "inputs",                                                                           \
       .value = "COLUMN,COLUMN…",                                                                  \
       .kind = CLI_TEXT,                                                                           \
       .offset = offsetof(settings, data.inputs),                                                  \
       .help = "what it is predicted from, named in the same way (default: every column that is "  \
               "no target; the array x, or x_train)"},                                             \
  {                                                                                                \
    .name = "task", .value = "NAME", .kind = CLI_CHOICE, .offset = offsetof(settings, data.task),  \
    .choices = cli_tasks,                                                                          \
    .help = "classes: one of several; labels: any of several, 0 or 1 each; regression: numbers "   \
            "(default auto: classes in CSV files, of an array what its type says)"                 \
  }

#define CLI_OPTION_PREPARE(settings)                                                               \
  {.name = "missing",                                                                              \
   .value = "NAME",                                                                                \
   .kind = CLI_CHOICE,                                                                             \
   .offset = offsetof(settings, data.missing),                                                     \
   .choices = cli_missing,                                                                         \
   .help = "what an input that is missing (empty, NA, ? or nan) becomes: an error, the mean of "   \
           "its column, or 0 (default refuse). The model keeps it"},                               \
      {.name = "one-hot",                                                                          \
       .kind = CLI_FLAG,                                                                           \
       .offset = offsetof(settings, data.one_hot),                                                 \
       .help = "read columns of texts too, as a 0 or 1 for each text that there is. The model "    \
               "keeps them"},                                                                      \
  {                                                                                                \
    .name = "standardize", .kind = CLI_FLAG, .offset = offsetof(settings, data.standardize),       \
    .help = "bring every input, and each target of a regression, to mean 0 and deviation 1 over "  \
            "the training data. The model keeps both, so that others are prepared alike and "      \
            "predictions come in the data's own units"                                             \
  }

#endif
