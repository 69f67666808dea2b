/* Invalid data found by a device while ops run. The next call that waits reports it, in the same
 * words for every backend. */
#ifndef QUERN_HOST_DEVICE_FAULT_H
#define QUERN_HOST_DEVICE_FAULT_H

#include <quern/status.h>
#include <stddef.h>
#include <stdint.h>

/* The last kind is reported first: a bad index also makes the label gathered by it bad. */
typedef enum quern__fault {
  QUERN__FAULT_LABEL, /* a label outside 0 … classes-1 */
  QUERN__FAULT_INDEX, /* a sample index past the source's rows */
  QUERN__FAULT_COUNT
} quern__fault;

/* No fault. It is not a row, since rows end at 2^31 - 2. */
#define QUERN__FAULT_NONE INT32_MAX

/* Fails with QUERN_ERROR_DATA for a fault in `row` of a batch. `op` is the op's name, or NULL if
 * unknown; `limit` is the number of classes or source rows, or 0 if unknown. */
quern_status quern__fail_fault(quern__fault fault, const char *op, int32_t row, size_t limit);

/* Reports the fault of rows[kind], the first bad row of each kind. QUERN_OK if all are
 * QUERN__FAULT_NONE. */
quern_status quern__fail_faults(const int32_t rows[QUERN__FAULT_COUNT]);

#endif
