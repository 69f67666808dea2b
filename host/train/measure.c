/* Loss and accuracy over a data set. */
#include "measure.h"

#include "../context.h"
#include "../error.h"
#include <time.h>

double quern__seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

quern_status quern__tally_create(quern_context *context, size_t rows, quern__tally *tally) {
  *tally = (quern__tally){.context = context};
  quern_status status;
  QUERN__TRY(quern__buffer_create_touched(context, rows * sizeof(float), &tally->losses));
  QUERN__TRY(quern__buffer_create_touched(context, sizeof(float), &tally->sum));
  QUERN__TRY(quern__buffer_create_touched(context, sizeof(int32_t), &tally->correct));
  return QUERN_OK;
cleanup:
  quern__tally_free(tally);
  return status;
}

void quern__tally_free(quern__tally *tally) {
  quern_buffer_free(tally->losses);
  quern_buffer_free(tally->sum);
  quern_buffer_free(tally->correct);
  *tally = (quern__tally){0};
}

quern_status quern__tally_mean_loss(const quern__tally *tally, size_t first, size_t rows, double *mean) {
  float sum;
  QUERN__FORWARD(
      quern_sum(tally->context, quern_vector(tally->losses, first, rows), quern_vector(tally->sum, 0, 1)));
  QUERN__FORWARD(quern_buffer_read(tally->sum, 0, sizeof sum, &sum, QUERN_WAIT));
  *mean = (double)sum / (double)rows;
  return QUERN_OK;
}

quern_status quern__measure(quern_plan *plan, const quern__resident *resident, const quern__batch *batch,
                            size_t size, const quern__tally *tally, quern_metrics *metrics) {
  static const int32_t zero = 0;
  double start = quern__seconds();
  quern_tensor correct = quern_vector(tally->correct, 0, 1);
  QUERN__FORWARD(quern_buffer_write(tally->correct, 0, sizeof zero, &zero, QUERN_NO_WAIT));
  for (size_t first = 0; first < resident->rows; first += size) {
    size_t n = resident->rows - first < size ? resident->rows - first : size;
    quern_tensor x, labels;
    QUERN__FORWARD(quern__resident_gather(resident, first, n, batch, &x, &labels));
    QUERN__FORWARD(quern_plan_evaluate(plan, x, labels, quern_vector(tally->losses, first, n), correct));
  }
  int32_t count;
  QUERN__FORWARD(quern__tally_mean_loss(tally, 0, resident->rows, &metrics->loss));
  QUERN__FORWARD(quern_buffer_read(tally->correct, 0, sizeof count, &count, QUERN_WAIT));
  metrics->samples = resident->rows;
  metrics->accuracy = (double)count / (double)resident->rows;
  metrics->samples_per_second = (double)resident->rows / (quern__seconds() - start);
  return QUERN_OK;
}
