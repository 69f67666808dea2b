/* Whole training steps, compared with the alternatives of a user. */
#include "bench.h"

static const step_rival *const rivals[STEP_RIVALS] = {&openblas_step, &torch_step};

/* In the order of their runs. */
enum { PEAK, QUERN, FIRST_RIVAL, CANDIDATES = FIRST_RIVAL + STEP_RIVALS };

static bool is_there(const yardstick *bench, const step_rival *rival) {
  return rival->create != NULL && (rival != &torch_step || bench->options.python != NULL);
}

/* A rival that fails or learns something else is left out of the row, and named on stderr. */
static cli_exit add_rival(const yardstick *bench, const step_rival *rival,
                          const measure_problem *problem, void **state,
                          measure_candidate *candidate) {
  quern_network *learned = NULL;
  cli_exit exit = measure_create_network(problem->network, &learned);
  if (exit != CLI_OK) return exit;
  exit = rival->create(bench, problem, state);
  if (exit == CLI_OK) exit = rival->learn(*state, MEASURE_CHECK_STEPS, learned);
  if (exit == CLI_OK)
    exit = measure_check_network(problem->network, problem->start, problem->expected, learned,
                                 rival->name);
  if (exit == CLI_OK) *candidate = (measure_candidate){rival->run, *state, NULL};
  quern_network_free(learned);
  return CLI_OK;
}

/* One line: quern's figure for `how`, its share of the arithmetic's limit, and the rivals' figures.
 * `per_run` is quern's steps per run of its candidate. */
static cli_exit print_row(yardstick *bench, const measure_network *network, const char *how,
                          double per_run, const measure_candidate *candidates, cJSON *list) {
  size_t rounds = bench->effort.rounds;
  double batch = (double)network->batch;
  measure_summary rate, share;
  cJSON *object = cli_json_object(&bench->json, list, NULL);
  cli_json_text(&bench->json, object, "network", network->name);
  cli_json_number(&bench->json, object, "batch", batch);
  cli_json_text(&bench->json, object, "as", how);
  cli_exit result = measure_rate(&candidates[QUERN], batch * per_run, rounds, &rate);
  if (result != CLI_OK) return result;
  bench_add(bench, object, "quern_samples_per_second", rate);
  printf("  %-17s %5zu  %-6s %9.0f +-%2.0f%%", network->name, network->batch, how, rate.median,
         measure_spread(rate));
  if (candidates[PEAK].seconds != NULL) {
    result = measure_ratio(&candidates[QUERN], &candidates[PEAK], rounds, &share);
    double scale = per_run * measure_step_flops(network) / bench_probe_flops(bench->probe);
    share = (measure_summary){share.median * scale, share.low * scale, share.high * scale};
    bench_add(bench, object, "share_of_limit", share);
    printf("  %5.3f", share.median);
  } else {
    printf("  %5s", "-");
  }
  for (size_t i = 0; result == CLI_OK && i < STEP_RIVALS; i++) {
    const measure_candidate *rival = &candidates[FIRST_RIVAL + i];
    if (rival->seconds == NULL) {
      printf("  %21s", is_there(bench, rivals[i]) ? "failed" : "not installed");
      continue;
    }
    char key[64];
    result = measure_rate(rival, batch, rounds, &rate);
    if (result == CLI_OK) result = measure_ratio(&candidates[QUERN], rival, rounds, &share);
    share = (measure_summary){share.median * per_run, share.low * per_run, share.high * per_run};
    snprintf(key, sizeof key, "%s_samples_per_second", rivals[i]->key);
    bench_add(bench, object, key, rate);
    snprintf(key, sizeof key, "quern_over_%s", rivals[i]->key);
    bench_add(bench, object, key, share);
    printf("  %9.0f +-%2.0f%% %5.2fx", rate.median, measure_spread(rate), share.median);
  }
  putchar('\n');
  return result;
}

static cli_exit race(yardstick *bench, const measure_network *network, const char *how,
                     double per_run, measure_candidate quern, const measure_candidate *others,
                     cJSON *list) {
  measure_candidate candidates[CANDIDATES];
  for (size_t i = 0; i < CANDIDATES; i++) candidates[i] = others[i];
  candidates[QUERN] = quern;
  cli_exit result = bench_take_turns(bench, candidates, CANDIDATES);
  if (result == CLI_OK) result = print_row(bench, network, how, per_run, candidates, list);
  for (size_t i = 0; i < CANDIDATES; i++) measure_candidate_free(&candidates[i]);
  return result;
}

/* A plan's steps and, for small networks, whole epochs: shuffled, gathered, with summed losses.
 * Rivals step over contiguous batches. */
static cli_exit bench_network(yardstick *bench, const measure_network *network, cJSON *list) {
  measure_problem problem;
  measure_step step = {0};
  measure_epochs epochs = {0};
  measure_candidate others[CANDIDATES] = {0};
  void *states[STEP_RIVALS] = {0};
  cli_exit result = measure_problem_create(network, measure_sgd(), bench->reference, &problem);
  if (result != CLI_OK) return result;
  if (bench->probe != NULL)
    others[PEAK] = (measure_candidate){bench_probe_peak, bench->probe, NULL};
  result = measure_step_create(bench->context, &problem, &step);
  if (result == CLI_OK) result = measure_step_verify(&step);
  for (size_t i = 0; result == CLI_OK && i < STEP_RIVALS; i++)
    if (is_there(bench, rivals[i]))
      result = add_rival(bench, rivals[i], &problem, &states[i], &others[FIRST_RIVAL + i]);
  if (result == CLI_OK)
    result = race(bench, network, "steps", 1, (measure_candidate){measure_step_run, &step, NULL},
                  others, list);
  if (result == CLI_OK && measure_network_is_small(network)) {
    result = measure_epochs_verify(bench->context, bench->reference, &problem);
    if (result == CLI_OK)
      result = measure_epochs_create(bench->context, &problem, MEASURE_EPOCH_SAMPLES, &epochs);
    if (result == CLI_OK)
      result =
          race(bench, network, "epochs", (double)MEASURE_EPOCH_SAMPLES / (double)network->batch,
               (measure_candidate){measure_epochs_run, &epochs, NULL}, others, list);
  }
  for (size_t i = 0; i < STEP_RIVALS; i++)
    if (states[i] != NULL) rivals[i]->free(states[i]);
  measure_epochs_free(&epochs);
  measure_step_free(&step);
  measure_problem_free(&problem);
  return result;
}

cli_exit bench_steps(yardstick *bench) {
  cli_exit result = CLI_OK;
  cJSON *list = cli_json_list(&bench->json, bench->json.root, "steps");
  printf("\ntraining, samples/s; limit: share of what the arithmetic alone allows\n  %-17s %5s  "
         "%-6s %15s  %5s",
         "network", "batch", "as", "quern", "limit");
  for (size_t i = 0; i < STEP_RIVALS; i++) printf("  %21s", rivals[i]->name);
  putchar('\n');
  for (size_t i = 0; result == CLI_OK && i < measure_network_count; i++)
    if (!bench->effort.small_only || measure_network_is_small(&measure_networks[i]))
      result = bench_network(bench, &measure_networks[i], list);
  return result;
}
