/* Verification of a device: variant by variant, op by op. */
#include <quern/verify.h>

#include "../base/clock.h"
#include "../base/error.h"
#include "../device/context.h"
#include "../device/device.h"
#include "probe.h"
#include "reference.h"
#include "sweep.h"
#include <stdlib.h>

const char *quern_verify_op_name(size_t index) {
  return index < quern__sweep_count ? quern__sweeps[index].name : NULL;
}

/* Lists the one variant of a backend without variants. */
static quern_status list_one(quern__variant **list, size_t *count) {
  *list = calloc(1, sizeof **list);
  if (*list == NULL) return quern__fail_memory("verify", sizeof **list);
  **list = (quern__variant){.name = "as opened", .scope = QUERN__SWEEP_OTHER};
  *count = 1;
  return QUERN_OK;
}

static quern_status open_variant(const quern_device *device, const quern__variants *variants,
                                 const quern__variant *variant, quern_context **context) {
  if (variants == NULL) return quern_context_create_on(device, context);
  void *state;
  QUERN__FORWARD(variants->open(&device->info, device->handle, variant, &state));
  const quern_status status = quern__context_wrap(device->backend, &device->info, state, context);
  if (status != QUERN_OK) device->backend->close(state);
  return status;
}

static bool ends_everything(quern_status status) {
  return status == QUERN_ERROR_OUT_OF_MEMORY || status == QUERN_ERROR_DEVICE_LOST;
}

static quern_status run_sweep(quern__verify *v, const quern__sweep *sweep,
                              const quern__variant *variant, const quern_verify_options *options,
                              size_t *failed) {
  v->outcome = (quern__outcome){.cases = 0};
  const double start = quern__seconds();
  const quern_status status = sweep->run(v);
  const quern__outcome *outcome = &v->outcome;
  if (status == QUERN_ERROR_OUT_OF_MEMORY) return status; /* not a property of the device */
  if (status == QUERN_ERROR_UNSUPPORTED && outcome->cases == 1)
    return QUERN_OK; /* an op that is optional */
  const bool passed = status == QUERN_OK && outcome->wrong == 0;
  const quern_verify_result result = {.variant = variant->name,
                                      .parameters = variant->parameters,
                                      .op = sweep->name,
                                      .passed = passed,
                                      .cases = outcome->cases,
                                      .wrong = outcome->wrong,
                                      .worst = outcome->worst,
                                      .worst_case = outcome->worst_case,
                                      .seconds = quern__seconds() - start,
                                      .why = outcome->why[0] != '\0' ? outcome->why
                                             : status != QUERN_OK    ? quern_last_error()
                                                                     : ""};
  if (!passed) ++*failed;
  if (options->on_result != NULL) options->on_result(&result, options->user);
  return ends_everything(status) ? status : QUERN_OK;
}

static quern_status run_sweeps(quern__verify *v, const quern__variant *variant,
                               const quern_verify_options *options, size_t *failed) {
  for (size_t i = 0; i < quern__sweep_count; i++) {
    const quern__sweep *sweep = &quern__sweeps[i];
    if (options->op != NULL && quern__sweep_find(options->op) != sweep) continue;
    if (sweep->what > variant->scope) continue;
    QUERN__FORWARD(run_sweep(v, sweep, variant, options, failed));
  }
  return QUERN_OK;
}

static quern_status report_facts(const quern__verify *v, const quern_verify_options *options) {
  if (options->on_fact == NULL) return QUERN_OK;
  if (v->variants != NULL)
    QUERN__FORWARD(v->variants->facts(v->state, options->on_fact, options->user));
  return quern__probe(v->device, options->on_fact, options->user);
}

/* Reports a variant that cannot be opened as failed. */
static quern_status fail_to_open(quern_status status, const quern__variant *variant,
                                 const quern_verify_options *options, size_t *failed) {
  if (ends_everything(status)) return status;
  const quern_verify_result result = {.variant = variant->name,
                                      .parameters = variant->parameters,
                                      .op = "opening the device",
                                      .worst_case = "",
                                      .why = quern_last_error()};
  ++*failed;
  if (options->on_result != NULL) options->on_result(&result, options->user);
  return QUERN_OK;
}

static quern_status verify_variant(const quern_device *device, const quern__variants *variants,
                                   const quern__variant *variant, bool first,
                                   const quern_verify_options *options, quern_context *reference,
                                   size_t *failed) {
  quern__verify v = {.reference = reference, .variants = variants};
  quern_status status = open_variant(device, variants, variant, &v.device);
  if (status != QUERN_OK) return fail_to_open(status, variant, options, failed);
  v.state = v.device->state;
  v.small = options->effort == QUERN_VERIFY_QUICK;
  v.few = v.small;
  if (variants != NULL) v.loop_rounds = variants->loop_rounds(v.state);
  if (first) QUERN__TRY(report_facts(&v, options));
  status = run_sweeps(&v, variant, options, failed);

cleanup:
  quern_context_free(v.device);
  return status;
}

static quern_status verify(const quern_device *device, const quern_verify_options *options,
                           size_t *failed) {
  const quern__variants *variants =
      device->backend == &quern__opencl_backend ? &quern__opencl_variants : NULL;
  quern__variant *list = NULL;
  size_t count = 0;
  quern_context *reference = NULL;
  quern_status status;
  if (variants != NULL)
    QUERN__TRY(variants->list(&device->info, device->handle, options->effort, &list, &count));
  else
    QUERN__TRY(list_one(&list, &count));
  QUERN__TRY(quern__verify_reference(&reference));
  for (size_t i = 0; i < count; i++)
    QUERN__TRY(verify_variant(device, variants, &list[i], i == 0, options, reference, failed));

cleanup:
  free(list);
  quern_context_free(reference);
  return status;
}

quern_status quern_verify(const quern_device *device, const quern_verify_options *options,
                          size_t *failed) {
  size_t count = 0;
  const quern_verify_options defaults = quern_verify_options_default();
  if (options == NULL) options = &defaults;
  if (device == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "verify: the device is NULL");
  if (options->size != sizeof *options)
    return quern__fail(
        QUERN_ERROR_ARGUMENT,
        "verify: options.size is %zu, expected %zu: start from quern_verify_options_default()",
        options->size, sizeof *options);
  if (options->op != NULL && quern__sweep_find(options->op) == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "verify: unknown op \"%s\", expected a name from quern_verify_op_name",
                       options->op);
  char *before = quern__remember_error();
  if (before == NULL) return quern__fail_memory("verify", 1);
  const quern_status status = verify(device, options, &count);
  if (status == QUERN_OK)
    quern__restore_error(before); /* ops failed, the call did not */
  else
    free(before);
  if (failed != NULL) *failed = count;
  return status;
}
