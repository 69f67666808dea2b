/* An operand of an op under verification, and its place on a device: a tensor at an offset inside a
 * larger buffer.
 *
 *     buffer   ▒▒▒▒▒▒▒│ rows x columns │▒▒▒▒▒▒▒▒▒▒▒      ▒ a known pattern that must still be there
 * afterward offset
 *
 * Outputs start as a NaN pattern that must not be left anywhere. */
#ifndef QUERN_HOST_VERIFY_OPERAND_H
#define QUERN_HOST_VERIFY_OPERAND_H

#include "values.h"
#include <quern/ops.h>

typedef enum quern__operand_type { QUERN__FLOAT, QUERN__INT, QUERN__BYTE } quern__operand_type;
typedef enum quern__operand_role {
  QUERN__NONE,
  QUERN__IN,
  QUERN__OUT,
  QUERN__INOUT
} quern__operand_role;

typedef struct quern__operand {
  const char *name;
  quern__operand_role role; /* QUERN__NONE: the op gets quern_none() */
  quern__operand_type type;
  size_t rows, columns;
  void *values; /* of QUERN__IN and QUERN__INOUT: owned */
  /* of outputs: for the bound where the op has no `magnitude` call; owned, may be NULL */
  float *magnitude;
  size_t nans; /* of outputs: how many elements must be NaN */
  /* 1 + the index of an input whose very range this output is on the device; 0: its own */
  size_t same_as;
} quern__operand;

bool quern__operand_is_output(const quern__operand *operand);
size_t quern__operand_count(const quern__operand *operand);
size_t quern__operand_bytes(const quern__operand *operand); /* of all elements */
size_t quern__operand_element(const quern__operand *operand);

typedef struct quern__place {
  quern_tensor tensor; /* its buffer is owned */
  size_t element_bytes;
  /* bytes of the buffer in front of what follows, which nothing looks at */
  size_t far;
  size_t total_bytes;      /* of the rest of the buffer */
  uint8_t *before, *after; /* that rest, owned; after NULL: not yet read */
} quern__place;

/* Makes the tensor and uploads the operand between canaries, `far` bytes into its buffer, a
 * multiple of 4; `absolute`: the absolute values of floats. The caller frees the place, also where
 * this fails. */
quern_status quern__place_create(quern__place *place, quern_context *context,
                                 const quern__operand *operand, quern__values *values,
                                 bool absolute, size_t far);
void quern__place_free(quern__place *place);

/* Reads the buffer back, once. */
quern_status quern__place_read(quern__place *place);

/* Of a place that was read: the operand's elements. */
const void *quern__place_elements(const quern__place *place);

/* Of a place that was read: whether all around the operand, and where it was not to be `written`
 * the operand too, is as it was; else *element is the first that is not, counted from the operand's
 * beginning. */
bool quern__place_is_kept(const quern__place *place, bool written, ptrdiff_t *element);

/* Whether each element of an output was written; else *element is the first that was not. Bytes
 * cannot tell. */
bool quern__place_is_written(const quern__place *place, ptrdiff_t *element);

#endif
