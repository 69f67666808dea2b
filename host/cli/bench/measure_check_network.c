/* Checks the parameters after training steps. */
#include "measure_step.h"

#include <math.h>
#include <stdlib.h>

/* The three states of a layer's tensor, each weights and then bias. */
typedef struct layer_values {
  float *start, *expected, *got; /* owned */
} layer_values;

static bool read_layer(const quern_network *network, size_t layer, size_t weights, float *values) {
  return quern_network_get_layer(network, layer, values, values + weights) == QUERN_OK;
}

static cli_exit compare_measure_check_network(const layer_values *values, size_t first,
                                              size_t count, const char *who, const char *network,
                                              size_t layer, const char *what) {
  double changed = 0, wrong = 0;
  for (size_t i = first; i < first + count; i++) {
    double change = (double)values->expected[i] - (double)values->start[i];
    double error = (double)values->got[i] - (double)values->expected[i];
    changed += change * change;
    wrong += error * error;
  }
  if (sqrt(wrong) <= 0.01 * sqrt(changed)) return CLI_OK;
  return cli_fail("%s: %s of layer %zu of %s are wrong after training: the difference has a norm "
                  "of %.3g, and the change by training one of %.3g",
                  who, what, layer, network, sqrt(wrong), sqrt(changed));
}

cli_exit measure_check_network(const measure_network *network, const quern_network *start,
                               const quern_network *expected, const quern_network *got,
                               const char *who) {
  cli_exit result = CLI_OK;
  for (size_t l = 0; result == CLI_OK && l < measure_layer_count(network); l++) {
    size_t weights = network->units[l] * network->units[l + 1], biases = network->units[l + 1];
    size_t bytes = (weights + biases) * sizeof(float);
    layer_values values = {malloc(bytes), malloc(bytes), malloc(bytes)};
    if (values.start == NULL || values.expected == NULL || values.got == NULL) {
      result = cli_fail_memory();
    } else if (!read_layer(start, l, weights, values.start) ||
               !read_layer(expected, l, weights, values.expected) ||
               !read_layer(got, l, weights, values.got)) {
      result = cli_fail_library();
    } else {
      result = compare_measure_check_network(&values, 0, weights, who, network->name, l, "weights");
      if (result == CLI_OK)
        result = compare_measure_check_network(&values, weights, biases, who, network->name, l,
                                               "biases");
    }
    free(values.start);
    free(values.expected);
    free(values.got);
  }
  return result;
}
