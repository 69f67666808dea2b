/* The digits embedded in the library: data/digits.csv. */
#include "../base/error.h"
#include "data.h"
#include "data_embedded.h"
#include <stdlib.h>

#define DIGITS_SIDE    8
#define DIGITS_LARGEST 16 /* of a pixel */

static quern_status make_bytes(quern_dataset *digits) {
  if (digits->columns != DIGITS_SIDE * DIGITS_SIDE) {
    return quern__fail(QUERN_ERROR_FORMAT, "digits: %zu values per row, expected %d",
                       digits->columns, DIGITS_SIDE * DIGITS_SIDE);
  }
  const size_t count = digits->rows * digits->columns;
  const float *floats = digits->values;
  uint8_t *bytes = malloc(count);
  if (bytes == NULL) return quern__fail_memory("the digits", count);
  for (size_t i = 0; i < count; i++) {
    if (!(floats[i] >= 0 && floats[i] <= DIGITS_LARGEST)) {
      free(bytes);
      return quern__fail(QUERN_ERROR_FORMAT, "digits: row %zu: pixel %g, expected 0 to %d",
                         i / digits->columns, (double)floats[i], DIGITS_LARGEST);
    }
    bytes[i] = (uint8_t)floats[i];
  }
  free(digits->values);
  digits->values = bytes;
  digits->element = QUERN_ELEMENT_UINT8;
  digits->scale = 1.0f / DIGITS_LARGEST;
  digits->height = DIGITS_SIDE;
  digits->width = DIGITS_SIDE;
  /* Pixels are not columns of a table, so models need no description of them. */
  quern__schema_free(digits->schema);
  digits->schema = NULL;
  QUERN__FORWARD(quern__schema_create(&digits->schema));
  quern__dataset_set_classes(digits);
  return QUERN_OK;
}

quern_status quern__digits_open(quern_dataset **train, quern_dataset **test) {
  const quern_dataset_options options = quern_dataset_options_default();
  quern_status status = QUERN_OK;
  quern_dataset *digits = NULL;
  quern_dataset *held_out = NULL;
  quern__stream stream;
  quern__stream_open_memory("digits", quern__data_digits, quern__data_digits_size, &stream);
  QUERN__TRY(quern__csv_read(&stream, &options, &digits));
  QUERN__TRY(make_bytes(digits));
  /* Published figures are of this test set. It has all classes. */
  QUERN__TRY(quern__dataset_split(digits, 0.2, 0, false, train, &held_out));
  if (test != NULL) {
    *test = held_out;
    held_out = NULL;
  }
cleanup:
  quern_dataset_free(held_out);
  quern_dataset_free(digits);
  quern__stream_close(&stream);
  return status;
}
