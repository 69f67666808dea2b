/* quern's digits on a device: the data of both loops. */
#ifndef OWN_LOOP_DIGITS_H
#define OWN_LOOP_DIGITS_H

#include <quern/quern.h>

enum { PIXELS = 64, CLASSES = 10, BATCH = 64 };

/* Samples in sequence, and their classes. */
typedef struct digits {
  size_t count;
  quern_buffer *pixels; /* floats [count][PIXELS] */
  quern_buffer *labels; /* int32_t [count] */
} digits;

/* Reads both sets; digits_free frees them, also after a failure. */
quern_status digits_upload(quern_context *context, digits *train, digits *test);
void digits_free(digits *data);

/* `rows` samples from `first` on, and their labels. Nothing is copied. */
quern_tensor digits_x(const digits *data, size_t first, size_t rows);
quern_tensor digits_labels(const digits *data, size_t first, size_t rows);

/* The share of test digits whose class has the largest output. Waits. */
quern_status digits_accuracy(quern_plan *plan, quern_context *context, const digits *test,
                             double *accuracy);

#endif
