/* What training changes on the device: the parameters, and what an optimizer keeps beside them. */
#ifndef QUERN_HOST_TRAIN_TRAINING_STATE_H
#define QUERN_HOST_TRAIN_TRAINING_STATE_H

#include "../network/plan.h"

#define QUERN__LEARNED_PARAMETERS "parameters"

/* A flat range of floats. */
typedef struct quern__training_state_tensor {
  const char *name;     /* in a checkpoint; static */
  quern_buffer *buffer; /* the plan's */
  size_t count;
  quern_buffer *kept; /* the range as it was; owned */
} quern__training_state_tensor;

typedef struct quern__training_state {
  quern__training_state_tensor *tensors; /* owned; the parameters first */
  size_t count;
  uint64_t kept_updates, kept_trained; /* the plan's counts of updates and steps, as they were */
} quern__training_state;

/* Lists what steps of the plan, which has its optimizer, change. The plan must outlive it. */
quern_status quern__training_state_create(const quern_plan *plan, quern__training_state *learned);
void quern__training_state_free(quern__training_state *learned);

/* Queues a copy of all of it; and back from the copy. */
quern_status quern__training_state_keep(quern__training_state *learned, const quern_plan *plan);
quern_status quern__training_state_return(const quern__training_state *learned, quern_plan *plan);

#endif
