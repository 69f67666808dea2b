/* Mean, deviation and range of the numbers in a file. */
#ifndef QUERN_HOST_MODEL_STATISTICS_H
#define QUERN_HOST_MODEL_STATISTICS_H

#include "model/safetensors.h"
#include <quern/inspect.h>

/* Sets mean, deviation, least, most and not_finite over `count` numbers of the tensor from `first` on. */
quern_status quern__statistics(const quern__safetensors *file, const quern__tensor_entry *entry, size_t first,
                               size_t count, quern_tensor_info *info);

#endif
