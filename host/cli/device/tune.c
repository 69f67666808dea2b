/* quern tune: searches for the fastest parameters of the matrix products. */
#include "../data/describe.h"
#include "../data/find_device.h"
#include "../data/open.h"
#include "../text/draft.h"
#include "../text/terminal.h"
#include "../text/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct tune_settings {
  const char *device;
  bool quick, reset, json;
} tune_settings;

static const cli_option options[] = {CLI_OPTION_DEVICE(tune_settings),
                                     {.name = "quick",
                                      .kind = CLI_FLAG,
                                      .offset = offsetof(tune_settings, quick),
                                      .help = "try fewer candidates, on small shapes"},
                                     {.name = "reset",
                                      .kind = CLI_FLAG,
                                      .offset = offsetof(tune_settings, reset),
                                      .help = "delete the device's tuned parameters"},
                                     CLI_OPTION_JSON(tune_settings),
                                     CLI_OPTION_END};

static const cli_option_group groups[] = {{"Options", options}, CLI_GROUPS_END};

static const char *const examples[] = {"quern tune", "quern tune --device 0 --quick",
                                       "quern tune --reset", NULL};

typedef struct tune_session {
  FILE *out;
  bool terminal; /* a line can be overwritten */
  bool lost;     /* memory was out for a line */
  cli_json json;
} tune_session;

/* Prints a line for each candidate. On a terminal they overwrite each other; the result of a part
 * and errors stay. */
static void print_event(const quern_tune_event *event, void *user) {
  tune_session *tune = user;
  const bool refused = event->verdict == QUERN_TUNE_WRONG || event->verdict == QUERN_TUNE_FAILED;
  const bool ended = event->verdict == QUERN_TUNE_KEPT || event->verdict == QUERN_TUNE_CHOSEN;
  cli_draft line;
  if (cli_draft_open(&line)) {
    fprintf(line.stream, "%-16s  ", event->part);
    if (!ended) fprintf(line.stream, "%2zu/%zu  ", event->tried, event->most);
    fprintf(line.stream, "%s  %s", event->parameters, quern_tune_verdict_name(event->verdict));
    if (event->ratio > 0 && event->verdict != QUERN_TUNE_KEPT)
      fprintf(line.stream, ", %.2fx, %.1f GFLOPS", event->ratio, event->gflops);
    if (refused) fprintf(line.stream, ": %s", event->why);
  }
  if (!cli_draft_finish(&line)) {
    tune->lost = true;
  } else if (!tune->terminal) {
    cli_print(tune->out, "%s\n", line.text);
  } else {
    /* Only a line within the terminal's width can be overwritten. */
    const int width = refused ? (int)line.length : (int)cli_terminal_width(tune->out) - 1;
    cli_print(tune->out, "\r\033[K%.*s", width, line.text);
    if (ended || refused) fputc('\n', tune->out);
  }
  fflush(tune->out);
  cli_draft_free(&line);
}

static void print_parts(tune_session *tune, const quern_tune_report *report) {
  size_t count, width = strlen("before");
  const quern_tune_part *parts = quern_tune_report_parts(report, &count);
  cJSON *list = cli_json_list(&tune->json, tune->json.root, "parts");
  for (size_t i = 0; i < count; i++)
    if (strlen(parts[i].before) > width) width = strlen(parts[i].before);
  cli_print(tune->out, "\n%-16s  %-*s  %5s  %s\n", "part", (int)width, "before", "ratio", "after");
  for (size_t i = 0; i < count; i++) {
    const quern_tune_part *part = &parts[i];
    cli_print(tune->out, "%-16s  %-*s  %4.2fx  %s\n", part->name, (int)width, part->before,
              part->ratio, part->changed ? part->after : "the same");
    cJSON *object = cli_json_object(&tune->json, list, NULL);
    cli_json_text(&tune->json, object, "name", part->name);
    cli_json_text(&tune->json, object, "before", part->before);
    cli_json_text(&tune->json, object, "after", part->after);
    cli_json_bool(&tune->json, object, "changed", part->changed);
    cli_json_number(&tune->json, object, "ratio", part->ratio);
    cli_json_number(&tune->json, object, "tried", (double)part->tried);
    cli_json_number(&tune->json, object, "wrong", (double)part->wrong);
    cli_json_number(&tune->json, object, "failed", (double)part->failed);
  }
}

static void print_products(tune_session *tune, const quern_tune_report *report) {
  size_t count;
  const quern_tune_product *products = quern_tune_report_products(report, &count);
  cJSON *list = cli_json_list(&tune->json, tune->json.root, "products");
  if (count > 0)
    cli_print(tune->out, "\n%-16s  %-18s  %14s  %12s  %5s\n", "product", "samples x out x in",
              "default GFLOPS", "tuned GFLOPS", "ratio");
  for (size_t i = 0; i < count; i++) {
    const quern_tune_product *product = &products[i];
    char shape[72]; /* three numbers of 20 digits */
    snprintf(shape, sizeof shape, "%zux%zux%zu", product->samples, product->outputs,
             product->inputs);
    cli_print(tune->out, "%-16s  %-18s  %14.1f  %12.1f  %4.2fx\n", product->name, shape,
              product->default_gflops, product->tuned_gflops, product->ratio);
    cJSON *object = cli_json_object(&tune->json, list, NULL);
    cli_json_text(&tune->json, object, "name", product->name);
    cli_json_number(&tune->json, object, "samples", (double)product->samples);
    cli_json_number(&tune->json, object, "outputs", (double)product->outputs);
    cli_json_number(&tune->json, object, "inputs", (double)product->inputs);
    cli_json_number(&tune->json, object, "default_gflops", product->default_gflops);
    cli_json_number(&tune->json, object, "tuned_gflops", product->tuned_gflops);
    cli_json_number(&tune->json, object, "ratio", product->ratio);
  }
}

static void print_file(tune_session *tune, const quern_tune_report *report) {
  const char *file = quern_tune_report_file(report);
  size_t products;
  quern_tune_report_products(report, &products);
  if (*file != '\0') {
    cli_print(tune->out, "\nwritten to %s\n", file);
    cli_json_text(&tune->json, tune->json.root, "file", file);
    return;
  }
  fprintf(tune->out, products > 0 ? "\nTaken together this is no faster: the defaults stay.\n"
                                  : "\nNothing was faster beyond doubt: the defaults stay.\n");
  cli_json_null(&tune->json, tune->json.root, "file");
}

static cli_exit search(tune_session *tune, const quern_device *device, bool quick) {
  quern_tune_options wanted = quern_tune_options_default();
  quern_tune_report *report;
  wanted.quick = quick;
  wanted.on_event = print_event;
  wanted.user = tune;
  if (quern_tune(device, &wanted, &report) != QUERN_OK) return cli_fail_library();
  print_parts(tune, report);
  print_products(tune, report);
  print_file(tune, report);
  quern_tune_report_free(report);
  return tune->lost ? cli_fail_memory() : CLI_OK;
}

static cli_exit reset(tune_session *tune, const quern_device *device) {
  size_t removed;
  if (quern_tune_reset(device, &removed) != QUERN_OK) return cli_fail_library();
  if (removed == 0)
    fprintf(tune->out, "There is no tuning file for this device.\n");
  else
    cli_print(tune->out, "Deleted %zu tuning file%s.\n", removed, removed == 1 ? "" : "s");
  cli_json_number(&tune->json, tune->json.root, "removed", (double)removed);
  return CLI_OK;
}

static cli_exit run_tune(const cli_command *command, int argc, char **argv) {
  tune_settings settings = {0};
  cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  if (parsed != CLI_PARSED_RUN) return (cli_exit)cli_parsed_exit(parsed);

  tune_session tune = {.out = settings.json ? stderr : stdout};
  tune.terminal = isatty(fileno(tune.out)) != 0;
  quern_device_list *list = NULL;
  const quern_device *device;
  cli_exit result;
  if (quern_device_list_create(&list) != QUERN_OK) return cli_fail_library();
  result = cli_find_device(list, settings.device, &device);
  if (result != CLI_OK) goto cleanup;
  quern_device_info info;
  quern_device_describe(device, &info);
  tune.json = cli_json_create();
  cli_print_device(tune.out, &info);
  fflush(tune.out);
  cli_json_text(&tune.json, tune.json.root, "device", info.name);
  cli_json_text(&tune.json, tune.json.root, "platform", info.platform);
  cli_json_text(&tune.json, tune.json.root, "driver", info.driver);
  result = settings.reset ? reset(&tune, device) : search(&tune, device, settings.quick);
  if (result == CLI_OK && settings.json) result = cli_json_print(&tune.json);
  cli_json_free(&tune.json);

cleanup:
  quern_device_list_free(list);
  return result;
}

const cli_command cli_tune = {
    .name = "tune",
    .summary = "search for the fastest kernel parameters of a device",
    .about = "Searches for the fastest parameters of a device's matrix products. This takes "
             "minutes; do not use the device meanwhile.",
    .details = "The results of each candidate are compared with the reference before it is timed, "
               "and it must beat the defaults by more than the noise. The best is kept in the "
               "cache folder for this device, driver and version of quern.",
    .groups = groups,
    .examples = examples,
    .run = run_tune,
};
