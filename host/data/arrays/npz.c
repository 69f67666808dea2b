/* NumPy's .npz format: a ZIP archive with an .npy file per array. */
#include "../../base/error.h"
#include "../../base/kinds/file_kind.h"
#include "../../base/text.h"
#include "../stream/zip.h"
#include "array.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns the length of "x" in "x.npy"; 0 if the member has another ending. */
static size_t name_length(const quern__zip_entry *entry) {
  const size_t length = strlen(entry->name);
  return length > 4 && strcmp(entry->name + length - 4, ".npy") == 0 ? length - 4 : 0;
}

static const quern__zip_entry *find_member(const quern__zip *zip, const char *name) {
  for (size_t i = 0; i < zip->count; i++) {
    const size_t length = name_length(&zip->entries[i]);
    if (length == strlen(name) && strncmp(zip->entries[i].name, name, length) == 0)
      return &zip->entries[i];
  }
  return NULL;
}

static bool has_array(void *self, const char *name) {
  return *name != '\0' && find_member(self, name) != NULL;
}

static quern_status read_array(void *self, const char *name, quern__array *array) {
  const quern__zip *zip = self;
  const quern__zip_entry *entry = find_member(zip, name);
  quern__zip_member *member;
  quern__stream stream = {0};
  char *called = NULL;
  quern_status status = QUERN_OK;
  if (asprintf(&called, "%s: %s", zip->path, entry->name) < 0) {
    called = NULL;
    status = quern__fail_memory(zip->path, strlen(zip->path));
    goto cleanup;
  }
  QUERN__TRY(quern__zip_member_open(zip, entry, &member));
  QUERN__TRY(quern__stream_open_member(called, member, &stream));
  QUERN__TRY(quern__npy_read(&stream, array));
cleanup:
  quern__stream_close(&stream);
  free(called);
  return status;
}

static quern_status list_arrays(void *self, char **names) {
  const quern__zip *zip = self;
  quern__text text = {0};
  const char *comma = "";
  for (size_t i = 0; i < zip->count; i++) {
    const size_t length = name_length(&zip->entries[i]);
    if (length == 0) continue;
    quern__text_print(&text, "%s%.*s", comma, (int)length, zip->entries[i].name);
    comma = ", ";
  }
  return quern__text_close(&text, names);
}

/* Other files are archives too. */
static quern_status check_members(const quern__zip *zip) {
  for (size_t i = 0; i < zip->count; i++)
    if (name_length(&zip->entries[i]) > 0) return QUERN_OK;
  static const unsigned char first[] = {'P', 'K', 3, 4};
  const quern__file_kind *kind = quern__file_kind_of(first, sizeof first);
  return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s is %s, expected NumPy arrays (.npz): %s",
                     zip->path, kind->name, kind->data);
}

quern_status quern__npz_open(quern__stream *stream, const quern_dataset_options *options,
                             quern_dataset **train, quern_dataset **test) {
  quern__zip zip;
  int unpacked;
  QUERN__FORWARD(quern__stream_unpack(stream, &unpacked));
  quern_status status = QUERN_OK;
  const quern__archive archive = {stream->name, &zip, has_array, read_array, list_arrays};
  QUERN__TRY(quern__zip_open(stream->name, unpacked, &zip));
  QUERN__TRY(check_members(&zip));
  status = quern__archive_datasets(&archive, options, train, test);
cleanup:
  quern__zip_close(&zip);
  return status;
}
