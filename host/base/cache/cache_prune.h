/* Limits the size of the cache folder. */
#ifndef QUERN_HOST_BASE_CACHE_CACHE_PRUNE_H
#define QUERN_HOST_BASE_CACHE_CACHE_PRUNE_H

#include <stddef.h>

/* Removes files whose names start with `prefix` from the open folder, least recently modified
 * first, until the rest total at most `limit` bytes. Also removes temporary files of
 * host/base/file.h that were last modified over an hour ago. Files that cannot be read or removed
 * stay. */
void quern__cache_prune(int folder, const char *prefix, size_t limit);

#endif
