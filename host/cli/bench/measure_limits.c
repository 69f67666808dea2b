#include "measure_limits.h"

enum { LARGE_BYTES = 1 << 27, SMALL_BYTES = 1 << 22 };

static quern_status fill_measure_limits(const measure_limits *limits, float value, size_t count) {
  return quern_fill(limits->context, value, quern_vector(limits->from, 0, count));
}

static quern_status copy_measure_limits(const measure_limits *limits) {
  return quern_buffer_copy(limits->from, 0, limits->to, 0, limits->bytes);
}

static cli_exit verify(const measure_limits *limits) {
  float first, last;
  if (fill_measure_limits(limits, 3, limits->bytes / sizeof(float)) != QUERN_OK ||
      fill_measure_limits(limits, 4, 1) != QUERN_OK || copy_measure_limits(limits) != QUERN_OK ||
      quern_buffer_read(limits->to, 0, sizeof first, &first, QUERN_WAIT) != QUERN_OK ||
      quern_buffer_read(limits->to, limits->bytes - sizeof last, sizeof last, &last, QUERN_WAIT) !=
          QUERN_OK)
    return cli_fail_library();
  if (first == 4 && last == 3) return CLI_OK;
  return cli_fail("a copy is wrong: it ends with %g and %g, expected 4 and 3", (double)first,
                  (double)last);
}

cli_exit measure_limits_create(quern_context *context, bool small_only, measure_limits *limits) {
  *limits = (measure_limits){.context = context, .bytes = small_only ? SMALL_BYTES : LARGE_BYTES};
  cli_exit result = CLI_OK;
  if (quern_buffer_create(context, limits->bytes, &limits->from) != QUERN_OK ||
      quern_buffer_create(context, limits->bytes, &limits->to) != QUERN_OK)
    result = cli_fail_library();
  if (result == CLI_OK) result = verify(limits);
  if (result != CLI_OK) measure_limits_free(limits);
  return result;
}

void measure_limits_free(measure_limits *limits) {
  quern_buffer_free(limits->from);
  quern_buffer_free(limits->to);
  *limits = (measure_limits){0};
}

static cli_exit run_measure_limits(const measure_limits *limits, size_t times, double *seconds,
                                   bool wait_each, bool is_copy) {
  quern_status status = QUERN_OK;
  double start = cli_seconds();
  for (size_t i = 0; status == QUERN_OK && i < times; i++) {
    status = is_copy ? copy_measure_limits(limits) : fill_measure_limits(limits, (float)i, 1);
    if (status == QUERN_OK && (wait_each || i + 1 == times))
      status = quern_context_finish(limits->context);
  }
  *seconds = cli_seconds() - start;
  return status == QUERN_OK ? CLI_OK : cli_fail_library();
}

cli_exit measure_limits_launch(void *limits, size_t times, double *seconds) {
  return run_measure_limits(limits, times, seconds, false, false);
}

cli_exit measure_limits_wait(void *limits, size_t times, double *seconds) {
  return run_measure_limits(limits, times, seconds, true, false);
}

cli_exit measure_limits_copy(void *limits, size_t times, double *seconds) {
  return run_measure_limits(limits, times, seconds, false, true);
}
