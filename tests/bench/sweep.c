/* Sizes in sequence, to find shapes at which quern is slow. No rivals. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>

/* Neighbors of the widths of vectors and tiles, powers of two, and primes. */
static const size_t sizes[] = {1,   2,   3,   4,   5,   7,   8,    9,    11,   13,   15,  16,
                               17,  19,  23,  31,  32,  33,  37,   47,   48,   49,   61,  63,
                               64,  65,  79,  95,  96,  97,  113,  127,  128,  129,  149, 160,
                               191, 193, 211, 255, 256, 257, 307,  383,  384,  385,  449, 509,
                               512, 513, 601, 701, 769, 877, 1009, 1023, 1024, 1025, 1100};
enum { SIZES = sizeof sizes / sizeof *sizes, OTHERS = 256, LOWEST = 3 };

typedef enum sweep_dimension { SWEEP_N, SWEEP_OUT, SWEEP_IN, SWEEP_DIMENSIONS } sweep_dimension;
static const char *const dimension_names[SWEEP_DIMENSIONS] = {"samples", "outputs", "inputs"};

static measure_shape shape_of(sweep_dimension dimension, size_t size) {
  measure_shape shape = {OTHERS, OTHERS, OTHERS};
  if (dimension == SWEEP_N) shape.n = size;
  if (dimension == SWEEP_OUT) shape.out = size;
  if (dimension == SWEEP_IN) shape.in = size;
  return shape;
}

/* One line: every size of one dimension runs once per round. A minimal product measures a launch,
 * and the probe the round's peak. */
enum { PEAK, LAUNCH, FIRST_SIZE, CANDIDATES = FIRST_SIZE + SIZES };
typedef struct sweep {
  measure_product products[CANDIDATES];
  measure_candidate candidates[CANDIDATES];
  /* relative to the peak, without the launch; 0 if the launch is all */
  double shares[SIZES];
} sweep;

static cli_exit add(yardstick *bench, sweep *line, size_t place, measure_form form,
                    measure_shape shape) {
  measure_operands operands;
  cli_exit result = measure_operands_create(form, shape, &operands);
  if (result != CLI_OK) return result;
  result = measure_verify_product(bench->context, bench->reference, &operands);
  if (result == CLI_OK)
    result = measure_product_create(bench->context, &operands, false, &line->products[place]);
  measure_operands_free(&operands);
  line->candidates[place] = (measure_candidate){measure_product_run, &line->products[place], NULL};
  return result;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median over the rounds; in each, neighbors and the peak run within a moment. */
static double share_of(const yardstick *bench, const sweep *line, size_t i, double work,
                       size_t rounds) {
  double *shares = malloc(rounds * sizeof *shares), median = 0;
  if (shares == NULL) return 0;
  for (size_t r = 0; r < rounds; r++) {
    const double launch = line->candidates[LAUNCH].seconds[r];
    const double seconds = line->candidates[FIRST_SIZE + i].seconds[r];
    const double peak = bench_probe_flops(bench->probe) / line->candidates[PEAK].seconds[r];
    shares[r] = seconds > 2 * launch ? work / (seconds - launch) / peak : 0;
  }
  qsort(shares, rounds, sizeof *shares, compare);
  median = shares[rounds / 2];
  free(shares);
  return median;
}

static cli_exit run_line(yardstick *bench, sweep *line, measure_form form,
                         sweep_dimension dimension) {
  line->candidates[PEAK] = (measure_candidate){bench_probe_peak, bench->probe, NULL};
  cli_exit result = add(bench, line, LAUNCH, form, (measure_shape){1, 1, 1});
  for (size_t i = 0; result == CLI_OK && i < SIZES; i++)
    result = add(bench, line, FIRST_SIZE + i, form, shape_of(dimension, sizes[i]));
  measure_effort effort = {bench->effort.rounds, bench->effort.round_seconds / 8, false};
  if (result == CLI_OK) result = measure_rounds(line->candidates, CANDIDATES, effort);
  if (result != CLI_OK) return result;
  for (size_t i = 0; i < SIZES; i++)
    line->shares[i] =
        share_of(bench, line, i, measure_shape_flops(shape_of(dimension, sizes[i])), effort.rounds);
  return CLI_OK;
}

/* The speed of size i relative to the size before it; infinite if unknown. */
static double step_of(const sweep *line, size_t i) {
  return i > 0 && line->shares[i] > 0 && line->shares[i - 1] > 0
             ? line->shares[i] / line->shares[i - 1]
             : INFINITY;
}

static void print_line(yardstick *bench, const sweep *line, measure_form form,
                       sweep_dimension dimension, cJSON *list) {
  cJSON *object = cli_json_object(&bench->json, list, NULL);
  cli_json_text(&bench->json, object, "form", measure_form_names[form]);
  cli_json_text(&bench->json, object, "dimension", dimension_names[dimension]);
  cJSON *shares = cli_json_object(&bench->json, object, "share_of_peak");
  double highest = 0;
  for (size_t i = 0; i < SIZES; i++) {
    char name[32];
    snprintf(name, sizeof name, "%zu", sizes[i]);
    cli_json_number(&bench->json, shares, name, line->shares[i]);
    highest = fmax(highest, line->shares[i]);
  }
  printf("  %-17s %-8s %7.2f ", measure_form_names[form], dimension_names[dimension], highest);
  double above = -INFINITY;
  for (int n = 0; n < LOWEST; n++) {
    size_t lowest = 0;
    for (size_t i = 1; i < SIZES; i++)
      if (step_of(line, i) > above && step_of(line, i) < step_of(line, lowest)) lowest = i;
    if (lowest == 0) break;
    above = step_of(line, lowest);
    printf("  %4.2f from %4zu to %4zu", above, sizes[lowest - 1], sizes[lowest]);
  }
  putchar('\n');
}

cli_exit bench_sweep(yardstick *bench) {
  if (bench->probe == NULL) return CLI_OK;
  cJSON *list = cli_json_list(&bench->json, bench->json.root, "sweep");
  printf("\none size from 1 to 1100, the others %d; the cost of a launch is taken off. The least "
         "that a size kept of the rate of the size before it\n  %-17s %-8s %7s\n",
         OTHERS, "form", "size of", "peak");
  cli_exit result = CLI_OK;
  for (size_t form = 0; form < MEASURE_FORM_COUNT; form++) {
    for (size_t dimension = 0; result == CLI_OK && dimension < SWEEP_DIMENSIONS; dimension++) {
      sweep line = {0};
      result = run_line(bench, &line, (measure_form)form, (sweep_dimension)dimension);
      if (result == CLI_OK)
        print_line(bench, &line, (measure_form)form, (sweep_dimension)dimension, list);
      for (size_t i = 0; i < CANDIDATES; i++) {
        measure_candidate_free(&line.candidates[i]);
        measure_product_free(&line.products[i]);
      }
    }
  }
  return result;
}
