/* Keeps a kind of files in the cache folder within a size. */
#ifndef QUERN_HOST_BASE_CACHE_CACHE_PRUNE_H
#define QUERN_HOST_BASE_CACHE_CACHE_PRUNE_H

#include <stddef.h>

/* In the open folder, removes the files whose names start with `prefix`, least recently modified
 * first, until those that stay have at most `limit` bytes together; and temporary files of
 * host/base/file.h that nothing has touched for an hour. What cannot be read or removed stays. */
void quern__cache_prune(int folder, const char *prefix, size_t limit);

#endif
