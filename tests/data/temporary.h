/* Temporary files of a test: a folder that is removed afterwards, and writers of plain and gzip
 * bytes. */
#ifndef QUERN_TESTS_DATA_TEMPORARY_H
#define QUERN_TESTS_DATA_TEMPORARY_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four headers above first. */
#include <cmocka.h>
#include <quern/dataset.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define PATH_BYTES 4096

static char temporary_folder[PATH_BYTES];

/* Group setup and teardown. */
static inline int make_temporary_folder(void **state) {
  (void)state;
  const char *parent = getenv("TMPDIR");
  snprintf(temporary_folder, sizeof temporary_folder, "%s/quern-data-XXXXXX",
           parent && *parent ? parent : "/tmp");
  return mkdtemp(temporary_folder) ? 0 : -1;
}

/* A path in the folder, in one of four buffers that are used in turn. */
static inline const char *path_of(const char *name) {
  static char paths[4][2 * PATH_BYTES];
  static unsigned turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", temporary_folder, name);
  return path;
}

/* Test teardown: removes the test's files. */
static inline int empty_temporary_folder(void **state) {
  (void)state;
  DIR *folder = opendir(temporary_folder);
  if (!folder) return -1;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      remove(path_of(entry->d_name));
  return closedir(folder);
}

static inline int remove_temporary_folder(void **state) {
  return empty_temporary_folder(state) != 0 ? -1 : rmdir(temporary_folder);
}

static inline void write_bytes(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

static inline void write_gzip(const char *path, const void *bytes, size_t size) {
  gzFile file = gzopen(path, "wb9");
  assert_non_null(file);
  assert_int_equal(gzwrite(file, bytes, (unsigned)size), size);
  assert_int_equal(gzclose(file), Z_OK);
}

/* The whole file; the caller frees it. */
static inline unsigned char *read_bytes(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  *size = (size_t)ftell(file);
  rewind(file);
  unsigned char *bytes = malloc(*size + 1);
  assert_non_null(bytes);
  assert_int_equal(fread(bytes, 1, *size, file), *size);
  fclose(file);
  return bytes;
}

/* Asserts that the last error has each of the texts, ended by NULL. */
static inline void assert_error_says(const char *first, ...) {
  va_list texts;
  va_start(texts, first);
  for (const char *text = first; text; text = va_arg(texts, const char *)) {
    if (!strstr(quern_last_error(), text)) {
      va_end(texts);
      fail_msg("expected \"%s\" in \"%s\"", text, quern_last_error());
    }
  }
  va_end(texts);
}

/* Asserts that opening fails with `status` and sets no result. assert_error_says checks the
 * message. */
static inline void assert_open_fails(const char *where, const quern_dataset_options *options,
                                     quern_status status) {
  quern_dataset *train = (quern_dataset *)(uintptr_t)1;
  quern_dataset *test = train;
  quern_status got = quern_dataset_open(where, options, &train, &test);
  if (got != status) {
    fail_msg("%s: got %s (%s), expected %s", where, quern_status_name(got),
             got == QUERN_OK ? "" : quern_last_error(), quern_status_name(status));
  }
  assert_null(train);
  assert_null(test);
}

/* Opens a data set; it must succeed. The caller frees it. */
static inline quern_dataset *open_one(const char *where, const quern_dataset_options *options) {
  quern_dataset *train = NULL;
  if (quern_dataset_open(where, options, &train, NULL) != QUERN_OK)
    fail_msg("%s", quern_last_error());
  assert_non_null(train);
  return train;
}

/* The label of a row as it is in the file. */
static inline long label_of(const quern_dataset *dataset, size_t row) {
  const int32_t label = quern_dataset_label(dataset, row);
  const char *name = quern_schema_class_name(quern_dataset_schema(dataset), (size_t)label);
  return name ? strtol(name, NULL, 10) : label;
}

#endif
