/* Tuning files: the parameters that `quern tune` found for a device, in the user's cache folder.
 *
 *   quern tuning 1               the format and its version
 *   quern = 0.1.0                what the parameters were found with; all five must match
 *   kernels = 5be1a0c2f3d49e78
 *   platform = Portable Computing Language
 *   device = …
 *   driver = 3.1
 *   dense = item                 the family of matrix products
 *   vector_width = 16            every field of that family, once, in any order: tuning_field.c
 *   …
 *   end                          and a newline: the file is complete
 *
 * A file's name has a part for the device and one for its driver and quern's version. */
#ifndef QUERN_HOST_OPENCL_TUNING_FILE_H
#define QUERN_HOST_OPENCL_TUNING_FILE_H

#include "tuning_field.h"

/* The path of the device's file, which need not exist. The caller frees *path; NULL if there is no
 * cache folder: see quern__cache_folder. */
quern_status quern__tuning_path(const quern_device_info *info, char **path);

quern_status quern__tuning_write(const char *path, const quern_device_info *info,
                                 const quern__cl_tuning *tuning);

/* Reads the file into *tuning, which holds the device's defaults. A failure leaves it unchanged;
 * the error names the file, the line, what was found and what was expected. */
quern_status quern__tuning_read(const char *path, const quern_device_info *info,
                                quern__cl_limits limits, quern__cl_tuning *tuning);

/* Reads the device's file if it exists, for opening a device. Sets *file to its path, or *note to a
 * line that says why it was ignored; both are NULL if there is none. The caller frees both. Keeps
 * quern_last_error. Fails only if memory runs out. */
quern_status quern__tuning_load(const quern_device_info *info, quern__cl_limits limits,
                                quern__cl_tuning *tuning, char **file, char **note);

/* Deletes the device's files, including those for other drivers and versions. */
quern_status quern__tuning_remove(const quern_device_info *info, size_t *removed);

#endif
