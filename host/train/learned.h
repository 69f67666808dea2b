/* What training changes on the device: the parameters, and what an optimizer keeps beside them. */
#ifndef QUERN_HOST_TRAIN_LEARNED_H
#define QUERN_HOST_TRAIN_LEARNED_H

#include "../network/plan.h"

#define QUERN__LEARNED_PARAMETERS "parameters"

/* A flat range of floats. */
typedef struct quern__learned_tensor {
  const char *name;     /* in a checkpoint; static */
  quern_buffer *buffer; /* the plan's */
  size_t count;
  quern_buffer *kept; /* the range as it was; owned */
} quern__learned_tensor;

typedef struct quern__learned {
  quern__learned_tensor *tensors; /* owned; the parameters first */
  size_t count;
  uint64_t kept_updates, kept_trained; /* the plan's counts of updates and steps, as they were */
} quern__learned;

/* Lists what steps of the plan, which has its optimizer, change. The plan must outlive it. */
quern_status quern__learned_create(const quern_plan *plan, quern__learned *learned);
void quern__learned_free(quern__learned *learned);

/* Queues a copy of all of it; and back from the copy. */
quern_status quern__learned_keep(quern__learned *learned, const quern_plan *plan);
quern_status quern__learned_return(const quern__learned *learned, quern_plan *plan);

#endif
