/* Built programs on disk, for OpenCL implementations without a cache of their own.
 *
 *   Place    program-<hash>.bin in the user's cache folder (cache_folder.h). Only the user may
 *            write there, since the programs run on the device.
 *   Use      unless QUERN_CACHE=off. PoCL and NVIDIA have their own caches, so with them only
 *            with QUERN_CACHE=on. That slows the first start on PoCL, which compiles each
 *            kernel again to return binaries.
 *   Key      quern's version, the platform's name and version, the device's name and version,
 *            the driver's version, the build options and the source. Its 64-bit FNV-1a hash
 *            names the file. The file contains the key, and all of it is compared, so a hash
 *            collision is a miss, not a wrong program.
 *   Format   "quernpb1", sizes of key and binary (uint64_t each), key, binary, CRC-32 of all
 *            before. In the machine's byte order; another order is a fault.
 *   Faults   a truncated, damaged, unreadable or other file, a binary that the driver refuses,
 *            or a missing or unsafe folder is a miss: the program is built from source and the
 *            file rewritten.
 *   Writing  to a temporary file that is then renamed: processes may write concurrently, and
 *            readers see whole files. Failures are silent: the program is usable anyway.
 *   Size     after a write the least recently used files are deleted until all together have
 *            at most 64 MiB, and temporary files of processes that ended before the rename.
 *
 * Nothing here fails, prints, or changes quern_last_error(). */
#ifndef QUERN_HOST_OPENCL_PROGRAM_PROGRAM_CACHE_H
#define QUERN_HOST_OPENCL_PROGRAM_PROGRAM_CACHE_H

#include "program_source.h"

/* A program's place in the cache. All zero if it is not cached; all functions accept that. */
typedef struct quern__cl_cached {
  char *path, *key; /* owned */
  size_t key_size;
} quern__cl_cached;

quern__cl_cached quern__cl_cache_find(const quern__cl *cl, const quern__cl_source *source);
void quern__cl_cached_free(quern__cl_cached *cached);

/* Returns the built program, which the caller releases; NULL for a miss. */
cl_program quern__cl_cache_load(const quern__cl *cl, const quern__cl_cached *cached,
                                const char *options);

/* Returns the binary within a file's bytes; NULL unless they are valid and have this key. */
const unsigned char *quern__cl_cached_binary(const quern__cl_cached *cached,
                                             const unsigned char *data, size_t size,
                                             size_t *binary_size);

/* Stores a built program. */
void quern__cl_cache_store(const quern__cl_cached *cached, cl_program program);

#endif
