#include "statistics.h"
#include "../format/safetensors/elements.h"
#include <math.h>
#include <stdlib.h>

void quern__statistics_add(double value, quern__statistics_tally *tally, quern_tensor_info *info) {
  if (!isfinite(value)) {
    info->not_finite++;
    return;
  }
  const double difference = value - tally->mean;
  tally->finite++;
  tally->mean += difference / (double)tally->finite;
  tally->squares += difference * (value - tally->mean);
  if (!(value >= info->least)) info->least = value;
  if (!(value <= info->most)) info->most = value;
}

void quern__statistics_finish(const quern__statistics_tally *tally, quern_tensor_info *info) {
  if (tally->finite == 0) return;
  info->mean = tally->mean;
  info->deviation = sqrt(tally->squares / (double)tally->finite);
}

quern_status quern__statistics(const quern__safetensors *file, const quern__tensor_entry *entry,
                               size_t first, size_t count, quern_tensor_info *info) {
  enum { PIECE = 1 << 16 }; /* bytes; a multiple of every type's size */
  info->mean = info->deviation = info->least = info->most = NAN;
  info->not_finite = 0;
  const quern__element *element = quern__element_find(entry->dtype);
  if (element == NULL) return QUERN_OK;
  unsigned char *piece = malloc(PIECE);
  if (piece == NULL) return quern__fail_memory(file->path, PIECE);
  const size_t size = element->bytes, end = (first + count) * size;
  quern_status status = QUERN_OK;
  quern__statistics_tally tally = {0};
  for (size_t position = first * size; position < end && status == QUERN_OK;) {
    const size_t bytes = end - position < PIECE ? end - position : PIECE;
    status = quern__safetensors_read_bytes(file, entry, position, bytes, piece);
    for (size_t i = 0; i < bytes && status == QUERN_OK; i += size)
      quern__statistics_add(element->read(piece + i), &tally, info);
    position += bytes;
  }
  free(piece);
  quern__statistics_finish(&tally, info);
  return status;
}
