/* Error messages for invalid data found by a device. */
#include "fault.h"

#include "../base/error.h"

quern_status quern__fail_fault(quern__fault fault, const char *op, int32_t row, size_t limit) {
  const char *what = fault == QUERN__FAULT_LABEL ? "label" : "sample index";
  const char *separator = op != NULL ? ": " : "";
  if (op == NULL) op = "";
  if (limit > 0)
    return quern__fail(QUERN_ERROR_DATA, "%s%sthe %s in row %d of the batch is outside 0 … %zu", op,
                       separator, what, (int)row, limit - 1);
  return quern__fail(QUERN_ERROR_DATA, "%s%sthe %s in row %d of the batch is outside %s", op,
                     separator, what, (int)row,
                     fault == QUERN__FAULT_LABEL ? "the classes" : "the source's rows");
}

quern_status quern__fail_faults(const int32_t rows[QUERN__FAULT_COUNT]) {
  for (unsigned fault = QUERN__FAULT_COUNT; fault-- > 0;)
    if (rows[fault] != QUERN__FAULT_NONE)
      return quern__fail_fault((quern__fault)fault, NULL, rows[fault], 0);
  return QUERN_OK;
}
