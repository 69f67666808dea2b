/* What the worked example's document prints, stage by stage, and why a number of it may be another
 * than the device's. */
#ifndef QUERN_CLI_EXAMPLE_EXAMPLE_DOCUMENT_H
#define QUERN_CLI_EXAMPLE_EXAMPLE_DOCUMENT_H

#include "example_network.h"

/* Why some of a stage's numbers are not the device's. */
typedef struct example_reason {
  unsigned cells; /* which of them, bit 0 the first; 0 ends a list */
  const char *text;
} example_reason;

typedef struct example_stage {
  const char *name; /* NULL ends the table */
  example_quantity quantity;
  size_t first, rows, columns; /* the part of the quantity that is meant */
  /* whether it depends on which loss is taken; the document's is element-wise */
  bool of_loss;
  /* As they are printed; NULL where nothing is. "symbol=" may stand before, for what the document
   * prints is a symbol; "~" after, where the number is not printed but what its printed factors
   * give. */
  const char *printed[9];
  example_reason reasons[3];
} example_stage;

extern const example_stage example_document[];

#endif
