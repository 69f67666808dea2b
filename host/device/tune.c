/* Public tuning functions. The backend does the search. */
#include <quern/tune.h>

#include "../base/error.h"
#include "context.h"
#include "device.h"
#include "tune_report.h"
#include "tuner.h"
#include <stdlib.h>
#include <string.h>

const char *quern_tune_verdict_name(quern_tune_verdict verdict) {
  switch (verdict) {
  case QUERN_TUNE_SLOWER:
    return "slower";
  case QUERN_TUNE_FASTER:
    return "faster";
  case QUERN_TUNE_WRONG:
    return "wrong";
  case QUERN_TUNE_FAILED:
    return "failed";
  case QUERN_TUNE_KEPT:
    return "kept";
  case QUERN_TUNE_CHOSEN:
    return "chosen";
  }
  return "unknown";
}

const quern__tuner *quern__tuner_of(const quern_backend *backend) {
  return backend == &quern__opencl_backend ? &quern__opencl_tuner : NULL;
}

static quern_status find_tuner(const quern_device *device, const quern__tuner **tuner) {
  if (device == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "tune: the device is NULL");
  *tuner = quern__tuner_of(device->backend);
  if (*tuner != NULL) return QUERN_OK;
  return quern__fail(QUERN_ERROR_UNSUPPORTED,
                     "tune: %s has no parameters to tune; expected an OpenCL device",
                     device->info.name);
}

quern_status quern_tune(const quern_device *device, const quern_tune_options *options,
                        quern_tune_report **report) {
  if (report == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "tune: the result pointer is NULL");
  *report = NULL;
  const quern_tune_options defaults = quern_tune_options_default();
  if (options == NULL) options = &defaults;
  if (options->size != sizeof *options)
    return quern__fail(
        QUERN_ERROR_ARGUMENT,
        "tune: options.size is %zu, expected %zu: start from quern_tune_options_default()",
        options->size, sizeof *options);
  const quern__tuner *tuner;
  QUERN__FORWARD(find_tuner(device, &tuner));
  quern_tune_report *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("tuning report", sizeof *result);
  char *before = strdup(quern_last_error());
  quern_status status = QUERN_ERROR_OUT_OF_MEMORY;
  if (before == NULL)
    quern__set_error("tuning report: no host memory");
  else
    status = tuner->tune(&device->info, device->handle, options, result);
  if (status == QUERN_OK) {
    quern__set_error("%s", before); /* discard the errors of failed candidates */
    *report = result;
  } else {
    quern_tune_report_free(result);
  }
  free(before);
  return status;
}

quern_status quern_tune_reset(const quern_device *device, size_t *removed) {
  size_t count = 0;
  const quern__tuner *tuner;
  QUERN__FORWARD(find_tuner(device, &tuner));
  const quern_status status = tuner->reset(&device->info, &count);
  if (removed != NULL) *removed = count;
  return status;
}

void quern_tune_report_free(quern_tune_report *report) {
  if (report == NULL) return;
  for (size_t i = 0; i < report->part_count; i++) {
    free((char *)report->parts[i].before);
    free((char *)report->parts[i].after);
  }
  free(report->parts);
  free(report->products);
  free(report->file);
  free(report);
}

const quern_tune_part *quern_tune_report_parts(const quern_tune_report *report, size_t *count) {
  *count = report->part_count;
  return report->parts;
}

const quern_tune_product *quern_tune_report_products(const quern_tune_report *report,
                                                     size_t *count) {
  *count = report->product_count;
  return report->products;
}

const char *quern_tune_report_file(const quern_tune_report *report) {
  return report->file != NULL ? report->file : "";
}

/* Makes room for one more element; NULL if memory is exhausted. Not geometric, since a report has
 * about a dozen elements. */
static void *grow_report_list(void *list, size_t count, size_t size) {
  void *grown = realloc(list, (count + 1) * size);
  if (grown == NULL)
    quern__set_error("tuning report: no host memory for %zu bytes", (count + 1) * size);
  return grown;
}

quern_status quern__tune_report_part(quern_tune_report *report, const quern_tune_part *part) {
  quern_tune_part *grown = grow_report_list(report->parts, report->part_count, sizeof *part);
  if (grown == NULL) {
    free((char *)part->before);
    free((char *)part->after);
    return QUERN_ERROR_OUT_OF_MEMORY;
  }
  report->parts = grown;
  report->parts[report->part_count++] = *part;
  return QUERN_OK;
}

quern_status quern__tune_report_product(quern_tune_report *report,
                                        const quern_tune_product *product) {
  quern_tune_product *grown =
      grow_report_list(report->products, report->product_count, sizeof *product);
  if (grown == NULL) return QUERN_ERROR_OUT_OF_MEMORY;
  report->products = grown;
  report->products[report->product_count++] = *product;
  return QUERN_OK;
}

const char *quern_context_note(const quern_context *context) {
  const quern__tuner *tuner = quern__tuner_of(context->backend);
  return tuner != NULL ? tuner->note(context->state) : "";
}

const char *quern_context_tuning(const quern_context *context) {
  const quern__tuner *tuner = quern__tuner_of(context->backend);
  return tuner != NULL ? tuner->file(context->state) : "";
}
