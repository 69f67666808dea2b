/* quern bench: measures a device. */
#include "../data/describe.h"
#include "../data/open.h"
#include "../text/nearest.h"
#include "measure_limits.h"
#include "measure_product.h"
#include "measure_step.h"

#include <string.h>

typedef struct bench_settings {
  cli_operands part;
  const char *device;
  bool quick, json;
} bench_settings;

static const cli_option options[] = {CLI_OPTION_DEVICE(bench_settings),
                                     {.name = "quick",
                                      .kind = CLI_FLAG,
                                      .offset = offsetof(bench_settings, quick),
                                      .help = "small sizes only: rough figures within seconds"},
                                     CLI_OPTION_JSON(bench_settings),
                                     CLI_OPTION_END};

static const cli_option_group groups[] = {{"Options", options}, CLI_GROUPS_END};

static const char *const examples[] = {"quern bench", "quern bench gemm --device 0",
                                       "quern bench train --json", NULL};

typedef struct bench_session {
  measure_effort effort;
  quern_context *context, *reference;
  cli_json json;
  FILE *table; /* for people */
} bench_session;

/* Times a candidate and adds its rate, scale / seconds, to the JSON object. */
static cli_exit measure_one(bench_session *bench, cli_exit (*run_bench)(void *, size_t, double *),
                            void *state, double scale, cJSON *object, const char *name,
                            measure_summary *summary) {
  measure_candidate candidate = {run_bench, state, NULL};
  cli_exit result = measure_rounds(&candidate, 1, bench->effort);
  if (result == CLI_OK) result = measure_rate(&candidate, scale, bench->effort.rounds, summary);
  measure_candidate_free(&candidate);
  if (result != CLI_OK) return result;
  cJSON *figure = cli_json_object(&bench->json, object, name);
  cli_json_number(&bench->json, figure, "median", summary->median);
  cli_json_number(&bench->json, figure, "low", summary->low);
  cli_json_number(&bench->json, figure, "high", summary->high);
  return CLI_OK;
}

static cli_exit bench_limits(bench_session *bench) {
  measure_limits limits;
  measure_summary launch, wait, copy;
  cJSON *object = cli_json_object(&bench->json, bench->json.root, "limits");
  cli_exit result = measure_limits_create(bench->context, bench->effort.small_only, &limits);
  if (result == CLI_OK)
    result = measure_one(bench, measure_limits_launch, &limits, 1, object, "launches_per_second",
                         &launch);
  if (result == CLI_OK)
    result = measure_one(bench, measure_limits_wait, &limits, 1, object, "waits_per_second", &wait);
  if (result == CLI_OK)
    result = measure_one(bench, measure_limits_copy, &limits, 2e-9 * (double)limits.bytes, object,
                         "copy_gigabytes_per_second", &copy);
  measure_limits_free(&limits);
  if (result != CLI_OK) return result;
  fprintf(bench->table, "\n%-24s %10s\n", "limit", "median");
  fprintf(bench->table, "%-24s %7.2f us  +-%.0f%%\n", "a queued op", 1e6 / launch.median,
          measure_spread(launch));
  fprintf(bench->table, "%-24s %7.2f us  +-%.0f%%\n", "an op and a wait", 1e6 / wait.median,
          measure_spread(wait));
  fprintf(bench->table, "%-24s %5.1f GB/s  +-%.0f%%\n", "a copy, read and written", copy.median,
          measure_spread(copy));
  return CLI_OK;
}

static cli_exit bench_form(bench_session *bench, measure_form form, measure_shape shape,
                           cJSON *object) {
  static const char *const names[MEASURE_FORM_COUNT] = {"forward_gflops", "backward_data_gflops",
                                                        "backward_weights_gflops"};
  measure_operands operands;
  measure_product product = {0};
  measure_summary summary;
  cli_exit result = measure_operands_create(form, shape, &operands);
  if (result != CLI_OK) return result;
  result = measure_verify_product(bench->context, bench->reference, &operands);
  if (result == CLI_OK) result = measure_product_create(bench->context, &operands, false, &product);
  if (result == CLI_OK)
    result = measure_one(bench, measure_product_run, &product, 1e-9 * measure_shape_flops(shape),
                         object, names[form], &summary);
  if (result == CLI_OK)
    fprintf(bench->table, "  %8.1f +-%3.0f%%", summary.median, measure_spread(summary));
  measure_product_free(&product);
  measure_operands_free(&operands);
  return result;
}

static cli_exit bench_products(bench_session *bench) {
  cJSON *list = cli_json_list(&bench->json, bench->json.root, "products");
  cli_exit result = CLI_OK;
  fprintf(bench->table, "\nproducts, GFLOPS\n%-20s", "samples x out x in");
  for (size_t form = 0; form < MEASURE_FORM_COUNT; form++)
    fprintf(bench->table, "  %15s", measure_form_names[form]);
  fputc('\n', bench->table);
  for (size_t i = 0; result == CLI_OK && i < measure_shape_count; i++) {
    measure_shape shape = measure_shapes[i];
    if (bench->effort.small_only && !measure_shape_is_small(shape)) continue;
    cJSON *object = cli_json_object(&bench->json, list, NULL);
    cli_json_number(&bench->json, object, "samples", (double)shape.n);
    cli_json_number(&bench->json, object, "outputs", (double)shape.out);
    cli_json_number(&bench->json, object, "inputs", (double)shape.in);
    int width = fprintf(bench->table, "%zux%zux%zu", shape.n, shape.out, shape.in);
    fprintf(bench->table, "%*s", width < 20 ? 20 - width : 0, "");
    for (size_t form = 0; result == CLI_OK && form < MEASURE_FORM_COUNT; form++)
      result = bench_form(bench, (measure_form)form, shape, object);
    fputc('\n', bench->table);
    fflush(bench->table);
  }
  return result;
}

static void print_training(bench_session *bench, const measure_network *network, const char *how,
                           measure_summary summary) {
  fprintf(bench->table, "%-18s %5zu  %-8s %12s +-%.0f%%\n", network->name, network->batch, how,
          cli_grouped(summary.median).text, measure_spread(summary));
  fflush(bench->table);
}

/* Measures steps of a plan and, for small networks, whole epochs: their overhead counts there. */
static cli_exit bench_network(bench_session *bench, const measure_network *network, cJSON *object) {
  measure_problem problem;
  measure_step step = {0};
  measure_epochs epochs = {0};
  measure_summary summary;
  cli_exit result = measure_problem_create(network, measure_sgd(), bench->reference, &problem);
  if (result != CLI_OK) return result;
  result = measure_step_create(bench->context, &problem, &step);
  if (result == CLI_OK) result = measure_step_verify(&step);
  if (result == CLI_OK)
    result = measure_one(bench, measure_step_run, &step, (double)network->batch, object,
                         "step_samples_per_second", &summary);
  if (result == CLI_OK) print_training(bench, network, "steps", summary);
  if (result == CLI_OK && measure_network_is_small(network)) {
    result = measure_epochs_verify(bench->context, bench->reference, &problem);
    if (result == CLI_OK)
      result = measure_epochs_create(bench->context, &problem, MEASURE_EPOCH_SAMPLES, &epochs);
    if (result == CLI_OK)
      result = measure_one(bench, measure_epochs_run, &epochs, MEASURE_EPOCH_SAMPLES, object,
                           "epoch_samples_per_second", &summary);
    if (result == CLI_OK) print_training(bench, network, "epochs", summary);
  }
  measure_epochs_free(&epochs);
  measure_step_free(&step);
  measure_problem_free(&problem);
  return result;
}

static cli_exit bench_training(bench_session *bench) {
  cJSON *list = cli_json_list(&bench->json, bench->json.root, "training");
  cli_exit result = CLI_OK;
  fprintf(bench->table, "\ntraining\n%-18s %5s  %-8s %12s\n", "network", "batch", "as",
          "samples/s");
  for (size_t i = 0; result == CLI_OK && i < measure_network_count; i++) {
    const measure_network *network = &measure_networks[i];
    if (bench->effort.small_only && !measure_network_is_small(network)) continue;
    cJSON *object = cli_json_object(&bench->json, list, NULL);
    cli_json_text(&bench->json, object, "network", network->name);
    cli_json_number(&bench->json, object, "batch", (double)network->batch);
    result = bench_network(bench, network, object);
  }
  return result;
}

static cli_exit run_bench(const cli_command *command, int argc, char **argv) {
  bench_settings settings = {0};
  static const char *const parts[] = {"gemm", "train", NULL};
  cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  if (parsed != CLI_PARSED_RUN) return (cli_exit)cli_parsed_exit(parsed);
  const char *part = settings.part.count > 0 ? settings.part.items[0] : NULL;
  if (part != NULL && strcmp(part, "gemm") != 0 && strcmp(part, "train") != 0)
    return cli_fail_usage(command, "expected gemm or train, not \"%s\"%s", part,
                          cli_hint_of(part, parts).text);

  bench_session bench = {.effort = settings.quick ? MEASURE_QUICK : MEASURE_FULL,
                         .table = settings.json ? stderr : stdout};
  cli_exit result = cli_open_device(settings.device, bench.table, &bench.context);
  if (result == CLI_OK && quern_context_create("reference", &bench.reference) != QUERN_OK)
    result = cli_fail_library();
  if (result == CLI_OK) {
    bench.json = cli_json_create();
    cli_json_device(&bench.json, bench.json.root, bench.context);
    result = bench_limits(&bench);
    if (result == CLI_OK && (part == NULL || strcmp(part, "gemm") == 0))
      result = bench_products(&bench);
    if (result == CLI_OK && (part == NULL || strcmp(part, "train") == 0))
      result = bench_training(&bench);
    if (result == CLI_OK && settings.json) result = cli_json_print(&bench.json);
    cli_json_free(&bench.json);
  }
  quern_context_free(bench.reference);
  quern_context_free(bench.context);
  return result;
}

const cli_command cli_bench = {
    .name = "bench",
    .summary = "measure how fast a device trains",
    .about = "Measures a device: launches, waits and copies, matrix products, training steps. "
             "Results are compared with the reference before they are timed.",
    .details = "`quern bench gemm` leaves out the steps, `quern bench train` the products. Figures "
               "are medians over rounds; +- is half the distance between the quartiles.",
    .groups = groups,
    .operands = {.name = "[gemm|train]",
                 .words = true,
                 .most = 1,
                 .offset = offsetof(bench_settings, part)},
    .examples = examples,
    .run = run_bench,
};
