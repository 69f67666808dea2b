/* The parts of reading a safetensors file: the bytes, and what the header says of them. */
#ifndef QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_HEADER_H
#define QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_HEADER_H

#include "safetensors_json.h"

/* Sets metadata, entries, counts and shapes from the header's text, which has so many of each at
 * most, checked against file->data_bytes. */
quern_status quern__safetensors_parse(quern__safetensors *file, const quern__header_counts *counts,
                                      quern__json *json);

#endif
