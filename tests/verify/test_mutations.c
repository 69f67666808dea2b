/* Kernels with one wrong token: verification detects every one of them. Each mutant must build, and
 * must fail the op that its kernel computes. The shim changes the source before it passes it to the
 * driver. */
#include "opencl_shim_mutate.h"
#include "test.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct mutation {
  const char *kernel, *from, *to, *op;
} mutation;

static const mutation mutations[] = {
    {"dense_tile.cl", "b[2 * i + 1] = INTERLEAVE_HIGH", "b[2 * i + 1] = INTERLEAVE_LOW",
     "dense backward data"},
    {"dense_tile.cl", "QUERN_MAD(scalar, right[v], sum[r][v])",
     "QUERN_MAD(scalar, right[0], sum[r][v])", "dense forward"},
    {"dense_tile.cl", "const uint used = v * VECTOR_WIDTH;", "const uint used = v + VECTOR_WIDTH;",
     "dense backward weights"},
    {"dense_forward.cl", "if (b) value += quern_load_part(b + at, lanes);",
     "if (b) value -= quern_load_part(b + at, lanes);", "dense forward"},
    {"dense_forward.cl", "if (k > 0) value += quern_load_part(y_at",
     "if (k < 0) value += quern_load_part(y_at", "dense forward"},
    {"dense_backward_data.cl", "if (k > 0 && !accumulate) value", "if (k > 0 && accumulate) value",
     "dense backward data"},
    {"dense_backward_data.cl", "if (h && (last || accumulate))", "if (h && (last && accumulate))",
     "dense backward data"},
    {"dense_backward_weights.cl", "next.update.decay = 0.0f;", "next.update.decay = 1.0f;",
     "dense backward update"},
    {"dense_backward_weights.cl", "optimizer_step_sgd(update, sum[r][v]",
     "optimizer_step_sgd(update, -sum[r][v]", "dense backward update"},
    {"dense_backward_weights.cl", "s == 0 ? sums[k] : sum[k] + sums[k]",
     "s == 0 ? sums[k] : sums[k]", "dense backward update"},
    {"optimizer_rules.cl", "g += u->decay * old;", "g -= u->decay * old;", "optimizer update"},
    {"optimizer_rules.cl", "sqrt(*v) * u->correction", "sqrt(*v) / u->correction",
     "optimizer update"},
    {"optimizer_rules.cl", "return old - u->rate * g;", "return old + u->rate * g;",
     "optimizer update"},
    {"optimizer_rules.cl", "if (!update.decays_bias)", "if (update.decays_bias)",
     "dense backward update"},
    {"dense_backward_weights.cl", "OPTIMIZER_TILE(RULE_NESTEROV)", "OPTIMIZER_TILE(RULE_MOMENTUM)",
     "dense backward update"},
    {"dense_group_tile.cl", "a[k * A_STRIDE + v * ITEMS_DOWN + y]",
     "a[k * A_STRIDE + v * ITEMS_DOWN + x]", "dense forward"},
    {"dense_group_tile.cl", "[i % COLUMN_VECTORS] += memory", "[i % COLUMN_VECTORS] -= memory",
     "dense backward data"},
    {"dense_group_tile.cl", "*columns += b_local", "*columns -= b_local", "dense backward weights"},
    {"dense_group.cl", "put(mode, &of_bias", "put(mode, &update", "dense backward update"},
    {"common.cl", "one / (one + exp(-z))", "one / (one + exp(z))", "activation forward"},
    {"common.cl", "return value * (one - value);", "return value * (one + value);",
     "activation backward"},
    {"common.cl",
     "if (kind == QUERN_ACTIVATION_GELU_TANH) u *= TWICE_ROOT_TWO_BY_PI * (one + GELU_CUBE * z * "
     "z);\n  const",
     "if (kind == QUERN_ACTIVATION_GELU_TANH) u *= TWICE_ROOT_TWO_BY_PI * (one - GELU_CUBE * z * "
     "z);\n  const",
     "activation forward"},
    {"common.cl", "ROOT_TWO_PI_INVERSE * z * exp", "ROOT_TWO_PI_INVERSE * exp",
     "activation backward"},
    {"common.cl", "z = z > FLAT ? (quern_vector)(FLAT) : z;", "", "activation backward"},
    {"activation.cl", "gradient * quern_activate_gradient", "gradient + quern_activate_gradient",
     "activation backward"},
    {"dropout.cl", "words < (uint4)(threshold)", "words > (uint4)(threshold)", "dropout"},
    {"dropout.cl", "first_row + row, (uint2)", "first_row - row, (uint2)", "dropout"},
    {"normalization.cl", "cells[strip->item] += cells[strip->item",
     "cells[strip->item] -= cells[strip->item", "batch norm forward"},
    {"normalization.cl", "variance / (float)(n - 1) - old", "variance / (float)n - old",
     "batch norm forward"},
    {"normalization.cl", "variance + variance_offset + column, lanes) + epsilon",
     "variance + variance_offset + column, lanes)", "batch norm inference"},
    {"normalization.cl", "(shift + normal * scale) / (float)n)",
     "(shift - normal * scale) / (float)n)", "batch norm backward"},
    {"normalization.cl", "x[i] - center : 0.0f", "x[i] - center : 1.0f", "layer norm forward"},
    {"normalization.cl", "(shift + normal * scale) / (float)units)", "(shift + normal * scale))",
     "layer norm backward"},
    {"normalization.cl", "(quern_vector)(mean[r])", "(quern_vector)(mean[0])",
     "layer norm backward"},
    {"normalization.cl", "quern_store_part(sums, squares",
     "quern_store_part(sums / (float)n, squares", "batch norm moments"},
    {"normalization.cl", "&shift, &scale);\n  if (strip.down > 0) return;",
     "&scale, &shift);\n  if (strip.down > 0) return;", "batch norm backward parameters"},
    {"normalization.cl", "(shift + normal * scale) / samples",
     "(shift + normal * scale) / (float)n", "batch norm backward data"},
    {"softmax.cl", "if (z_row[a] > largest) largest = z_row[a];\n  float sum",
     "if (z_row[a] < largest) largest = z_row[a];\n  float sum", "softmax"},
    {"loss_row.cl", "scale * ((a == (uint)label ? -sum_others",
     "scale * ((a == (uint)label ? +sum_others", "softmax cross-entropy"},
    {"loss_row.cl", "share * (weight_sum * output - weight)", "share * (output - weight)",
     "weighted cross-entropy"},
    {"loss_row.cl", "difference > delta ? delta", "difference > delta ? difference", "Huber loss"},
    {"loss_row.cl", "label >= 0 && (uint)label < k ?", "label >= 0 && (uint)label <= k ?",
     "label weights"},
    {"loss_row.cl",
     "label < 0 || (uint)label >= k) {\n    bad_label(k, loss, dz_row, faults, row);\n    return;\n"
     "  }\n\n  float largest = z_row[0];\n  for (uint a = 1; a < k; a++)\n"
     "    if (z_row[a] > largest) largest = z_row[a];\n  const float max_minus_label",
     "label < 0 || (uint)label > k) {\n    bad_label(k, loss, dz_row, faults, row);\n    return;\n"
     "  }\n\n  float largest = z_row[0];\n  for (uint a = 1; a < k; a++)\n"
     "    if (z_row[a] > largest) largest = z_row[a];\n  const float max_minus_label",
     "softmax cross-entropy"},
    {"loss_row.cl", "output * (ratios - ratio)", "output * (ratios + ratio)",
     "elementwise cross-entropy"},
    {"loss_row.cl", "log1p(exp(-fabs(value)))", "log1p(exp(fabs(value)))", "binary cross-entropy"},
    {"loss_row.cl", "(inverse * difference) * difference", "(inverse + difference) * difference",
     "mean squared error"},
    {"optimizer.cl", "if (scale > 1.0f)", "if (scale < 1.0f)", "clip norm"},
    {"gather.cl", "column + i == (size_t)label ? 1.0f", "column + i == (size_t)label ? 2.0f",
     "one-hot"},
    {"gather.cl", "fma(load(source + (size_t)index * columns + column",
     "fma(load(source + (size_t)index * columns - column", "gather rows"},
    {"gather.cl", "int label = -1;", "int label = +1;", "gather labels"},
    {"measure.cl", "if (value > largest) {\n      largest = value;\n      best",
     "if (value >= largest) {\n      largest = value;\n      best", "argmax"},
    {"measure.cl", "if (guess != -1 && guess", "if (guess != 1 && guess", "count correct"},
    {"measure.cl", "squared ? value * value : value", "squared ? value + value : value",
     "sum of squares"},
    {"measure.cl", "if ((blocks >> level) & 1) total", "if ((blocks >> level) & 2) total", "sum"},
    {"philox.cl", "high0 ^ counter.w ^ key.y", "high0 ^ counter.w ^ key.x", "random uniform"},
    {"fused_steps_kernels.cl", "const size_t first = (size_t)part * layers[l].rows;",
     "const size_t first = (size_t)part + layers[l].rows;", "training"},
    {"fused_steps_kernels.cl", "if (losses) losses += n;", "if (losses) losses += 1;", "training"},
    {"fused_steps_kernels.cl", "network.step++;", "network.step += 2;", "training"},
    {"fused_steps.cl", "derivative *= factor;", "derivative += factor;", "training"},
    {"fused_steps.cl", "dz[at + a] *= h[at + a];", "dz[at + a] += h[at + a];", "training"},
    {"fused_steps.cl", "inside ? (a == (uint)label ? 1.0f", "inside ? (a == (uint)label ? 2.0f",
     "training"},
    {"loss_row.cl", "index < source_rows) sum += label", "index < source_rows) sum -= label",
     "training"},
    {"fused_steps.cl", "from->batch_targets + row * k + column",
     "from->batch_targets + row + column", "training"},
    {"fused_steps.cl", "(shift + normal * slope) / (float)units",
     "(shift - normal * slope) / (float)units", "training"},
    {"fused_steps_kernels.cl", "scale += gradient * ((x - statistics",
     "scale -= gradient * ((x - statistics", "training"},
    {"fused_steps.cl",
     "quern_load_part(dx + c, units - c);\n      const quern_vector gradient = kept *",
     "quern_load_part(dx + c, units - c);\n      const quern_vector gradient = kept +", "training"},
    {"fused_steps_columns.cl", "above.step--;", "above.step -= 2;", "training"},
    {"fused_steps_columns.cl", "if (indices) last.indices -= n;", "", "training"},
    {"dropout.cl", "^ word[3][i] ^ key.y", "^ word[3][i] ^ key.x", "training"},
    {"dropout.cl", "word[w][i] < threshold", "word[w][i] > threshold", "training"},
    {"loss_row.cl", "twice * self->scale * inverse", "self->scale * inverse", "training"},
    {"dense_backward_data.cl", "activation == DATA_DERIVATIVE ?", "activation != DATA_DERIVATIVE ?",
     "training"},
    {"network.cl", "rows[i + HALF]) + INTERLEAVE_HIGH", "rows[i + HALF]) - INTERLEAVE_HIGH",
     "training"},
    {"network_layer.cl", "rows[at + VECTORS], odd[v]", "rows[at], odd[v]", "training"},
    {"network_layer.cl", "kept[v] = h[v] * mask[v];", "kept[v] = h[v] + mask[v];", "training"},
    {"network_layer.cl", "dz[v] *= mask[v];", "dz[v] += mask[v];", "training"},
    {"network_layer.cl", "sums[IN * VECTORS + v] += dz[v];", "sums[IN * VECTORS + v] = dz[v];",
     "training"},
    {"network_steps.cl", "power[a] = -sum_others", "power[a] = sum_others", "training"},
    {"network_steps.cl", "const size_t first = (size_t)s * samples;",
     "const size_t first = (size_t)s + samples;", "training"},
};
enum { MUTATIONS = sizeof mutations / sizeof *mutations };

static void *find(const char *name) {
  void *shim = dlopen(getenv("QUERN_TEST_SHIM"), RTLD_NOW);
  assert_non_null(shim);
  void *found = dlsym(shim, name);
  assert_non_null(found);
  return found;
}

/* The first result that did not pass. */
typedef struct caught {
  char why[512];
  size_t results;
} caught;

static void record(const quern_verify_result *result, void *user) {
  caught *so_far = user;
  so_far->results++;
  if (!result->passed && so_far->why[0] == '\0')
    snprintf(so_far->why, sizeof so_far->why, "%s", result->why);
}

static size_t verify(const char *op, caught *first) {
  quern_device_list *list;
  quern_verify_options options = quern_verify_options_default();
  size_t failed;
  *first = (caught){.results = 0};
  options.effort = QUERN_VERIFY_QUICK;
  options.op = op;
  options.on_result = record;
  options.user = first;
  assert_ok(quern_device_list_create(&list));
  assert_ok(quern_verify(quern_device_list_at(list, 0), &options, &failed));
  quern_device_list_free(list);
  return failed;
}

static void need_kernels(void) {
  quern_device_list *list;
  quern_device_info info;
  assert_ok(quern_device_list_create(&list));
  quern_device_describe(quern_device_list_at(list, 0), &info);
  const bool none = strcmp(info.backend, "opencl") != 0;
  quern_device_list_free(list);
  if (none) skip();
}

/* Unchanged kernels pass, so the failures below come from mutations. */
static void test_unchanged(void **state) {
  (void)state;
  caught first;
  need_kernels();
  const size_t failed = verify(NULL, &first);
  if (failed != 0) fail_msg("%zu results are no pass; the first: %s", failed, first.why);
  assert_true(first.results > 20);
}

static void test_mutants(void **state) {
  (void)state;
  need_kernels();
  void (*mutate)(const char *, const char *);
  size_t (*mutants)(size_t *);
  *(void **)&mutate = find("quern_shim_mutate");
  *(void **)&mutants = find("quern_shim_mutants");
  size_t found = 0;
  for (size_t i = 0; i < MUTATIONS; i++) {
    const mutation *self = &mutations[i];
    caught first;
    size_t places;
    mutate(self->from, self->to);
    const size_t failed = verify(self->op, &first);
    if (mutants(&places) == 0 || places != 1)
      fail_msg("%s: \"%s\" is in %zu places of a program, expected one", self->kernel, self->from,
               places);
    if (strstr(first.why, "did not build") != NULL)
      fail_msg("%s: \"%s\" makes no program: %s", self->kernel, self->to, first.why);
    if (failed > 0)
      found++;
    else
      print_error("%s: \"%s\" for \"%s\" was not found out by %s\n", self->kernel, self->to,
                  self->from, self->op);
    if (failed > 0)
      print_message("  %-26s %-42.*s %s\n", self->kernel, (int)strcspn(self->to, "\n"), self->to,
                    first.why);
  }
  mutate(NULL, NULL);
  print_message("caught %zu of %d mutants\n", found, (int)MUTATIONS);
  assert_int_equal(found, MUTATIONS);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_unchanged), QUERN_TEST(test_mutants)};
  return cmocka_run_group_tests_name("verify/mutations", tests, NULL, NULL);
}
