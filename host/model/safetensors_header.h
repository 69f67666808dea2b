/* The parts of reading a safetensors file: the bytes, and what the header says of them. */
#ifndef QUERN_HOST_MODEL_SAFETENSORS_HEADER_H
#define QUERN_HOST_MODEL_SAFETENSORS_HEADER_H

#include "model/safetensors.h"

/* Sets metadata, entries, count and shapes from file->header, checked against file->data_bytes. */
quern_status quern__safetensors_parse(quern__safetensors *file);

#endif
