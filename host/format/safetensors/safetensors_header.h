/* Parsing of a safetensors header. */
#ifndef QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_HEADER_H
#define QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_HEADER_H

#include "safetensors_json.h"

/* Sets file's metadata, entries, count and shapes from the header's text. `counts` are upper bounds
 * for the allocations. Offsets are checked against file->data_bytes. */
quern_status quern__safetensors_parse(quern__safetensors *file, const quern__header_counts *counts,
                                      quern__json *json);

#endif
