/* The text of a tuning file: written from a row, and read into one. The format is in tuning_file.h.
 */
#ifndef QUERN_HOST_OPENCL_TUNING_TEXT_H
#define QUERN_HOST_OPENCL_TUNING_TEXT_H

#include "tuning_field.h"

/* The whole text. The caller frees; NULL where memory is out. */
QUERN__CHECKED char *quern__tuning_format(const quern_device_info *info,
                                          const quern__cl_tuning *tuning);

/* Reads `size` bytes with a '\0' behind them, which it takes apart, over the defaults in *tuning.
 * Any fault leaves that as it was; `path` names the file in messages. */
quern_status quern__tuning_parse(const char *path, char *text, size_t size,
                                 const quern_device_info *info, quern__cl_limits limits,
                                 quern__cl_tuning *tuning);

#endif
