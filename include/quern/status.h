/* What a call returns, and how to ask for the story behind it. */
#ifndef QUERN_STATUS_H
#define QUERN_STATUS_H

#include <quern/export.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, text): every status, once. QUERN_OK is 0; values are stable and only appended to. */
#define QUERN_STATUSES(X)                                                                          \
  X(OK, "no error")                                                                                \
  X(ERROR_ARGUMENT, "invalid argument")                                                            \
  X(ERROR_SHAPE, "shapes do not fit together")                                                     \
  X(ERROR_OVERFLOW, "a size overflows")                                                            \
  X(ERROR_OUT_OF_MEMORY, "out of host memory")                                                     \
  X(ERROR_OUT_OF_DEVICE_MEMORY, "out of device memory")                                            \
  X(ERROR_NO_DEVICE, "no such device")                                                             \
  X(ERROR_DEVICE_LOST, "the device was lost")                                                      \
  X(ERROR_OPENCL, "an OpenCL call failed")                                                         \
  X(ERROR_BUILD, "a kernel did not build")                                                         \
  X(ERROR_FILE, "a file could not be read or written")                                             \
  X(ERROR_FORMAT, "a file does not hold what it should")                                           \
  X(ERROR_DATA, "data out of range")                                                               \
  X(ERROR_UNSUPPORTED, "not supported here")                                                       \
  X(ERROR_BUSY, "in use elsewhere")                                                                \
  X(ERROR_FORKED, "opened before fork")                                                            \
  X(ERROR_NOT_FINITE, "a number is no longer finite")                                              \
  X(ERROR_COLLECTIVE, "another rank failed, or does not answer")

/* With QUERN_CHECK_STATUS defined before the first header of quern, gcc from 11 on and clang
 * warn about a call whose status is not used; a cast to void says that it is not wanted. */
#if defined(QUERN_CHECK_STATUS) && defined(__clang__)
#define QUERN_EXTENSION
#define QUERN_CHECKED __attribute__((warn_unused_result))
#elif defined(QUERN_CHECK_STATUS) && defined(__GNUC__) && __GNUC__ >= 11
#define QUERN_EXTENSION __extension__ /* C11 has no attributes of this form */
#define QUERN_CHECKED   [[nodiscard]]
#else
#define QUERN_EXTENSION
#define QUERN_CHECKED
#endif

QUERN_EXTENSION typedef enum QUERN_CHECKED quern_status {
#define QUERN_STATUS_VALUE(name, text) QUERN_##name,
  QUERN_STATUSES(QUERN_STATUS_VALUE)
#undef QUERN_STATUS_VALUE
} quern_status;

/* The name ("QUERN_ERROR_SHAPE") and the short text of a status. Static; never NULL. */
QUERN_API const char *quern_status_name(quern_status status);
QUERN_API const char *quern_status_text(quern_status status);

/* What the last failing call on this thread had to say: the op, the shapes, the OpenCL error by
 * name, the file and place. One line without a newline, fit for a terminal: names from a file have
 * a question mark for each character that is not (see quern_text_character). "" before the first
 * failure; never NULL; reading does not clear it; valid until the next failing call on the same
 * thread. A successful call leaves it as it is. */
QUERN_API const char *quern_last_error(void);

/* How many bytes the first character of `text` has, which ends with a zero; 0 at its end. A byte
 * that is no UTF-8 is a character by itself. *printable: whether the character is fit for a
 * terminal. Names of classes, columns, tensors and devices are as a file or a driver has them; not
 * fit are control characters, newline, tab and U+0080 to U+009F included; what ends a line (U+2028,
 * U+2029) or turns the direction of writing (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to
 * U+2069); U+FFFE and U+FFFF; and bytes that are no UTF-8. Waits for nothing; never fails. */
QUERN_API size_t quern_text_character(const char *text, bool *printable);

#ifdef __cplusplus
}
#endif
#endif
