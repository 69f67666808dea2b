/* The matrix products: quern's, with what is fused into them, compared with the rivals' bare
 * ones. */
#include "bench.h"

#include <stdlib.h>

static const product_rival *const rivals[PRODUCT_RIVALS] = {&openblas_product, &clblast_product};

/* In the order of their runs. */
enum { PEAK, QUERN, FIRST_RIVAL, CANDIDATES = FIRST_RIVAL + PRODUCT_RIVALS };

static bool is_there(const yardstick *bench, const product_rival *rival) {
  return rival->create != NULL && (rival != &clblast_product || bench->probe != NULL);
}

/* A rival that cannot be prepared or has a wrong result is left out of the row, and named on
 * stderr. */
static cli_exit add_rival(const yardstick *bench, const product_rival *rival,
                          const measure_operands *operands, void **state,
                          measure_candidate *candidate) {
  double seconds;
  float *result = malloc(measure_result_count(operands) * sizeof *result);
  if (result == NULL) return cli_fail_memory();
  cli_exit exit = rival->create(bench, operands, state);
  if (exit == CLI_OK) exit = rival->run(*state, 1, &seconds);
  if (exit == CLI_OK) exit = rival->read(*state, result);
  if (exit == CLI_OK)
    exit = measure_check_product(operands, bench->reference, true, result, NULL, rival->name);
  if (exit == CLI_OK) *candidate = (measure_candidate){rival->run, *state, NULL};
  free(result);
  return CLI_OK;
}

static cli_exit print_row(yardstick *bench, const measure_operands *operands,
                          const measure_candidate *candidates, cJSON *list) {
  measure_shape shape = operands->shape;
  double work = 1e-9 * measure_shape_flops(shape);
  size_t rounds = bench->effort.rounds;
  measure_summary rate, share;
  char name[64];
  cJSON *object = cli_json_object(&bench->json, list, NULL);
  snprintf(name, sizeof name, "%zux%zux%zu", shape.n, shape.out, shape.in);
  cli_json_text(&bench->json, object, "shape", name);
  cli_json_text(&bench->json, object, "form", measure_form_names[operands->form]);
  cli_exit result = measure_rate(&candidates[QUERN], work, rounds, &rate);
  if (result != CLI_OK) return result;
  bench_add(bench, object, "quern_gflops", rate);
  printf("  %-15s %-17s %6.1f +-%2.0f%%", name, measure_form_names[operands->form], rate.median,
         measure_spread(rate));
  if (candidates[PEAK].seconds != NULL) {
    result = measure_ratio(&candidates[QUERN], &candidates[PEAK], rounds, &share);
    double scale = work * 1e9 / bench_probe_flops(bench->probe);
    share = (measure_summary){share.median * scale, share.low * scale, share.high * scale};
    bench_add(bench, object, "share_of_peak", share);
    printf("  %4.2f", share.median);
  } else {
    printf("  %4s", "-");
  }
  for (size_t i = 0; result == CLI_OK && i < PRODUCT_RIVALS; i++) {
    const measure_candidate *rival = &candidates[FIRST_RIVAL + i];
    if (rival->seconds == NULL) {
      printf("  %18s", is_there(bench, rivals[i])  ? "failed"
                       : rivals[i]->create == NULL ? "not installed"
                                                   : "-");
      continue;
    }
    char key[64];
    result = measure_rate(rival, work, rounds, &rate);
    if (result == CLI_OK) result = measure_ratio(&candidates[QUERN], rival, rounds, &share);
    snprintf(key, sizeof key, "%s_gflops", rivals[i]->key);
    bench_add(bench, object, key, rate);
    snprintf(key, sizeof key, "quern_over_%s", rivals[i]->key);
    bench_add(bench, object, key, share);
    printf("  %6.1f +-%2.0f%% %5.2fx", rate.median, measure_spread(rate), share.median);
  }
  putchar('\n');
  return result;
}

static cli_exit bench_product(yardstick *bench, measure_form form, measure_shape shape,
                              cJSON *list) {
  measure_operands operands;
  measure_product product = {0};
  measure_candidate candidates[CANDIDATES] = {0};
  void *states[PRODUCT_RIVALS] = {0};
  cli_exit result = measure_operands_create(form, shape, &operands);
  if (result != CLI_OK) return result;
  if (bench->probe != NULL)
    candidates[PEAK] = (measure_candidate){bench_probe_peak, bench->probe, NULL};
  result = measure_verify_product(bench->context, bench->reference, &operands);
  if (result == CLI_OK) result = measure_product_create(bench->context, &operands, false, &product);
  candidates[QUERN] = (measure_candidate){measure_product_run, &product, NULL};
  for (size_t i = 0; result == CLI_OK && i < PRODUCT_RIVALS; i++)
    if (is_there(bench, rivals[i]))
      result = add_rival(bench, rivals[i], &operands, &states[i], &candidates[FIRST_RIVAL + i]);
  if (result == CLI_OK) result = bench_take_turns(bench, candidates, CANDIDATES);
  if (result == CLI_OK) result = print_row(bench, &operands, candidates, list);
  for (size_t i = 0; i < CANDIDATES; i++) measure_candidate_free(&candidates[i]);
  for (size_t i = 0; i < PRODUCT_RIVALS; i++)
    if (states[i] != NULL) rivals[i]->free(states[i]);
  measure_product_free(&product);
  measure_operands_free(&operands);
  return result;
}

cli_exit bench_products(yardstick *bench) {
  cli_exit result = CLI_OK;
  cJSON *list = cli_json_list(&bench->json, bench->json.root, "products");
  printf("\nmatrix products, GFLOPS; a ratio says how many times faster quern is\n  %-15s %-17s "
         "%12s  %4s",
         "n x out x in", "form", "quern", "peak");
  for (size_t i = 0; i < PRODUCT_RIVALS; i++) printf("  %18s", rivals[i]->name);
  putchar('\n');
  for (size_t i = 0; i < measure_shape_count; i++) {
    if (bench->effort.small_only && !measure_shape_is_small(measure_shapes[i])) continue;
    for (size_t form = 0; result == CLI_OK && form < MEASURE_FORM_COUNT; form++)
      result = bench_product(bench, (measure_form)form, measure_shapes[i], list);
  }
  return result;
}
