/* Status codes and error messages. */
#ifndef QUERN_STATUS_H
#define QUERN_STATUS_H

#include <quern/export.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, text): every status. QUERN_OK is 0; values are stable, and new ones are appended. */
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

/* If QUERN_CHECK_STATUS is defined before quern's first header, clang and gcc from 11 on warn about
 * calls whose status is unused. A cast to void suppresses the warning. */
#if defined(QUERN_CHECK_STATUS) && defined(__clang__)
#define QUERN_EXTENSION
#define QUERN_CHECKED __attribute__((warn_unused_result))
#elif defined(QUERN_CHECK_STATUS) && defined(__GNUC__) && __GNUC__ >= 11
#define QUERN_EXTENSION __extension__ /* not in C11: attributes of this form */
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

/* Return the name ("QUERN_ERROR_SHAPE") or the short text of a status. Static; never NULL. */
QUERN_API const char *quern_status_name(quern_status status);
QUERN_API const char *quern_status_text(quern_status status);

/* Returns the message of this thread's last failing call: the op, the shapes, the OpenCL error's
 * name, the file and place. One line without a newline; unprintable characters in names from a file
 * are replaced by question marks (see quern_text_character). "" before the first failure; never
 * NULL. Valid until the thread's next failing call. Neither reading nor a successful call clears
 * it. */
QUERN_API const char *quern_last_error(void);

/* Returns the length in bytes of the first character of `text`, a zero-terminated string; 0 at its
 * end. A byte that is not valid UTF-8 counts as one character. Sets *printable to whether a
 * terminal can safely show the character; names of classes, columns, tensors and devices come
 * unchanged from a file or a driver. Not printable are control characters, including newline, tab
 * and U+0080 to U+009F; line separators (U+2028, U+2029); direction marks (U+061C, U+200E, U+200F,
 * U+202A to U+202E, U+2066 to U+2069); U+FFFE and U+FFFF; and invalid UTF-8. Does not wait; never
 * fails. */
QUERN_API size_t quern_text_character(const char *text, bool *printable);

#ifdef __cplusplus
}
#endif
#endif
