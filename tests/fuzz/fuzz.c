/* In-memory files for fuzz targets: fuzz.h. */
#include "fuzz.h"

#include <dirent.h>
#include <quern/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_expect(int so, const char *line) {
  if (so) return;
  fprintf(stderr, "%s\n", line);
  abort();
}

fuzz_file fuzz_file_create(const uint8_t *bytes, size_t size) {
  fuzz_file file;
  file.descriptor = memfd_create("fuzz", MFD_CLOEXEC);
  fuzz_expect(file.descriptor >= 0, "memfd_create failed");
  fuzz_expect(size == 0 || write(file.descriptor, bytes, size) == (ssize_t)size, "write failed");
  snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
  return file;
}

static char folder[32], path[64];

static void remove_folder(void) {
  DIR *open_folder = opendir(folder);
  for (const struct dirent *entry; open_folder != NULL && (entry = readdir(open_folder)) != NULL;)
    if (entry->d_name[0] != '.') unlinkat(dirfd(open_folder), entry->d_name, 0);
  if (open_folder != NULL) closedir(open_folder);
  rmdir(folder);
}

const char *fuzz_path(const char *name) {
  if (*folder == '\0') {
    static const char memory[] = "/dev/shm";
    snprintf(folder, sizeof folder, "%s/fuzz-XXXXXX", access(memory, W_OK) == 0 ? memory : "/tmp");
    fuzz_expect(mkdtemp(folder) != NULL && atexit(remove_folder) == 0, "mkdtemp failed");
  }
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static FILE *kept;
static char *message;
static size_t said_bytes;

void fuzz_capture(void) {
  kept = stderr;
  stderr = open_memstream(&message, &said_bytes);
  fuzz_expect(stderr != NULL, "no memory");
}

void fuzz_check_captured(int failed) {
  fuzz_expect(fclose(stderr) == 0, "no memory");
  stderr = kept;
  fuzz_expect(failed || said_bytes == 0, "something is said of what has not failed");
  fuzz_expect(!failed || (strncmp(message, "quern", 5) == 0 &&
                          strchr(message, '\n') == message + said_bytes - 1),
              "a failure without its one line");
  if (failed) message[said_bytes - 1] = '\0';
  bool printable = true;
  for (const char *cursor = message; *cursor != '\0' && printable;)
    cursor += quern_text_character(cursor, &printable);
  fuzz_expect(printable, "what is said is not fit for a terminal");
  free(message);
}

void fuzz_file_close(fuzz_file *file) {
  close(file->descriptor);
}
