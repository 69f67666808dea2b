/* The worked example as a table: the document's values, the device's, and why they differ. */
#ifndef QUERN_CLI_EXAMPLE_EXAMPLE_TABLE_H
#define QUERN_CLI_EXAMPLE_EXAMPLE_TABLE_H

#include "example_document.h"

#include <stdio.h>

typedef struct example_tally {
  size_t printed;     /* numbers that the document prints */
  size_t same;        /* those that equal the device's, rounded */
  size_t unexplained; /* those that differ without a reason */
} example_tally;

example_tally example_print_table(FILE *out, const example_values *values, quern_loss loss);

#endif
