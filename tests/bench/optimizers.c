/* A training step with each optimizer, compared with plain SGD. */
#include "bench.h"

static const struct {
  const char *name;
  quern_optimizer_kind kind;
} optimizers[] = {
#define ROW(name, text) {text, QUERN_OPTIMIZER_##name},
    QUERN_OPTIMIZERS(ROW)
#undef ROW
};
enum { OPTIMIZERS = sizeof optimizers / sizeof *optimizers };

/* PyTorch's learning rates, if the check depends on them: steps of Adam and RMSprop are about as
 * long as the rate, whatever the gradient. */
static quern_optimizer optimizer_of(quern_optimizer_kind kind) {
  const bool divides = kind == QUERN_OPTIMIZER_ADAM || kind == QUERN_OPTIMIZER_ADAMW ||
                       kind == QUERN_OPTIMIZER_RMSPROP;
  return quern_optimizer_of(kind, divides ? 0.001 : MEASURE_LEARNING_RATE);
}

static cli_exit print_rows(yardstick *bench, const measure_network *network,
                           const measure_candidate *candidates, cJSON *list) {
  const double batch = (double)network->batch;
  for (size_t i = 0; i < OPTIMIZERS; i++) {
    measure_summary rate, ratio;
    cli_exit result = measure_rate(&candidates[i], batch, bench->effort.rounds, &rate);
    /* The time relative to SGD, which is the first candidate. */
    if (result == CLI_OK)
      result = measure_ratio(&candidates[0], &candidates[i], bench->effort.rounds, &ratio);
    if (result != CLI_OK) return result;
    cJSON *object = cli_json_object(&bench->json, list, NULL);
    cli_json_text(&bench->json, object, "network", network->name);
    cli_json_number(&bench->json, object, "batch", batch);
    cli_json_text(&bench->json, object, "optimizer", optimizers[i].name);
    bench_add(bench, object, "samples_per_second", rate);
    bench_add(bench, object, "times_sgd", ratio);
    printf("  %-17s %5zu  %-9s %9.0f +-%2.0f%%  %5.2f  %5.2f to %.2f\n", network->name,
           network->batch, optimizers[i].name, rate.median, measure_spread(rate), ratio.median,
           ratio.low, ratio.high);
  }
  return CLI_OK;
}

static cli_exit bench_network(yardstick *bench, const measure_network *network, cJSON *list) {
  measure_problem problems[OPTIMIZERS] = {0};
  measure_step steps[OPTIMIZERS] = {0};
  measure_candidate candidates[OPTIMIZERS] = {0};
  cli_exit result = CLI_OK;
  for (size_t i = 0; result == CLI_OK && i < OPTIMIZERS; i++) {
    result = measure_problem_create(network, optimizer_of(optimizers[i].kind), bench->reference,
                                    &problems[i]);
    if (result == CLI_OK) result = measure_step_create(bench->context, &problems[i], &steps[i]);
    if (result == CLI_OK) result = measure_step_verify(&steps[i]);
    candidates[i] = (measure_candidate){measure_step_run, &steps[i], NULL};
  }
  if (result == CLI_OK) result = measure_rounds(candidates, OPTIMIZERS, bench->effort);
  if (result == CLI_OK) result = print_rows(bench, network, candidates, list);
  for (size_t i = 0; i < OPTIMIZERS; i++) {
    measure_candidate_free(&candidates[i]);
    measure_step_free(&steps[i]);
    measure_problem_free(&problems[i]);
  }
  return result;
}

cli_exit bench_optimizers(yardstick *bench) {
  cli_exit result = CLI_OK;
  cJSON *list = cli_json_list(&bench->json, bench->json.root, "optimizers");
  printf("\ntraining steps by optimizer, samples/s, and how many times as long as with SGD: "
         "median, quartiles\n");
  for (size_t i = 0; result == CLI_OK && i < measure_network_count; i++)
    if (measure_networks[i].batch > 1 &&
        (!bench->effort.small_only || measure_network_is_small(&measure_networks[i])))
      result = bench_network(bench, &measure_networks[i], list);
  return result;
}
