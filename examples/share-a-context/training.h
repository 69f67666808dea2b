/* A network 2-16-1 that quern trains on the program's own memory. */
#ifndef TRAINING_H
#define TRAINING_H

#include "device.h"

#include <quern/opencl.h>
#include <quern/quern.h>

/* Samples per step. */
enum { COUNT = 256 };

typedef struct training {
  quern_context *context;
  quern_buffer *points; /* the program's cl_mem, filled by make_points */
  /* the program's too: the predictions, [COUNT] from float PREDICTED_AT on */
  quern_buffer *predicted;
  quern_buffer *parameters, *passing; /* quern's own */
} training;

/* The place of the predictions in the program's memory: ops take any offset. */
enum { PREDICTED_AT = 64 };

quern_status training_open(const device *on, queue_kind kind, cl_mem points, cl_mem predicted,
                           training *result);
void training_close(training *result);

/* Queues a step: forward, squared error, backward, update. */
quern_status training_step(const training *result);

/* Waits, and returns quern's mean loss of the last step. */
quern_status training_loss(const training *result, double *loss);

#endif
