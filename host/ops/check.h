/* How ops check their arguments: once, here, so that backends need not. The first fault found is
 * the one reported. */
#ifndef QUERN_HOST_OPS_CHECK_H
#define QUERN_HOST_OPS_CHECK_H

#include "../device/context.h"

typedef struct quern__check {
  const char *op; /* for people: "dense forward" */
  quern_context *context;
  quern_status status; /* QUERN_OK so far, or the first fault's */
} quern__check;

/* Also refuses a NULL context. */
quern__check quern__check_begin(const char *op, quern_context *context);

/* The tensor as a span: it has a buffer of this context, dimensions 1 … 2^31 - 1, and lies inside
 * its buffer, elements being `element_bytes` long. */
quern_span quern__check_tensor(quern__check *check, const char *name, quern_tensor tensor,
                               size_t element_bytes);

/* The same for a tensor that may be none: then {NULL, 0}. */
quern_span quern__check_optional(quern__check *check, const char *name, quern_tensor tensor,
                                 size_t element_bytes);

/* A tensor that is not none is rows x columns, which `because` explains ("x is [n][in]"). */
void quern__check_shape(quern__check *check, const char *name, quern_tensor tensor, size_t rows,
                        size_t columns, const char *because);

/* `output` shares no byte with `input`. Either may be none. element_bytes are those of each. */
void quern__check_apart(quern__check *check, const char *output_name, quern_tensor output,
                        const char *input_name, quern_tensor input, size_t output_bytes,
                        size_t input_bytes);

/* The same, but `output` may also lie exactly on `input`. Both floats. */
void quern__check_apart_or_same(quern__check *check, const char *output_name, quern_tensor output,
                                const char *input_name, quern_tensor input);

/* An activation that exists, with a slope that is finite and not negative where it counts. */
void quern__check_activation(quern__check *check, quern_activation activation);

/* Fails because the context's backend does not have this op, which is an optional one. */
quern_status quern__fail_no_op(const quern__check *check);

/* Any other condition; the message is formatted where it fails. */
#define QUERN__CHECK(check, condition, failure, ...)                                               \
  do {                                                                                             \
    if ((check)->status == QUERN_OK && !(condition))                                               \
      (check)->status = quern__fail(failure, __VA_ARGS__);                                         \
  } while (0)

#endif
