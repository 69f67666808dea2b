/* What a safetensors header says, checked: fields, sizes, and that the tensors tile the data. */
#include "model/safetensors_header.h"
#include "size.h"
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static const char metadata_key[] = "__metadata__";

static const struct {
  const char *name;
  size_t bytes;
} dtypes[] = {{"F32", 4},     {"F64", 8}, {"F16", 2}, {"BF16", 2}, {"F8_E4M3", 1},
              {"F8_E5M2", 1}, {"I64", 8}, {"I32", 4}, {"I16", 2},  {"I8", 1},
              {"U64", 8},     {"U32", 4}, {"U16", 2}, {"U8", 1},   {"BOOL", 1}};

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t count_members(const cJSON *object) {
  size_t count = 0;
  for (const cJSON *member = object->child; member != NULL; member = member->next) count++;
  return count;
}

/* cJSON keeps all members of one name and finds the first; other readers find the last. */
static quern_status refuse_duplicates(const char *path, const char *what, const cJSON *object) {
  size_t count = count_members(object);
  if (count < 2) return QUERN_OK;
  const char **names = calloc(count, sizeof *names);
  if (names == NULL) return quern__fail_memory(path, count * sizeof *names);
  size_t i = 0;
  for (const cJSON *member = object->child; member != NULL; member = member->next)
    names[i++] = member->string;
  qsort(names, count, sizeof *names, compare_names);
  quern_status status = QUERN_OK;
  for (i = 1; i < count && status == QUERN_OK; i++)
    if (strcmp(names[i - 1], names[i]) == 0)
      status = quern__fail(QUERN_ERROR_FORMAT, "%s: %s \"%.200s\" comes twice", path, what, names[i]);
  free(names);
  return status;
}

static quern_status check_metadata(const quern__safetensors *file) {
  if (file->metadata == NULL) return QUERN_OK;
  if (!cJSON_IsObject(file->metadata))
    return quern__fail(QUERN_ERROR_FORMAT, "%s: \"%s\" must be an object of strings", file->path,
                       metadata_key);
  for (const cJSON *pair = file->metadata->child; pair != NULL; pair = pair->next)
    if (!cJSON_IsString(pair))
      return quern__fail(QUERN_ERROR_FORMAT, "%s: metadata \"%.200s\" must be a string", file->path,
                         pair->string);
  return refuse_duplicates(file->path, "metadata", file->metadata);
}

static quern_status fail_tensor(const quern__safetensors *file, const cJSON *tensor, const char *what) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": %s", file->path, tensor->string, what);
}

/* Numbers up to 2^53 - 1 are exact in cJSON's doubles; the text check has left no sign and no fraction. */
static bool read_size(const cJSON *number, size_t *size) {
  if (!cJSON_IsNumber(number) || !(number->valuedouble < 9007199254740992.0)) return false;
  uint64_t value = (uint64_t)number->valuedouble;
  if (value > SIZE_MAX) return false;
  *size = (size_t)value;
  return true;
}

static quern_status find_fields(const quern__safetensors *file, const cJSON *tensor, const cJSON *fields[3]) {
  static const char *const names[3] = {"dtype", "shape", "data_offsets"};
  if (!cJSON_IsObject(tensor)) return fail_tensor(file, tensor, "must be an object");
  for (const cJSON *member = tensor->child; member != NULL; member = member->next) {
    size_t i = 0;
    while (i < 3 && strcmp(member->string, names[i]) != 0) i++;
    if (i == 3)
      return quern__fail(
          QUERN_ERROR_FORMAT,
          "%s: tensor \"%.200s\": unknown field \"%.200s\", expected dtype, shape and data_offsets",
          file->path, tensor->string, member->string);
    if (fields[i] != NULL)
      return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": field \"%s\" comes twice", file->path,
                         tensor->string, names[i]);
    fields[i] = member;
  }
  for (size_t i = 0; i < 3; i++)
    if (fields[i] == NULL)
      return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": field \"%s\" is missing", file->path,
                         tensor->string, names[i]);
  return QUERN_OK;
}

/* The size of one element; 0 for a dtype that is not known. */
static size_t element_bytes(const char *dtype) {
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (strcmp(dtypes[i].name, dtype) == 0) return dtypes[i].bytes;
  return 0;
}

/* Writes the shape's sizes at `shape` and the product of them with the element's size to *bytes. */
static quern_status read_shape(const quern__safetensors *file, const cJSON *tensor, const cJSON *list,
                               size_t *shape, size_t *rank, size_t *bytes) {
  *rank = 0;
  bool empty = false;
  for (const cJSON *number = list->child; number != NULL; number = number->next) {
    if (!read_size(number, shape + *rank))
      return fail_tensor(file, tensor, "shape must be a list of whole numbers below 2^53");
    if (shape[*rank] == 0) empty = true;
    (*rank)++;
  }
  for (size_t i = 0; i < *rank && !empty; i++)
    if (!quern__multiply(*bytes, shape[i], bytes))
      return quern__fail(QUERN_ERROR_OVERFLOW, "%s: tensor \"%.200s\": the product of its shape overflows",
                         file->path, tensor->string);
  if (empty) *bytes = 0;
  return QUERN_OK;
}

static quern_status read_offsets(const quern__safetensors *file, const cJSON *tensor, const cJSON *list,
                                 quern__tensor_entry *entry) {
  size_t begin, end;
  const cJSON *first = list->child;
  if (!cJSON_IsArray(list) || count_members(list) != 2 || !read_size(first, &begin) ||
      !read_size(first->next, &end))
    return fail_tensor(file, tensor, "data_offsets must be two whole numbers below 2^53");
  if (begin > end || end > file->data_bytes)
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: tensor \"%.200s\": data_offsets [%zu, %zu] do not lie in order inside the %zu bytes of data",
        file->path, tensor->string, begin, end, file->data_bytes);
  if (end - begin != entry->bytes)
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: tensor \"%.200s\": data_offsets [%zu, %zu] hold %zu bytes, but its shape of %s needs %zu",
        file->path, tensor->string, begin, end, end - begin, entry->dtype, entry->bytes);
  entry->offset = begin;
  return QUERN_OK;
}

static quern_status read_tensor(const quern__safetensors *file, const cJSON *tensor, size_t *shape,
                                quern__tensor_entry *entry) {
  const cJSON *fields[3] = {NULL, NULL, NULL};
  QUERN__FORWARD(find_fields(file, tensor, fields));
  if (!cJSON_IsString(fields[0])) return fail_tensor(file, tensor, "dtype must be a string");
  entry->name = tensor->string;
  entry->dtype = fields[0]->valuestring;
  entry->bytes = element_bytes(entry->dtype);
  if (entry->bytes == 0)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": unknown dtype \"%.200s\"", file->path,
                       entry->name, entry->dtype);
  if (!cJSON_IsArray(fields[1])) return fail_tensor(file, tensor, "shape must be a list");
  QUERN__FORWARD(read_shape(file, tensor, fields[1], shape, &entry->rank, &entry->bytes));
  entry->shape = entry->rank > 0 ? shape : NULL;
  return read_offsets(file, tensor, fields[2], entry);
}

static int compare_places(const void *a, const void *b) {
  const quern__tensor_entry *x = a, *y = b;
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
  return strcmp(x->name, y->name);
}

/* The format leaves no byte of the data out and gives none to two tensors. */
static quern_status check_tiling(quern__safetensors *file) {
  size_t end = 0;
  if (file->count > 0) qsort(file->entries, file->count, sizeof *file->entries, compare_places);
  for (size_t i = 0; i < file->count; i++) {
    const quern__tensor_entry *entry = &file->entries[i];
    if (entry->offset != end)
      return quern__fail(
          QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": data begins at byte %zu, expected %zu (%s)", file->path,
          entry->name, entry->offset, end,
          entry->offset < end ? "it overlaps another tensor" : "no tensor fills the bytes before");
    end += entry->bytes;
  }
  if (end == file->data_bytes) return QUERN_OK;
  return quern__fail(QUERN_ERROR_FORMAT,
                     "%s: the tensors end at byte %zu of the data, but the file has %zu bytes", file->path,
                     end, file->data_bytes);
}

/* Room for every size in every shape, counted in the parsed header. */
static size_t count_sizes(const cJSON *header) {
  size_t count = 0;
  for (const cJSON *tensor = header->child; tensor != NULL; tensor = tensor->next) {
    for (const cJSON *field = tensor->child; field != NULL; field = field->next)
      if (field->string != NULL && strcmp(field->string, "shape") == 0) count += count_members(field);
  }
  return count;
}

quern_status quern__safetensors_parse(quern__safetensors *file) {
  QUERN__FORWARD(refuse_duplicates(file->path, "tensor", file->header));
  file->metadata = cJSON_GetObjectItemCaseSensitive(file->header, metadata_key);
  QUERN__FORWARD(check_metadata(file));
  size_t tensors = count_members(file->header) - (file->metadata != NULL ? 1 : 0);
  size_t sizes = count_sizes(file->header);
  /* One more of each, so that a file without any allocates something. */
  file->entries = calloc(tensors + 1, sizeof *file->entries);
  file->shapes = calloc(sizes + 1, sizeof *file->shapes);
  if (file->entries == NULL || file->shapes == NULL)
    return quern__fail_memory(file->path, tensors * sizeof *file->entries + sizes * sizeof *file->shapes);
  size_t *shape = file->shapes;
  for (const cJSON *tensor = file->header->child; tensor != NULL; tensor = tensor->next) {
    if (tensor == file->metadata) continue;
    quern__tensor_entry *entry = &file->entries[file->count];
    QUERN__FORWARD(read_tensor(file, tensor, shape, entry));
    shape += entry->rank;
    file->count++;
  }
  return check_tiling(file);
}
