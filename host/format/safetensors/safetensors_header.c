/* Parses and checks a safetensors header: its fields, sizes, and that the tensors tile the data. */
#include "safetensors_header.h"
#include "../../base/size.h"
#include <stdlib.h>
#include <string.h>

static const char metadata_key[] = "__metadata__";

static const struct {
  const char *name;
  size_t bytes;
} dtypes[] = {{"F32", 4},     {"F64", 8}, {"F16", 2}, {"BF16", 2}, {"F8_E4M3", 1},
              {"F8_E5M2", 1}, {"I64", 8}, {"I32", 4}, {"I16", 2},  {"I8", 1},
              {"U64", 8},     {"U32", 4}, {"U16", 2}, {"U8", 1},   {"BOOL", 1}};

/* The limit on dimensions in PyTorch and NumPy. */
enum { MOST_DIMENSIONS = 64 };

typedef struct header {
  quern__safetensors *file;
  size_t sizes; /* sizes used so far in file->shapes */
  bool has_metadata;
} header;

typedef struct tensor_reader {
  header *header;
  quern__tensor_entry *entry;
  size_t begin, end;
  bool found[3]; /* indexed like `field_names` */
} tensor_reader;

static const char *const field_names[3] = {"dtype", "shape", "data_offsets"};

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Readers differ in which of two equal names they use. */
static quern_status refuse_duplicates(const char *path, const char *what, const char **names,
                                      size_t count) {
  if (count > 0) qsort(names, count, sizeof *names, compare_names);
  for (size_t i = 1; i < count; i++)
    if (strcmp(names[i - 1], names[i]) == 0)
      return quern__fail(QUERN_ERROR_FORMAT, "%s: %s \"%.200s\" occurs twice", path, what,
                         names[i]);
  return QUERN_OK;
}

static quern_status refuse_duplicate_keys(const quern__safetensors *file) {
  const size_t count = file->metadata_count;
  const char **names = calloc(count + 1, sizeof *names);
  if (names == NULL) return quern__fail_memory(file->path, count * sizeof *names);
  for (size_t i = 0; i < count; i++) names[i] = file->metadata[i].key;
  const quern_status status = refuse_duplicates(file->path, "metadata", names, count);
  free(names);
  return status;
}

static quern_status refuse_duplicate_tensors(const quern__safetensors *file) {
  const size_t count = file->count;
  const char **names = calloc(count + 1, sizeof *names);
  if (names == NULL) return quern__fail_memory(file->path, count * sizeof *names);
  for (size_t i = 0; i < count; i++) names[i] = file->entries[i].name;
  const quern_status status = refuse_duplicates(file->path, "tensor", names, count);
  free(names);
  return status;
}

static quern_status read_pair(void *user, quern__json *json, char *key) {
  quern__safetensors *file = user;
  char *value;
  QUERN__FORWARD(quern__json_check_value(json));
  if (quern__json_peek(json) != '"')
    return quern__fail(QUERN_ERROR_FORMAT, "%s: metadata \"%.200s\" must be a string", file->path,
                       key);
  QUERN__FORWARD(quern__json_string(json, &value));
  file->metadata[file->metadata_count++] = (quern__metadata_pair){key, value};
  return QUERN_OK;
}

static quern_status read_metadata(header *all, quern__json *json) {
  quern__safetensors *file = all->file;
  if (all->has_metadata)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%s\" occurs twice", file->path,
                       metadata_key);
  all->has_metadata = true;
  if (quern__json_peek(json) != '{')
    return quern__fail(QUERN_ERROR_FORMAT, "%s: \"%s\" must be an object of strings", file->path,
                       metadata_key);
  QUERN__FORWARD(quern__json_members(json, read_pair, file));
  return refuse_duplicate_keys(file);
}

static quern_status fail_tensor(const tensor_reader *tensor, const char *what) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": %s", tensor->header->file->path,
                     tensor->entry->name, what);
}

/* Returns the bytes of one element; 0 for an unknown dtype. */
static size_t element_bytes(const char *dtype) {
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (strcmp(dtypes[i].name, dtype) == 0) return dtypes[i].bytes;
  return 0;
}

static quern_status read_dtype(tensor_reader *tensor, quern__json *json) {
  char *dtype;
  if (quern__json_peek(json) != '"') return fail_tensor(tensor, "dtype must be a string");
  QUERN__FORWARD(quern__json_string(json, &dtype));
  tensor->entry->dtype = dtype;
  return QUERN_OK;
}

static quern_status read_shape(tensor_reader *tensor, quern__json *json) {
  size_t *sizes = tensor->header->file->shapes + tensor->header->sizes, rank = 0;
  if (!quern__json_take(json, '[')) return fail_tensor(tensor, "shape must be a list");
  if (!quern__json_take(json, ']')) {
    do {
      if (quern__json_peek(json) == ']') return quern__json_fail(json);
      if (!quern__json_size(json, &sizes[rank]))
        return fail_tensor(tensor, "shape must be a list of whole numbers below 2^53");
      rank++;
    } while (quern__json_take(json, ','));
    if (!quern__json_take(json, ']')) return quern__json_fail(json);
  }
  if (rank > MOST_DIMENSIONS)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: tensor \"%.200s\": a shape of %zu sizes, expected at most %d",
                       tensor->header->file->path, tensor->entry->name, rank, (int)MOST_DIMENSIONS);
  tensor->entry->rank = rank;
  tensor->entry->shape = rank > 0 ? sizes : NULL;
  tensor->header->sizes += rank;
  return QUERN_OK;
}

static quern_status read_offsets(tensor_reader *tensor, quern__json *json) {
  if (quern__json_take(json, '[') && quern__json_size(json, &tensor->begin) &&
      quern__json_take(json, ',') && quern__json_size(json, &tensor->end) &&
      quern__json_take(json, ']'))
    return QUERN_OK;
  return fail_tensor(tensor, "data_offsets must be two whole numbers below 2^53");
}

static quern_status read_field(void *user, quern__json *json, char *name) {
  static quern_status (*const read[3])(tensor_reader * tensor,
                                       quern__json * json) = {read_dtype, read_shape, read_offsets};
  tensor_reader *tensor = user;
  size_t i = 0;
  while (i < 3 && strcmp(name, field_names[i]) != 0) i++;
  if (i == 3)
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: tensor \"%.200s\": unknown field \"%.200s\", expected dtype, shape and data_offsets",
        tensor->header->file->path, tensor->entry->name, name);
  if (tensor->found[i])
    return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": field \"%s\" occurs twice",
                       tensor->header->file->path, tensor->entry->name, name);
  tensor->found[i] = true;
  return read[i](tensor, json);
}

static quern_status check_fields(const tensor_reader *tensor) {
  for (size_t i = 0; i < 3; i++)
    if (!tensor->found[i])
      return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": field \"%s\" is missing",
                         tensor->header->file->path, tensor->entry->name, field_names[i]);
  return QUERN_OK;
}

static quern_status count_bytes(const tensor_reader *tensor) {
  quern__tensor_entry *entry = tensor->entry;
  bool empty = false;
  entry->bytes = element_bytes(entry->dtype);
  if (entry->bytes == 0)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": unknown dtype \"%.200s\"",
                       tensor->header->file->path, entry->name, entry->dtype);
  for (size_t i = 0; i < entry->rank; i++) empty = empty || entry->shape[i] == 0;
  for (size_t i = 0; i < entry->rank && !empty; i++)
    if (!quern__multiply(entry->bytes, entry->shape[i], &entry->bytes))
      return quern__fail(QUERN_ERROR_OVERFLOW,
                         "%s: tensor \"%.200s\": the product of its shape overflows",
                         tensor->header->file->path, entry->name);
  if (empty) entry->bytes = 0;
  return QUERN_OK;
}

static quern_status check_offsets(const tensor_reader *tensor) {
  const quern__safetensors *file = tensor->header->file;
  quern__tensor_entry *entry = tensor->entry;
  if (tensor->begin > tensor->end || tensor->end > file->data_bytes)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: tensor \"%.200s\": data_offsets [%zu, %zu] are not ascending offsets "
                       "within the %zu bytes of data",
                       file->path, entry->name, tensor->begin, tensor->end, file->data_bytes);
  if (tensor->end - tensor->begin != entry->bytes)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: tensor \"%.200s\": data_offsets [%zu, %zu] hold %zu bytes, but its "
                       "shape of %s needs %zu",
                       file->path, entry->name, tensor->begin, tensor->end,
                       tensor->end - tensor->begin, entry->dtype, entry->bytes);
  entry->offset = tensor->begin;
  return QUERN_OK;
}

static quern_status read_member(void *user, quern__json *json, char *name) {
  header *all = user;
  if (strcmp(name, metadata_key) == 0) return read_metadata(all, json);
  tensor_reader tensor = {.header = all, .entry = &all->file->entries[all->file->count]};
  tensor.entry->name = name;
  QUERN__FORWARD(quern__json_check_value(json));
  if (quern__json_peek(json) != '{') return fail_tensor(&tensor, "must be an object");
  QUERN__FORWARD(quern__json_members(json, read_field, &tensor));
  QUERN__FORWARD(check_fields(&tensor));
  QUERN__FORWARD(count_bytes(&tensor));
  all->file->count++;
  return check_offsets(&tensor);
}

static int compare_places(const void *a, const void *b) {
  const quern__tensor_entry *x = a, *y = b;
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
  return strcmp(x->name, y->name);
}

/* Checks that every byte of the data belongs to exactly one tensor. */
static quern_status check_tiling(quern__safetensors *file) {
  size_t end = 0;
  if (file->count > 0) qsort(file->entries, file->count, sizeof *file->entries, compare_places);
  for (size_t i = 0; i < file->count; i++) {
    const quern__tensor_entry *entry = &file->entries[i];
    if (entry->offset != end)
      return quern__fail(
          QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": data begins at byte %zu, expected %zu (%s)",
          file->path, entry->name, entry->offset, end,
          entry->offset < end ? "it overlaps another tensor" : "no tensor fills the bytes before");
    end += entry->bytes;
  }
  if (end == file->data_bytes) return QUERN_OK;
  return quern__fail(QUERN_ERROR_FORMAT,
                     "%s: the tensors end at byte %zu of the data, but the file has %zu bytes",
                     file->path, end, file->data_bytes);
}

quern_status quern__safetensors_parse(quern__safetensors *file, const quern__header_counts *counts,
                                      quern__json *json) {
  /* One more than needed, since calloc may return NULL for 0 elements. */
  file->entries = calloc(counts->objects + 1, sizeof *file->entries);
  file->shapes = calloc(counts->numbers + 1, sizeof *file->shapes);
  file->metadata = calloc(counts->members + 1, sizeof *file->metadata);
  if (file->entries == NULL || file->shapes == NULL || file->metadata == NULL)
    return quern__fail_memory(file->path, counts->objects * sizeof *file->entries +
                                              counts->numbers * sizeof *file->shapes +
                                              counts->members * sizeof *file->metadata);
  header all = {.file = file};
  QUERN__FORWARD(quern__json_members(json, read_member, &all));
  for (size_t i = json->next; i < json->length; i++)
    if (json->text[i] != ' ')
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: safetensors header, byte %zu: expected blanks up to its end",
                         file->path, i);
  QUERN__FORWARD(refuse_duplicate_tensors(file));
  return check_tiling(file);
}
