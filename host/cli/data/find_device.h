/* Devices by what a person wrote. */
#ifndef QUERN_CLI_DATA_FIND_DEVICE_H
#define QUERN_CLI_DATA_FIND_DEVICE_H

#include "../base/fail.h"

#include <quern/device.h>

/* quern_device_list_find, with the word that may have been meant where nothing fits. */
cli_exit cli_find_device(const quern_device_list *list, const char *text,
                         const quern_device **device);

#endif
