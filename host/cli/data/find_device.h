/* Devices by a user's text. */
#ifndef QUERN_CLI_DATA_FIND_DEVICE_H
#define QUERN_CLI_DATA_FIND_DEVICE_H

#include "../base/fail.h"

#include <quern/device.h>

/* quern_device_list_find. A failure suggests the nearest word. */
cli_exit cli_find_device(const quern_device_list *list, const char *text,
                         const quern_device **device);

/* quern_device_list_find_all. The caller frees *devices, also after a failure. */
cli_exit cli_find_devices(const quern_device_list *list, const char *text,
                          const quern_device ***devices, size_t *count);

#endif
