/* Runs a fuzz target on the files of the given folders, whole and truncated at every byte: a
 * regression test that does not need libFuzzer. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_CUTS = 4096 };

static size_t replay(const char *folder, const char *name) {
  char path[4096];
  fuzz_expect(snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path,
              "a path is too long");
  FILE *file = fopen(path, "rb");
  fuzz_expect(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
  const long size = ftell(file);
  fuzz_expect(size >= 0 && fseek(file, 0, SEEK_SET) == 0, path);
  size_t runs = 0;
  for (long length = size; length >= 0 && runs < MOST_CUTS; length--, runs++) {
    /* Exactly as long as the input, so that a sanitizer detects one byte too many. */
    uint8_t *bytes = malloc(length > 0 ? (size_t)length : 1);
    fuzz_expect(bytes != NULL && fseek(file, 0, SEEK_SET) == 0 &&
                    fread(bytes, 1, (size_t)length, file) == (size_t)length,
                path);
    (void)LLVMFuzzerTestOneInput(bytes, (size_t)length);
    free(bytes);
  }
  fclose(file);
  return runs;
}

int main(int count, char **folders) {
  size_t files = 0, runs = 0;
  for (int i = 1; i < count; i++) {
    DIR *folder = opendir(folders[i]);
    fuzz_expect(folder != NULL, folders[i]);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
      if (entry->d_name[0] != '.') {
        runs += replay(folders[i], entry->d_name);
        files++;
      }
    closedir(folder);
  }
  printf("%zu files, %zu inputs\n", files, runs);
  return files > 0 ? 0 : 1;
}
