/* Writes and reads the text of a tuning file. The format is in tuning_file.h. */
#ifndef QUERN_HOST_OPENCL_TUNING_TEXT_H
#define QUERN_HOST_OPENCL_TUNING_TEXT_H

#include "tuning_field.h"

/* The whole text. The caller frees it; NULL if memory runs out. */
QUERN__CHECKED char *quern__tuning_format(const quern_device_info *info,
                                          const quern__cl_tuning *tuning);

/* Reads `size` bytes followed by a '\0', which it modifies, into the defaults in *tuning. A failure
 * leaves *tuning unchanged. `path` names the file in messages. */
quern_status quern__tuning_parse(const char *path, char *text, size_t size,
                                 const quern_device_info *info, quern__cl_limits limits,
                                 quern__cl_tuning *tuning);

#endif
