/* What the fuzz targets share. Each is a function over bytes: libFuzzer calls it with what it makes
 * up, and replay.c with the files of a corpus. A reader that takes a path gets the bytes as a file
 * in memory. */
#ifndef QUERN_TESTS_FUZZ_H
#define QUERN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A file in memory. */
typedef struct fuzz_file {
  int descriptor;
  char path[64]; /* what the reader opens */
} fuzz_file;

/* Ends the process where the system gives no file. */
fuzz_file fuzz_file_create(const uint8_t *bytes, size_t size);
void fuzz_file_close(fuzz_file *file);

/* A path of that name in a folder of this process, which is removed with it; in memory if the
 * system has such a folder. Static: until the next call. */
const char *fuzz_path(const char *name);

/* From the one to the other what the command says on stderr is kept. The second ends the process
 * unless that is, after a failure, one line that begins with "quern" and is fit for a terminal, and
 * else nothing. */
void fuzz_hear(void);
void fuzz_heard(int failed);

/* Ends the process with the line if `so` is false: what a reader promises was broken. */
void fuzz_expect(int so, const char *line);

#endif
