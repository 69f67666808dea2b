/* An operand of an op under verification, and its place on a device: a tensor at an offset in a
 * larger buffer.
 *
 *   buffer   ▒▒▒▒▒▒▒│ rows x columns │▒▒▒▒▒▒▒▒▒▒▒
 *
 * The op must not change the pattern ▒ around the tensor. Outputs are initialized to a NaN pattern,
 * which the op must overwrite everywhere. */
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
  void *values; /* for QUERN__IN and QUERN__INOUT; owned */
  /* for outputs of an op without a `magnitude` call: sets the bound; owned, may be NULL */
  float *magnitude;
  size_t nans; /* for outputs: number of elements that must be NaN */
  /* 1 + the index of the input whose range this output uses on the device; 0: a range of its own */
  size_t same_as;
} quern__operand;

bool quern__operand_is_output(const quern__operand *operand);
size_t quern__operand_count(const quern__operand *operand);
size_t quern__operand_bytes(const quern__operand *operand); /* of all elements */
size_t quern__operand_element(const quern__operand *operand);

typedef struct quern__place {
  quern_tensor tensor; /* its buffer is owned */
  size_t element_bytes;
  /* unchecked bytes at the start of the buffer */
  size_t prefix_bytes;
  size_t total_bytes;      /* size of the rest of the buffer */
  uint8_t *before, *after; /* that rest before and after the op, owned; after NULL: not yet read */
} quern__place;

/* Creates the tensor and uploads the operand between canaries, `prefix_bytes` bytes into its
 * buffer, a multiple of 4. `absolute`: uploads the absolute values of floats. The caller frees the
 * place, even after a failure. */
quern_status quern__place_create(quern__place *place, quern_context *context,
                                 const quern__operand *operand, quern__values *values,
                                 bool absolute, size_t prefix_bytes);
void quern__place_free(quern__place *place);

quern_status quern__place_read(quern__place *place);

/* The operand's elements, after quern__place_read. */
const void *quern__place_elements(const quern__place *place);

/* After quern__place_read: true if everything around the operand is unchanged and, unless
 * `written`, the operand too. Otherwise *element is the first changed element, counted from the
 * operand's start. */
bool quern__place_is_kept(const quern__place *place, bool written, ptrdiff_t *element);

/* True if every element of an output was written. Otherwise *element is the first that was not.
 * Always true for bytes. */
bool quern__place_is_written(const quern__place *place, ptrdiff_t *element);

#endif
