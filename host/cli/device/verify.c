/* quern verify: checks a device, and prints a table for people and bug reports. */
#include "../data/describe.h"
#include "../data/open.h"
#include "../text/draft.h"
#include "../text/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct verify_settings {
  const char *device, *op;
  bool quick, full, json;
} verify_settings;

static const cli_option options[] = {CLI_OPTION_DEVICE(verify_settings),
                                     {.name = "quick",
                                      .kind = CLI_FLAG,
                                      .offset = offsetof(verify_settings, quick),
                                      .help = "small shapes, the kernels in use: seconds"},
                                     {.name = "full",
                                      .kind = CLI_FLAG,
                                      .offset = offsetof(verify_settings, full),
                                      .help = "every kernel that the device can run: minutes"},
                                     {.name = "op",
                                      .value = "OP",
                                      .kind = CLI_TEXT,
                                      .offset = offsetof(verify_settings, op),
                                      .help = "one op only, as named in the table"},
                                     CLI_OPTION_JSON(verify_settings),
                                     CLI_OPTION_END};

static const cli_option_group groups[] = {{"Options", options}, CLI_GROUPS_END};

static const char *const examples[] = {"quern verify", "quern verify --device 0 --full",
                                       "quern verify --quick --op \"dense forward\"", NULL};

typedef struct verify_session {
  FILE *out;
  cli_json json;
  cJSON *facts, *results;
  char *variant; /* whose results are printed; owned */
  bool lost;     /* memory was out for it */
  size_t ops, cases;
  double seconds, worst;
} verify_session;

static void print_fact(const char *name, const char *value, void *user) {
  verify_session *verify = user;
  cli_print(verify->out, "  %-27s %s\n", name, value);
  fflush(verify->out);
  cJSON *object = cli_json_object(&verify->json, verify->facts, NULL);
  cli_json_text(&verify->json, object, "name", name);
  cli_json_text(&verify->json, object, "value", value);
}

/* Prints a heading when another variant begins. */
static void print_variant(verify_session *verify, const quern_verify_result *result) {
  if (verify->variant != NULL && strcmp(verify->variant, result->variant) == 0) return;
  free(verify->variant);
  verify->variant = strdup(result->variant);
  verify->lost = verify->lost || verify->variant == NULL;
  cli_print(verify->out, "\n%s%s%s\n", result->variant, *result->parameters != '\0' ? ": " : "",
            result->parameters);
  cli_print(verify->out, "  %-27s %6s  %11s  %8s\n", "op", "cases", "error/bound", "seconds");
}

static void print_result(const quern_verify_result *result, void *user) {
  verify_session *verify = user;
  print_variant(verify, result);
  cli_print(verify->out, "  %-27s %6zu  %11.3g  %8.2f  %s\n", result->op, result->cases,
            result->worst, result->seconds, result->passed ? "passed" : "FAILED");
  if (!result->passed) {
    if (result->wrong > 0)
      cli_print(verify->out, "    %zu of %zu cases are wrong; the first: %s\n", result->wrong,
                result->cases, result->why);
    else
      cli_print(verify->out, "    %s\n", result->why);
  }
  fflush(verify->out);
  verify->ops++;
  verify->cases += result->cases;
  verify->seconds += result->seconds;
  verify->worst = fmax(verify->worst, result->worst);
  cJSON *object = cli_json_object(&verify->json, verify->results, NULL);
  cli_json_text(&verify->json, object, "variant", result->variant);
  cli_json_text(&verify->json, object, "parameters", result->parameters);
  cli_json_text(&verify->json, object, "op", result->op);
  cli_json_bool(&verify->json, object, "passed", result->passed);
  cli_json_number(&verify->json, object, "cases", (double)result->cases);
  cli_json_number(&verify->json, object, "wrong", (double)result->wrong);
  cli_json_number(&verify->json, object, "worst", result->worst);
  cli_json_text(&verify->json, object, "worst_case", result->worst_case);
  cli_json_number(&verify->json, object, "seconds", result->seconds);
  cli_json_text(&verify->json, object, "why", result->why);
}

/* Prints what identifies the device and its driver. */
static void print_device(verify_session *verify, const quern_device_info *info, const char *how) {
  const struct {
    const char *name, *label, *value;
  } rows[] = {{"quern", "quern", quern_version()},
              {"device", "device", info->name},
              {"platform", "platform", info->platform},
              {"version", "version", info->version},
              {"driver", "driver", info->driver},
              {"backend", "backend", info->backend},
              {"device_kind", "kind", quern_device_kind_name(info->kind)},
              {"effort", "effort", how}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (*rows[i].value != '\0') cli_print(verify->out, "%-10s %s\n", rows[i].label, rows[i].value);
    cli_json_text(&verify->json, verify->json.root, rows[i].name, rows[i].value);
  }
  cli_print(verify->out, "%-10s %u compute units, %s bytes of memory\n\n", "size",
            (unsigned)info->compute_units, cli_grouped((double)info->memory).text);
  cli_json_number(&verify->json, verify->json.root, "compute_units", info->compute_units);
  cli_json_whole(&verify->json, verify->json.root, "memory", info->memory);
  fflush(verify->out);
}

/* Adds the totals. */
static void print_end(verify_session *verify, size_t failed) {
  cli_print(verify->out,
            "\n%zu ops, %s cases, %.1f s, largest error over its bound %.3g: ", verify->ops,
            cli_grouped((double)verify->cases).text, verify->seconds, verify->worst);
  if (failed == 0)
    fprintf(verify->out, "all passed\n");
  else
    fprintf(verify->out, "%zu FAILED\n", failed);
  cli_json_number(&verify->json, verify->json.root, "ops", (double)verify->ops);
  cli_json_number(&verify->json, verify->json.root, "cases", (double)verify->cases);
  cli_json_number(&verify->json, verify->json.root, "seconds", verify->seconds);
  cli_json_number(&verify->json, verify->json.root, "failed", (double)failed);
  cli_json_bool(&verify->json, verify->json.root, "passed", failed == 0);
}

static cli_exit verify_device(verify_session *verify, const quern_device *device,
                              const verify_settings *settings) {
  quern_verify_options wanted = quern_verify_options_default();
  quern_device_info info;
  size_t failed;
  if (settings->quick) wanted.effort = QUERN_VERIFY_QUICK;
  if (settings->full) wanted.effort = QUERN_VERIFY_FULL;
  wanted.op = settings->op;
  wanted.on_fact = print_fact;
  wanted.on_result = print_result;
  wanted.user = verify;
  quern_device_describe(device, &info);
  print_device(verify, &info, settings->full ? "full" : settings->quick ? "quick" : "normal");
  verify->facts = cli_json_list(&verify->json, verify->json.root, "facts");
  verify->results = cli_json_list(&verify->json, verify->json.root, "results");
  if (quern_verify(device, &wanted, &failed) != QUERN_OK) return cli_fail_library();
  if (verify->lost) return cli_fail_memory();
  print_end(verify, failed);
  return failed == 0 ? CLI_OK : CLI_FAILED;
}

static bool is_op(const char *name) {
  for (size_t i = 0; quern_verify_op_name(i) != NULL; i++)
    if (strcmp(quern_verify_op_name(i), name) == 0) return true;
  return false;
}

static cli_exit refuse_op(const cli_command *command, const char *name) {
  cli_draft text;
  if (!cli_draft_open(&text)) return cli_fail_memory();
  for (size_t i = 0; quern_verify_op_name(i) != NULL; i++)
    fprintf(text.stream, "%s%s", i > 0 ? ", " : "", quern_verify_op_name(i));
  char *list = cli_draft_take(&text);
  if (list == NULL) return cli_fail_memory();
  const cli_exit result =
      cli_fail_usage(command, "unknown op \"%s\", expected one of %s", name, list);
  free(list);
  return result;
}

static cli_exit run_verify(const cli_command *command, int argc, char **argv) {
  verify_settings settings = {0};
  cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  if (parsed != CLI_PARSED_RUN) return (cli_exit)cli_parsed_exit(parsed);
  if (settings.quick && settings.full)
    return cli_fail_usage(command, "--quick and --full cannot be combined");
  if (settings.op != NULL && !is_op(settings.op)) return refuse_op(command, settings.op);

  verify_session verify = {.out = settings.json ? stderr : stdout};
  quern_device_list *list = NULL;
  const quern_device *device;
  cli_exit result;
  verify.json = cli_json_create();
  if (quern_device_list_create(&list) != QUERN_OK ||
      quern_device_list_find(list, settings.device, &device) != QUERN_OK) {
    result = cli_fail_library();
    goto cleanup;
  }
  result = verify_device(&verify, device, &settings);
  if (settings.json && (result == CLI_OK || cJSON_HasObjectItem(verify.json.root, "failed"))) {
    const cli_exit printed = cli_json_print(&verify.json);
    if (result == CLI_OK) result = printed;
  }

cleanup:
  cli_json_free(&verify.json);
  free(verify.variant);
  quern_device_list_free(list);
  return result;
}

const cli_command cli_verify = {
    .name = "verify",
    .summary = "check that a device computes what it should",
    .about = "Checks the ops on a device against the reference, which is plain C on the CPU, and "
             "prints a table for bug reports. Exits with 1 if anything failed.",
    .details = "Ops run over tiny, odd, prime and large shapes, at offsets. A value is right "
               "within the bound of rounding; NaN is wrong. Nothing around an output may be "
               "written, and a second run must give the same bits. Gradients of whole networks are "
               "compared with finite differences, training with the reference's. The column "
               "error/bound has the largest error over its bound: at most 1 if all is well.",
    .groups = groups,
    .examples = examples,
    .run = run_verify,
};
