/* Checks the arguments of ops once, so that backends need not. The first error found is the one
 * reported. */
#ifndef QUERN_HOST_OPS_CHECK_H
#define QUERN_HOST_OPS_CHECK_H

#include "../device/context.h"

typedef struct quern__check {
  const char *op; /* for messages: "dense forward" */
  quern_context *context;
  quern_status status; /* QUERN_OK, or the status of the first error */
} quern__check;

/* Also rejects a NULL context. */
quern__check quern__check_begin(const char *op, quern_context *context);

/* Converts a tensor to a span. Checks that it has a buffer of this context, dimensions of 1 … 2^31
 * - 1, and fits its buffer with elements of `element_bytes`. */
quern_span quern__check_tensor(quern__check *check, const char *name, quern_tensor tensor,
                               size_t element_bytes);

/* The same for a tensor that may be none, which becomes {NULL, 0}. */
quern_span quern__check_optional(quern__check *check, const char *name, quern_tensor tensor,
                                 size_t element_bytes);

/* Checks that the tensor, unless it is none, is rows x columns, for a reason that the message
 * gives: "x is [n][in]". */
void quern__check_shape(quern__check *check, const char *name, quern_tensor tensor, size_t rows,
                        size_t columns, const char *because);

/* Checks that `output` shares no byte with `input`. Either may be none. The sizes are those of an
 * element of each. */
void quern__check_apart(quern__check *check, const char *output_name, quern_tensor output,
                        const char *input_name, quern_tensor input, size_t output_bytes,
                        size_t input_bytes);

/* The same for two tensors of floats, but `output` may be exactly the range of `input`. */
void quern__check_apart_or_same(quern__check *check, const char *output_name, quern_tensor output,
                                const char *input_name, quern_tensor input);

/* Checks that the activation exists and that its slope, if it has one, is finite and not
 * negative. */
void quern__check_activation(quern__check *check, quern_activation activation);

/* Fails with QUERN_ERROR_UNSUPPORTED: the backend does not have this optional op. */
quern_status quern__fail_no_op(const quern__check *check);

/* Checks any other condition. The message is formatted only on failure. */
#define QUERN__CHECK(check, condition, failure, ...)                                               \
  do {                                                                                             \
    if ((check)->status == QUERN_OK && !(condition))                                               \
      (check)->status = quern__fail(failure, __VA_ARGS__);                                         \
  } while (0)

#endif
