/* The user's cache folder: what can be made again lies there, such as built programs and tuned
 * parameters. */
#ifndef QUERN_HOST_BASE_CACHE_CACHE_FOLDER_H
#define QUERN_HOST_BASE_CACHE_CACHE_FOLDER_H

#include "../error.h"

/* What QUERN_CACHE says: "off" keeps everything away from the disk, "on" caches programs even where
 * the OpenCL implementation keeps its own; anything else, or nothing, is the default. Case counts.
 */
typedef enum quern__cache_mode {
  QUERN__CACHE_DEFAULT,
  QUERN__CACHE_OFF,
  QUERN__CACHE_ON
} quern__cache_mode;
quern__cache_mode quern__cache_mode_wanted(void);

/* The first of these whose variable is set and not empty: $QUERN_CACHE_DIR, $XDG_CACHE_HOME/quern
 * and $HOME/.cache/quern, the last two only as absolute paths. It is made with its parents, of mode
 * 0700, where it is missing. *path is the caller's to free.
 *
 * QUERN_OK with *path NULL: QUERN_CACHE=off, or no variable names a place. QUERN_ERROR_FILE with
 * *path NULL: the place cannot be made, is no folder, belongs to another user, or may be written by
 * others; what lies there could be anybody's, so it is not used. No caller needs the cache: a
 * failure is passed on only by those whom the user asked to write there. It changes
 * quern_last_error(). */
quern_status quern__cache_folder(char **path);

#endif
