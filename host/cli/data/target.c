#include "target.h"

#include <quern/dataset.h>
#include <quern/file.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_same(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A device, such as a terminal, is refused as such. */
static bool is_stream(const char *path, int stream) {
  struct stat file, about;
  return stat(path, &file) == 0 && S_ISREG(file.st_mode) && fstat(stream, &about) == 0 &&
         is_same(&file, &about);
}

cli_exit cli_check_target(const char *path) {
  if (quern_file_check(path) != QUERN_OK) return cli_fail("cannot save to %s", quern_last_error());
  const bool out = is_stream(path, STDOUT_FILENO);
  if (out || is_stream(path, STDERR_FILENO))
    return cli_fail("cannot save to %s: the standard %s is written there", path,
                    out ? "output" : "error");
  return CLI_OK;
}

static cli_exit fail_overwrites(const char *target, const char *input, const char *reader) {
  return cli_fail(
      "cannot save to %s: that would overwrite %s, which %s reads; expected another file", target,
      input, reader);
}

cli_exit cli_check_spared(const char *target, const char *input, const char *reader) {
  struct stat a, b;
  const bool same = stat(target, &a) == 0 && stat(input, &b) == 0 && is_same(&a, &b);
  return same ? fail_overwrites(target, input, reader) : CLI_OK;
}

cli_exit cli_check_data_spared(const char *target, const char *where, const char *reader) {
  bool reads;
  if (quern_dataset_reads(where, target, &reads) != QUERN_OK) return cli_fail_library();
  return reads ? fail_overwrites(target, where, reader) : CLI_OK;
}

static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* Whether both names are in one folder; false if memory is out: a file that does not exist cannot
 * be overwritten. */
static bool in_one_folder(const char *a, const char *b) {
  char *folders[] = {strndup(a, (size_t)(name_of(a) - a)), strndup(b, (size_t)(name_of(b) - b))};
  struct stat about[2];
  bool found = folders[0] != NULL && folders[1] != NULL;
  for (size_t i = 0; i < 2 && found; i++)
    found = stat(*folders[i] != '\0' ? folders[i] : ".", &about[i]) == 0;
  free(folders[0]);
  free(folders[1]);
  return found && is_same(&about[0], &about[1]);
}

cli_exit cli_check_apart(const char *target, const char *other, const char *writer) {
  struct stat a, b;
  const bool there = stat(target, &a) == 0, also = stat(other, &b) == 0;
  const bool same = there && also ? is_same(&a, &b)
                                  : there == also && strcmp(name_of(target), name_of(other)) == 0 &&
                                        in_one_folder(target, other);
  return same ? cli_fail("cannot save to %s: %s writes it too; expected another file", target,
                         writer)
              : CLI_OK;
}
