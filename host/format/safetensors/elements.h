/* Types of elements, by their names in safetensors files. */
#ifndef QUERN_HOST_FORMAT_SAFETENSORS_ELEMENTS_H
#define QUERN_HOST_FORMAT_SAFETENSORS_ELEMENTS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct quern__element {
  const char *type; /* "F32" */
  size_t bytes;
  bool is_float;
  /* converts the little-endian bytes of one element */
  double (*read)(const unsigned char *bytes);
} quern__element;

/* Returns NULL for a type whose elements cannot be read. */
const quern__element *quern__element_find(const char *type);

#endif
