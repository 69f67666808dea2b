/* Tuning files: the parameters that `quern tune` found for a device, in the user's cache folder.
 *
 *   quern tuning 1                          the format and its version
 *   quern = 0.1.0                           what the parameters were found with: all five must be
 * as they are now kernels = 5be1a0c2f3d49e78 platform = Portable Computing Language device = …
 *   driver = 3.1
 *   dense = item                            the family of matrix products
 *   vector_width = 16                       every field of that family, once, in any order:
 * tuning_field.c … end                                     and a newline: nothing is missing,
 * nothing follows
 *
 * A file's name has a part for the device and one for its driver and the version of quern. */
#ifndef QUERN_HOST_OPENCL_TUNING_FILE_H
#define QUERN_HOST_OPENCL_TUNING_FILE_H

#include "tuning_field.h"

/* Where the device's file is, or would be; *path is the caller's to free. NULL where there is no
 * cache folder: see quern__cache_folder. */
quern_status quern__tuning_path(const quern_device_info *info, char **path);

quern_status quern__tuning_write(const char *path, const quern_device_info *info,
                                 const quern__cl_tuning *tuning);

/* Reads the file over *tuning, which holds the device's defaults. Any fault leaves it as it was,
 * and names the file, the line, what was found and what was expected. */
quern_status quern__tuning_read(const char *path, const quern_device_info *info,
                                quern__cl_limits limits, quern__cl_tuning *tuning);

/* What opening a device does: reads its file, if there is one. *file is its path, or *note says in
 * a line why one was left aside; both are NULL where there is nothing to tell, and the caller's to
 * free. quern_last_error stays as it is. Fails only without memory. */
quern_status quern__tuning_load(const quern_device_info *info, quern__cl_limits limits,
                                quern__cl_tuning *tuning, char **file, char **note);

/* Deletes the device's files, also those of other drivers and versions. */
quern_status quern__tuning_remove(const quern_device_info *info, size_t *removed);

#endif
