/* The user's cache folder: built programs and tuned parameters, which can all be made again. */
#ifndef QUERN_HOST_BASE_CACHE_CACHE_FOLDER_H
#define QUERN_HOST_BASE_CACHE_CACHE_FOLDER_H

#include "../error.h"

/* QUERN_CACHE, case-sensitive. "off": no files. "on": caches programs even if the OpenCL
 * implementation does. Otherwise the default. */
typedef enum quern__cache_mode {
  QUERN__CACHE_DEFAULT,
  QUERN__CACHE_OFF,
  QUERN__CACHE_ON
} quern__cache_mode;
quern__cache_mode quern__cache_mode_wanted(void);

/* Returns the cache folder, the first of $QUERN_CACHE_DIR, $XDG_CACHE_HOME/quern and
 * $HOME/.cache/quern whose variable is set and not empty; the last two only if absolute. If
 * missing, it is created with its parents, mode 0700. The caller frees *path.
 *
 * QUERN_OK with *path NULL: QUERN_CACHE=off, or no variable is set. QUERN_ERROR_FILE with *path
 * NULL: the folder cannot be created, is not a folder, belongs to another user, or is writable by
 * others and therefore not trusted. The cache is optional, so callers ignore a failure unless the
 * user asked to write there. quern_last_error() then changes. */
quern_status quern__cache_folder(char **path);

#endif
