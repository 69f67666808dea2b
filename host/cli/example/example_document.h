/* The values of the worked example's document, stage by stage, and why some differ from the
 * device's. */
#ifndef QUERN_CLI_EXAMPLE_EXAMPLE_DOCUMENT_H
#define QUERN_CLI_EXAMPLE_EXAMPLE_DOCUMENT_H

#include "example_network.h"

/* Why some of a stage's numbers differ. */
typedef struct example_reason {
  unsigned cells; /* a bit for each number, bit 0 the first; 0 ends a list */
  const char *text;
} example_reason;

typedef struct example_stage {
  const char *name; /* NULL ends the table */
  example_quantity quantity;
  size_t first, rows, columns; /* the part of the quantity */
  /* depends on the loss; the document's is element-wise */
  bool of_loss;
  /* As printed; NULL: not printed. A prefix "symbol=" is for a symbol in the document; a suffix "~"
   * marks a number that is not printed, but follows from its printed factors. */
  const char *printed[9];
  example_reason reasons[3];
} example_stage;

extern const example_stage example_document[];

#endif
