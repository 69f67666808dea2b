/* Reading from the cache folder, whose programs run. */
#ifndef QUERN_HOST_BASE_CACHE_CACHE_READ_H
#define QUERN_HOST_BASE_CACHE_CACHE_READ_H

#include "../error.h"

/* Reads a file of at most `limit` bytes into memory that the caller frees, with a '\0' behind the
 * last byte, which *size does not count. It has to be a regular file of the user's own that nobody
 * else may write to: whoever could have put it there by exchanging a folder on the way gives it an
 * owner. A link is not followed, and a pipe not waited for. On failure, always QUERN_ERROR_FILE or
 * QUERN_ERROR_OUT_OF_MEMORY, *data is NULL. */
quern_status quern__cache_read(const char *path, size_t limit, unsigned char **data, size_t *size);

#endif
