/* Tuning for tests: from any row, with any effort. */
#ifndef QUERN_HOST_OPENCL_TUNER_TUNE_H
#define QUERN_HOST_OPENCL_TUNER_TUNE_H

#include "tune_search.h"

/* quern_tune from `start` instead of the device's defaults, with `effort` instead of the options'.
 * NULL: those. */
quern_status quern__cl_tune_from(const quern_device_info *info, void *handle,
                                 const quern_tune_options *options,
                                 const quern__tune_effort *effort, const quern__cl_tuning *start,
                                 quern_tune_report *report);

#endif
