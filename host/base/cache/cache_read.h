/* Safe reading from the cache folder, whose programs are executed. */
#ifndef QUERN_HOST_BASE_CACHE_CACHE_READ_H
#define QUERN_HOST_BASE_CACHE_CACHE_READ_H

#include "../error.h"

/* Reads a file of at most `limit` bytes into memory that the caller frees. A '\0' follows the last
 * byte; *size does not count it. The file must be a regular file that belongs to the user and that
 * nobody else may write; a file put there by swapping a parent folder has another owner. Symbolic
 * links are not followed, and pipes not waited for. On failure *data is NULL, and the status is
 * QUERN_ERROR_FILE or QUERN_ERROR_OUT_OF_MEMORY. */
quern_status quern__cache_read(const char *path, size_t limit, unsigned char **data, size_t *size);

#endif
