/* quern plot: draws the logs of trainings. */
#include "../command/cli.h"
#include "../data/target.h"
#include "canvas.h"
#include "plot_curves.h"

#include <stdlib.h>
#include <string.h>

typedef struct plot_settings {
  cli_operands logs;
  const char *output, *title;
} plot_settings;

static const cli_option options[] = {{.name = "output",
                                      .letter = 'o',
                                      .value = "FILE",
                                      .kind = CLI_TEXT,
                                      .offset = offsetof(plot_settings, output),
                                      .required = true,
                                      .help = "picture to write: .svg or .png (-o)",
                                      .details = "PNG needs a quern that was built with cairo."},
                                     {.name = "title",
                                      .value = "TEXT",
                                      .kind = CLI_TEXT,
                                      .offset = offsetof(plot_settings, title),
                                      .help = "title",
                                      .otherwise = "the log's name, if it is one"},
                                     CLI_OPTION_END};

static const cli_option_group groups[] = {{"Options", options}, CLI_GROUPS_END};

static const char *const examples[] = {"quern plot digits.csv -o digits.svg",
                                       "quern plot slow.jsonl fast.jsonl -o compared.png", NULL};

/* Returns the last part of a path without its ending. The caller frees it. */
static char *base_name(const char *path) {
  const char *slash = strrchr(path, '/'),
             *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
  const char *dot = strrchr(name, '.');
  return strndup(name, dot != NULL && dot > name ? (size_t)(dot - name) : strlen(name));
}

/* Returns a log's name; its path if another log has the same name. */
static char *name_of(const cli_operands *logs, size_t index) {
  char *name = base_name(logs->items[index]);
  bool same = false;
  for (size_t i = 0; i < logs->count && name != NULL && !same; i++) {
    char *other = i != index ? base_name(logs->items[i]) : NULL;
    same = other != NULL && strcmp(name, other) == 0;
    free(other);
  }
  if (!same) return name;
  free(name);
  return strdup(logs->items[index]);
}

static cli_exit read_runs(const cli_operands *logs, cli_plot_run *runs, char **names) {
  for (size_t i = 0; i < logs->count; i++) {
    runs[i].name = names[i] = name_of(logs, i);
    if (names[i] == NULL) return cli_fail_memory();
    const cli_exit result = cli_log_read(logs->items[i], &runs[i].rows);
    if (result != CLI_OK) return result;
    if (runs[i].rows.count == 0) return cli_fail("%s has no row yet", logs->items[i]);
  }
  return CLI_OK;
}

static cli_exit run_plot(const cli_command *command, int argc, char **argv) {
  plot_settings settings = {0};
  const cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  if (parsed != CLI_PARSED_RUN) return (cli_exit)cli_parsed_exit(parsed);

  const size_t count = settings.logs.count;
  cli_plot_run *runs = calloc(count, sizeof *runs);
  char **names = calloc(count, sizeof *names);
  cli_exit result = runs != NULL && names != NULL ? CLI_OK : cli_fail_memory();
  if (result == CLI_OK) result = cli_canvas_check(settings.output);
  if (result == CLI_OK) result = cli_check_target(settings.output);
  for (size_t i = 0; i < count && result == CLI_OK; i++)
    result = cli_check_spared(settings.output, settings.logs.items[i], "quern plot");
  if (result == CLI_OK) result = read_runs(&settings.logs, runs, names);
  if (result == CLI_OK) {
    const char *title = settings.title != NULL ? settings.title : count == 1 ? names[0] : NULL;
    result = cli_plot_curves(runs, count, title, settings.output);
  }
  for (size_t i = 0; i < count; i++) {
    if (runs != NULL) cli_log_rows_free(&runs[i].rows);
    if (names != NULL) free(names[i]);
  }
  free(names);
  free(runs);
  return result;
}

const cli_command cli_plot = {
    .name = "plot",
    .summary = "draw loss and accuracy from training logs",
    .about = "Draws the loss and the test score of training logs over the epochs.",
    .details =
        "The score is the accuracy of classes, F1 of labels, R² and the mean absolute error of a "
        "regression. Several logs share one picture, each in its own color; training data is "
        "dashed. A line has a gap at values that are missing, not finite or past 1e300.",
    .groups = groups,
    .operands = {.name = "LOG...",
                 .least = 1,
                 .most = SIZE_MAX,
                 .offset = offsetof(plot_settings, logs)},
    .examples = examples,
    .run = run_plot,
};
