/* Writes safetensors files. */
#include "../../base/file.h"
#include "../../base/little_endian.h"
#include "../../base/size.h"
#include "safetensors.h"
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static quern_status tensor_bytes(const char *path, const quern__tensor_plan *tensor,
                                 size_t *bytes) {
  *bytes = tensor->is_i64 ? sizeof(int64_t) : sizeof(float);
  for (size_t i = 0; i < tensor->rank; i++)
    if (!quern__multiply(*bytes, tensor->shape[i], bytes))
      return quern__fail(QUERN_ERROR_OVERFLOW,
                         "%s: tensor \"%s\": the product of its shape overflows", path,
                         tensor->name);
  return QUERN_OK;
}

/* Adds digits, since cJSON would print a number of 16 digits with an exponent. */
static bool add_size(cJSON *list, size_t size) {
  char digits[24];
  snprintf(digits, sizeof digits, "%" PRIu64, (uint64_t)size);
  cJSON *number = cJSON_CreateRaw(digits);
  if (cJSON_AddItemToArray(list, number)) return true;
  cJSON_Delete(number);
  return false;
}

static bool add_tensor(cJSON *header, const quern__tensor_plan *tensor, size_t begin, size_t end) {
  cJSON *object = cJSON_AddObjectToObject(header, tensor->name);
  if (object == NULL ||
      cJSON_AddStringToObject(object, "dtype", tensor->is_i64 ? "I64" : "F32") == NULL)
    return false;
  cJSON *shape = cJSON_AddArrayToObject(object, "shape");
  if (shape == NULL) return false; /* a scalar also needs an (empty) shape */
  for (size_t i = 0; i < tensor->rank; i++)
    if (!add_size(shape, tensor->shape[i])) return false;
  cJSON *offsets = cJSON_AddArrayToObject(object, "data_offsets");
  return offsets != NULL && add_size(offsets, begin) && add_size(offsets, end);
}

static bool add_metadata(cJSON *header, const quern__metadata_pair *metadata, size_t count) {
  if (count == 0) return true;
  cJSON *object = cJSON_AddObjectToObject(header, "__metadata__");
  for (size_t i = 0; i < count; i++)
    if (object == NULL ||
        cJSON_AddStringToObject(object, metadata[i].key, metadata[i].value) == NULL)
      return false;
  return object != NULL;
}

/* Builds the header's text, padded with blanks to a multiple of 8, so that the data is aligned. The
 * caller frees *text. *largest is the size in bytes of the largest tensor. */
static quern_status make_header(const char *path, const quern__metadata_pair *metadata,
                                size_t metadata_count, const quern__tensor_plan *tensors,
                                size_t tensor_count, char **text, size_t *largest) {
  quern_status status = QUERN_OK;
  char *json = NULL;
  size_t begin = 0;
  *largest = 0;
  cJSON *header = cJSON_CreateObject();
  bool created = header != NULL && add_metadata(header, metadata, metadata_count);
  for (size_t i = 0; i < tensor_count && created; i++) {
    size_t bytes, end;
    QUERN__TRY(tensor_bytes(path, &tensors[i], &bytes));
    if (!quern__add(begin, bytes, &end)) {
      status = quern__fail(QUERN_ERROR_OVERFLOW, "%s: the size of the file overflows", path);
      goto cleanup;
    }
    created = add_tensor(header, &tensors[i], begin, end);
    if (bytes > *largest) *largest = bytes;
    begin = end;
  }
  if (created) json = cJSON_PrintUnformatted(header);
  size_t length = json != NULL ? strlen(json) : 0, padded = (length + 7) / 8 * 8;
  if (padded > QUERN__HEADER_LARGEST) {
    status =
        quern__fail(QUERN_ERROR_UNSUPPORTED,
                    "%s: %zu tensors need a header of %zu bytes, and safetensors allows %" PRIu64,
                    path, tensor_count, padded, QUERN__HEADER_LARGEST);
    goto cleanup;
  }
  *text = json != NULL ? malloc(padded + 1) : NULL;
  if (*text == NULL) {
    status = quern__fail_memory(path, padded + 1);
    goto cleanup;
  }
  memset(*text, ' ', padded);
  memcpy(*text, json, length);
  (*text)[padded] = '\0';
cleanup:
  cJSON_free(json);
  cJSON_Delete(header);
  return status;
}

quern_status quern__safetensors_write(const char *path, const quern__metadata_pair *metadata,
                                      size_t metadata_count, const quern__tensor_plan *tensors,
                                      size_t tensor_count, quern__tensor_fill fill, void *user) {
  quern_status status = QUERN_OK;
  quern__file file = QUERN__FILE_CLOSED;
  char *header = NULL;
  float *values = NULL;
  size_t largest;
  QUERN__TRY(make_header(path, metadata, metadata_count, tensors, tensor_count, &header, &largest));
  values = malloc(largest > 0 ? largest : 1);
  if (values == NULL) {
    status = quern__fail_memory(path, largest);
    goto cleanup;
  }
  QUERN__TRY(quern__file_create(path, &file));
  unsigned char length[8];
  quern__little_endian_put_u64(strlen(header), length);
  QUERN__TRY(quern__file_write(&file, length, sizeof length));
  QUERN__TRY(quern__file_write(&file, header, strlen(header)));
  for (size_t i = 0; i < tensor_count; i++) {
    size_t bytes;
    QUERN__TRY(tensor_bytes(path, &tensors[i], &bytes));
    QUERN__TRY(fill(user, i, values));
    if (!tensors[i].is_i64) quern__little_endian_floats(values, bytes / sizeof *values);
    QUERN__TRY(quern__file_write(&file, values, bytes));
  }
  status = quern__file_commit(&file);
cleanup:
  quern__file_close(&file);
  free(values);
  free(header);
  return status;
}
