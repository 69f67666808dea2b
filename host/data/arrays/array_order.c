/* Converts arrays to row-major order and little-endian elements. */
#include "../../base/error.h"
#include "array.h"
#include <stdlib.h>
#include <string.h>

void quern__array_swap_bytes(quern__array *array, size_t unit) {
  const size_t bytes = quern__array_count(array) * array->bytes;
  for (size_t start = 0; start < bytes; start += unit) {
    unsigned char *first = array->data + start, *last = first + unit - 1;
    for (; first < last; first++, last--) {
      const unsigned char byte = *first;
      *first = *last;
      *last = byte;
    }
  }
}

/* Walks the indexes of the result in its order; `from` is the index of the same element in column-
 * major order, where the first dimension has the stride 1. */
quern_status quern__array_from_columns(quern__array *array) {
  size_t index[QUERN__ARRAY_RANK_LARGEST] = {0}, strides[QUERN__ARRAY_RANK_LARGEST];
  const size_t count = quern__array_count(array), bytes = array->bytes;
  unsigned char *result = malloc(count * bytes); /* as large as the data that is there */
  if (result == NULL) return quern__fail_memory(array->name, count * bytes);
  for (size_t d = 0, stride = 1; d < array->rank; stride *= array->shape[d++]) strides[d] = stride;
  size_t from = 0;
  for (size_t to = 0; to < count; to++) {
    memcpy(result + to * bytes, array->data + from * bytes, bytes);
    for (size_t d = array->rank; d-- > 0;) {
      from += strides[d];
      if (++index[d] < array->shape[d]) break;
      from -= strides[d] * array->shape[d];
      index[d] = 0;
    }
  }
  free(array->data);
  array->data = result;
  return QUERN_OK;
}
