#include "digits.h"

#include <stdlib.h>

/* The data of quern_dataset_open as float arrays, which a program with its own data has already. */
static quern_status upload(quern_context *context, const quern_dataset *dataset, digits *data) {
  data->count = quern_dataset_rows(dataset);
  float *pixels = malloc(data->count * PIXELS * sizeof *pixels);
  int32_t *labels = malloc(data->count * sizeof *labels);
  quern_status status = pixels != NULL && labels != NULL ? QUERN_OK : QUERN_ERROR_OUT_OF_MEMORY;
  for (size_t row = 0; status == QUERN_OK && row < data->count; row++) {
    quern_dataset_values(dataset, row, pixels + row * PIXELS);
    labels[row] = quern_dataset_label(dataset, row);
  }
  const size_t pixel_bytes = data->count * PIXELS * sizeof *pixels,
               label_bytes = data->count * sizeof *labels;
  if (status == QUERN_OK) status = quern_buffer_create(context, pixel_bytes, &data->pixels);
  if (status == QUERN_OK) status = quern_buffer_create(context, label_bytes, &data->labels);
  if (status == QUERN_OK)
    status = quern_buffer_write(data->pixels, 0, pixel_bytes, pixels, QUERN_WAIT);
  if (status == QUERN_OK)
    status = quern_buffer_write(data->labels, 0, label_bytes, labels, QUERN_WAIT);
  free(pixels);
  free(labels);
  return status;
}

quern_status digits_upload(quern_context *context, digits *train, digits *test) {
  quern_dataset *train_set = NULL, *test_set = NULL;
  quern_status status = quern_dataset_open("digits", NULL, &train_set, &test_set);
  if (status == QUERN_OK) status = upload(context, train_set, train);
  if (status == QUERN_OK) status = upload(context, test_set, test);
  quern_dataset_free(train_set);
  quern_dataset_free(test_set);
  return status;
}

void digits_free(digits *data) {
  quern_buffer_free(data->pixels);
  quern_buffer_free(data->labels);
}

quern_tensor digits_x(const digits *data, size_t first, size_t rows) {
  return quern_matrix(data->pixels, first * PIXELS, rows, PIXELS);
}

quern_tensor digits_labels(const digits *data, size_t first, size_t rows) {
  return quern_vector(data->labels, first, rows);
}

quern_status digits_accuracy(quern_plan *plan, quern_context *context, const digits *test,
                             double *accuracy) {
  quern_buffer *scratch = NULL; /* a loss for each sample of a batch, and the count */
  int32_t right = 0;
  quern_status status = quern_buffer_create(context, (BATCH + 1) * sizeof(float), &scratch);
  if (status == QUERN_OK) status = quern_buffer_fill(scratch, 0, quern_buffer_bytes(scratch), 0);
  for (size_t first = 0; status == QUERN_OK && first < test->count; first += BATCH) {
    const size_t rows = test->count - first < BATCH ? test->count - first : BATCH;
    status =
        quern_plan_evaluate(plan, digits_x(test, first, rows), digits_labels(test, first, rows),
                            quern_vector(scratch, 0, rows), quern_vector(scratch, BATCH, 1));
  }
  if (status == QUERN_OK)
    status = quern_buffer_read(scratch, BATCH * sizeof(float), sizeof right, &right, QUERN_WAIT);
  quern_buffer_free(scratch);
  *accuracy = (double)right / (double)test->count;
  return status;
}
