/* Built programs on disk, for OpenCL implementations that keep none of their own.
 *
 * Where     files program-<hash>.bin in the user's cache folder (cache_folder.h), which nobody else
 * may write: what is in them runs on the device. When      unless QUERN_CACHE=off. PoCL and
 * NVIDIA's driver have caches of their own, so there only with QUERN_CACHE=on. With PoCL that makes
 * the first start slower: asked for binaries, it compiles each kernel once more. Key       quern's
 * version, the platform's name and version, the device's name and version, the driver's version,
 * the build options and the whole source. Its 64-bit FNV-1a hash only names the file. The file
 * holds the key whole, and it is compared whole, so that two keys with one hash are a miss and
 * never a wrong program. File      "quernpb1", sizes of the key and of the binary (uint64_t each),
 * key, binary, CRC-32 of all before it. In the machine's byte order: the other one is a fault like
 * any other. Fault     a file that is short, long, damaged, unreadable or another key's, a binary
 * that the driver refuses, a missing or unfit folder: each is a miss. The program is built from its
 * source, and the file written anew. Writing   to a temporary file that is then renamed, so that
 * processes may write at once and a reader sees a whole file. A failure to write is silent: the
 * program is there all the same. Size      after a write the least recently used files go, until
 * all together have at most 64 MiB; temporary files of processes that ended before the rename go
 * with them.
 *
 * Nothing here fails, prints, or changes quern_last_error(). */
#ifndef QUERN_HOST_OPENCL_PROGRAM_PROGRAM_CACHE_H
#define QUERN_HOST_OPENCL_PROGRAM_PROGRAM_CACHE_H

#include "program_source.h"

/* Where one program is kept. All zero where it is not cached, which the others take. */
typedef struct quern__cl_cached {
  char *path, *key; /* owned */
  size_t key_size;
} quern__cl_cached;

quern__cl_cached quern__cl_cache_find(const quern__cl *cl, const quern__cl_source *source);
void quern__cl_cached_free(quern__cl_cached *cached);

/* The built program, the caller's to release; NULL for a miss. */
cl_program quern__cl_cache_load(const quern__cl *cl, const quern__cl_cached *cached,
                                const char *options);

/* The binary inside a file's bytes; NULL unless they are whole and this key's. */
const unsigned char *quern__cl_cached_binary(const quern__cl_cached *cached,
                                             const unsigned char *data, size_t size,
                                             size_t *binary_size);

/* Keeps a built program. */
void quern__cl_cache_store(const quern__cl_cached *cached, cl_program program);

#endif
