/* What a device finds wrong in data while it runs, and how a waiting call reports it, in the same
 * words for every backend. */
#ifndef QUERN_HOST_DEVICE_FAULT_H
#define QUERN_HOST_DEVICE_FAULT_H

#include <quern/status.h>
#include <stddef.h>
#include <stdint.h>

/* The last kind is reported first: a bad index is what makes the label gathered by it bad. */
typedef enum quern__fault {
  QUERN__FAULT_LABEL, /* a label outside 0 … classes-1 */
  QUERN__FAULT_INDEX, /* a sample index past the source's rows */
  QUERN__FAULT_COUNT
} quern__fault;

/* A row that means "none": rows stop at 2^31 - 2. */
#define QUERN__FAULT_NONE INT32_MAX

/* Fails with QUERN_ERROR_DATA for a fault in `row` of a batch. op is its name, NULL where unknown;
 * limit is how many classes or source rows there are, 0 where unknown. */
quern_status quern__fail_fault(quern__fault fault, const char *op, int32_t row, size_t limit);

/* rows[fault]: the first bad row of each kind, or QUERN__FAULT_NONE. QUERN_OK when all are none. */
quern_status quern__fail_faults(const int32_t rows[QUERN__FAULT_COUNT]);

#endif
