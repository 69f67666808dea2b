/* Reads IDX, the format of MNIST: a big-endian magic number (two zero bytes, element type, number
 * of dimensions), the dimensions as 32-bit numbers, the elements. */
#include "../base/error.h"
#include "../base/size.h"
#include "classes.h"
#include <inttypes.h>
#include <stdlib.h>

#define IDX_UINT8      0x08
#define IDX_DIMENSIONS 3 /* the most that is supported */

/* Images or labels. */
typedef struct idx_kind {
  const char *what;
  unsigned dimensions;
  const char *dimension_names[IDX_DIMENSIONS];
} idx_kind;

static const idx_kind images_kind = {
    "images", 3, {"images", "rows of pixels", "columns of pixels"}};
static const idx_kind labels_kind = {"labels", 1, {"labels", NULL, NULL}};

static uint32_t big_endian(const unsigned char bytes[4]) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static quern_status read_word(quern__stream *stream, const char *what, uint32_t *word) {
  unsigned char bytes[4];
  size_t got;
  const uint64_t place = stream->offset;
  QUERN__FORWARD(quern__stream_read(stream, bytes, sizeof bytes, &got));
  if (got < sizeof bytes) {
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: truncated: ends at byte %" PRIu64 ", expected the %s at bytes %" PRIu64
                       " to %" PRIu64,
                       stream->name, stream->offset, what, place, place + 3);
  }
  *word = big_endian(bytes);
  return QUERN_OK;
}

static quern_status read_magic(quern__stream *stream, const idx_kind *kind) {
  uint32_t magic;
  QUERN__FORWARD(read_word(stream, "IDX magic number", &magic));
  const uint32_t expected = IDX_UINT8 << 8 | kind->dimensions;
  if (magic == expected) return QUERN_OK;
  const unsigned type = magic >> 8 & 0xff;
  const unsigned dimensions = magic & 0xff;
  if (magic >> 16 != 0) {
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: byte 0: magic number 0x%08" PRIx32 ", expected 0x%08" PRIx32
                       " (IDX %s)",
                       stream->name, magic, expected, kind->what);
  }
  if (type != IDX_UINT8) {
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: byte 2: element type 0x%02x, expected 0x%02x (bytes) for IDX %s",
                       stream->name, type, IDX_UINT8, kind->what);
  }
  return quern__fail(QUERN_ERROR_FORMAT, "%s: byte 3: %u dimensions, expected %u for IDX %s",
                     stream->name, dimensions, kind->dimensions, kind->what);
}

static quern_status read_header(quern__stream *stream, const idx_kind *kind, size_t *dimensions) {
  QUERN__FORWARD(read_magic(stream, kind));
  for (unsigned i = 0; i < kind->dimensions; i++) {
    const uint64_t place = stream->offset;
    uint32_t dimension;
    QUERN__FORWARD(read_word(stream, kind->dimension_names[i], &dimension));
    if (dimension == 0 || dimension > QUERN__DIMENSION_LARGEST) {
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: byte %" PRIu64 ": %" PRIu32 " %s, expected 1 to %zu", stream->name,
                         place, dimension, kind->dimension_names[i], QUERN__DIMENSION_LARGEST);
    }
    dimensions[i] = dimension;
  }
  return QUERN_OK;
}

/* Reads the labels. A byte has at most 256 classes, so any number of them is accepted. */
static quern_status read_labels(quern__stream *stream, const quern_dataset_options *options,
                                quern_dataset *result) {
  unsigned char *bytes;
  QUERN__FORWARD(quern__stream_read_rest(stream, "labels", result->rows, &bytes));
  quern_status status = QUERN_OK;
  double *values = NULL;
  size_t size;
  if (!quern__multiply(result->rows, sizeof *values, &size)) {
    status = quern__fail(QUERN_ERROR_OVERFLOW, "%s: %zu labels do not fit in memory", stream->name,
                         result->rows);
    goto cleanup;
  }
  values = malloc(size);
  if (values == NULL) {
    status = quern__fail_memory("labels", size);
    goto cleanup;
  }
  for (size_t i = 0; i < result->rows; i++) values[i] = (double)bytes[i];
  quern_dataset_options class_options = *options;
  class_options.task = QUERN_TASK_CLASSES;
  status = quern__dataset_set_class_values(result, values, &class_options);
cleanup:
  free(values);
  free(bytes);
  return status;
}

quern_status quern__idx_read(const char *images, const char *labels,
                             const quern_dataset_options *options, quern_dataset **dataset) {
  quern_status status = QUERN_OK;
  quern_dataset *result = NULL;
  quern__stream image_stream = {0};
  quern__stream label_stream = {0};
  char *beside = NULL;
  size_t shape[IDX_DIMENSIONS];
  size_t label_count;
  /* Read both headers first: they show most mistakes before anything large is read. */
  QUERN__TRY(quern__stream_open(images, &image_stream));
  QUERN__TRY(read_header(&image_stream, &images_kind, shape));
  if (labels == NULL) {
    QUERN__TRY(quern__idx_labels_beside(images, &beside));
    labels = beside;
  }
  QUERN__TRY(quern__stream_open(labels, &label_stream));
  QUERN__TRY(read_header(&label_stream, &labels_kind, &label_count));
  if (shape[0] != label_count) {
    status = quern__fail(QUERN_ERROR_FORMAT, "%s holds %zu images, but %s holds %zu labels", images,
                         shape[0], labels, label_count);
    goto cleanup;
  }
  size_t columns, size;
  if (!quern__multiply(shape[1], shape[2], &columns) || columns > QUERN__DIMENSION_LARGEST ||
      !quern__multiply(shape[0], columns, &size)) {
    status = quern__fail(
        QUERN_ERROR_OVERFLOW,
        "%s: byte 4: %zu images of %zux%zu pixels, expected at most %zu pixels per image", images,
        shape[0], shape[1], shape[2], QUERN__DIMENSION_LARGEST);
    goto cleanup;
  }

  QUERN__TRY(quern__dataset_new(images, &result));
  result->element = QUERN_ELEMENT_UINT8;
  result->scale = 1.0f / 255.0f;
  result->rows = shape[0];
  result->columns = columns;
  result->height = shape[1];
  result->width = shape[2];
  unsigned char *pixels;
  QUERN__TRY(quern__stream_read_rest(&image_stream, "images", size, &pixels));
  result->values = pixels;
  QUERN__TRY(read_labels(&label_stream, options, result));
  *dataset = result;
  result = NULL;
cleanup:
  quern_dataset_free(result);
  quern__stream_close(&image_stream);
  quern__stream_close(&label_stream);
  free(beside);
  return status;
}
