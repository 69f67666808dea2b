/* quern_bench: prints the table part by part, and writes it as JSON. */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

void bench_add(yardstick *bench, cJSON *object, const char *name, measure_summary summary) {
  cJSON *figure = cli_json_object(&bench->json, object, name);
  cli_json_number(&bench->json, figure, "median", summary.median);
  cli_json_number(&bench->json, figure, "low", summary.low);
  cli_json_number(&bench->json, figure, "high", summary.high);
}

cli_exit bench_limits(yardstick *bench) {
  if (bench->probe == NULL) return CLI_OK;
  struct {
    const char *name, *unit, *key;
    measure_candidate candidate;
    double scale;
    bool inverse; /* shown as a time */
  } limits[] = {
      {"multiply-adds",
       "GFLOPS",
       "peak_gflops",
       {bench_probe_peak, bench->probe, NULL},
       1e-9 * bench_probe_flops(bench->probe),
       false},
      {"memory bandwidth (triad)",
       "GB/s",
       "bandwidth_gb_per_second",
       {bench_probe_triad, bench->probe, NULL},
       1e-9 * bench_probe_bytes(bench->probe),
       false},
      {"a queued launch",
       "us",
       "launches_per_second",
       {bench_probe_launch, bench->probe, NULL},
       1,
       true},
      {"a launch and a wait",
       "us",
       "waits_per_second",
       {bench_probe_wait, bench->probe, NULL},
       1,
       true},
  };
  enum { COUNT = sizeof limits / sizeof *limits };
  measure_candidate candidates[COUNT];
  for (size_t i = 0; i < COUNT; i++) candidates[i] = limits[i].candidate;
  cli_exit result = bench_probe_verify(bench->probe);
  if (result == CLI_OK) result = measure_rounds(candidates, COUNT, bench->effort);
  cJSON *object = cli_json_object(&bench->json, bench->json.root, "limits");
  if (result == CLI_OK) printf("\nlimits of the device\n");
  for (size_t i = 0; i < COUNT; i++) {
    measure_summary summary;
    if (result == CLI_OK)
      result = measure_rate(&candidates[i], limits[i].scale, bench->effort.rounds, &summary);
    if (result == CLI_OK) {
      printf("  %-26s %8.1f %-6s +-%.0f%%\n", limits[i].name,
             limits[i].inverse ? 1e6 / summary.median : summary.median, limits[i].unit,
             measure_spread(summary));
      bench_add(bench, object, limits[i].key, summary);
    }
    measure_candidate_free(&candidates[i]);
  }
  return result;
}

/* Prints the device and the rivals. */
static cli_exit describe_rivals(yardstick *bench) {
  static const product_rival *const products[PRODUCT_RIVALS] = {&openblas_product,
                                                                &clblast_product};
  cJSON *object = cli_json_object(&bench->json, bench->json.root, "rivals");
  char text[1024] = "not installed";
  for (size_t i = 0; i < PRODUCT_RIVALS; i++) {
    const char *about = products[i]->about != NULL ? products[i]->about() : text;
    printf("%s: %s\n", products[i]->name, about);
    cli_json_text(&bench->json, object, products[i]->key, about);
  }
  if (bench->options.python != NULL) {
    cli_exit result = bench_about_torch(bench, text, sizeof text);
    if (result != CLI_OK) return result;
  }
  printf("PyTorch: %s\n", text);
  cli_json_text(&bench->json, object, "pytorch", text);
  return CLI_OK;
}

static cli_exit open_bench(yardstick *bench) {
  quern_device_info info;
  if (quern_context_create(bench->options.device, &bench->context) != QUERN_OK ||
      quern_context_create("reference", &bench->reference) != QUERN_OK)
    return cli_fail_library();
  quern_context_describe(bench->context, &info);
  printf("device: %s (%s), %s\n", info.name, info.platform, info.version);
  cli_json_text(&bench->json, bench->json.root, "quern", quern_version());
  cli_json_text(&bench->json, bench->json.root, "device", info.name);
  cli_json_text(&bench->json, bench->json.root, "platform", info.platform);
  cli_json_text(&bench->json, bench->json.root, "version", info.version);
  cli_exit result = describe_rivals(bench);
  if (result != CLI_OK) return result;
  return bench_probe_create(bench->context, bench->effort.small_only, &bench->probe);
}

static cli_exit write_json(const yardstick *bench) {
  char *text = bench->json.lost ? NULL : cJSON_Print(bench->json.root);
  if (text == NULL) return cli_fail_memory();
  FILE *file = fopen(bench->options.json, "w");
  cli_exit result = CLI_OK;
  if (file == NULL || fprintf(file, "%s\n", text) < 0)
    result = cli_fail("%s: %s", bench->options.json, strerror(errno));
  if (file != NULL && fclose(file) != 0 && result == CLI_OK)
    result = cli_fail("%s: %s", bench->options.json, strerror(errno));
  cJSON_free(text);
  return result;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    cli_exit (*run)(yardstick *);
  } parts[] = {{"limits", bench_limits},         {"products", bench_products},
               {"sweep", bench_sweep},           {"steps", bench_steps},
               {"optimizers", bench_optimizers}, {"streaming", bench_streaming},
               {"collective", bench_collective}, {"start", bench_start}};
  yardstick bench = {0};
  if (!bench_read_options(argc, argv, &bench.options)) return CLI_USAGE;
  if (bench.options.first_step != NULL) return bench_first_step(&bench.options);
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN); /* if a rival fails, the reason is printed */
  bench.effort = bench.options.quick ? MEASURE_QUICK : MEASURE_FULL;
  bench.json = cli_json_create();
  cli_exit result = open_bench(&bench);
  bool found = false;
  for (size_t i = 0; result == CLI_OK && i < sizeof parts / sizeof *parts; i++) {
    if (bench.options.only != NULL && strcmp(bench.options.only, parts[i].name) != 0) continue;
    found = true;
    result = parts[i].run(&bench);
  }
  if (result == CLI_OK && !found)
    result = cli_fail("--only %s: there is no such part", bench.options.only);
  if (result == CLI_OK && bench.options.json != NULL) result = write_json(&bench);
  cli_json_free(&bench.json);
  bench_probe_free(bench.probe);
  quern_context_free(bench.reference);
  quern_context_free(bench.context);
  return (int)result;
}
