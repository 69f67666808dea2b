/* What training changes on the device: the parameters, and the optimizer's state. */
#ifndef QUERN_HOST_TRAIN_TRAINING_STATE_H
#define QUERN_HOST_TRAIN_TRAINING_STATE_H

#include "../network/plan.h"

#define QUERN__STATE_PARAMETERS "parameters"

typedef struct quern__training_state_tensor {
  const char *name;     /* in a checkpoint; static */
  quern_buffer *buffer; /* the plan's */
  size_t count;
  quern_buffer *copy; /* owned */
} quern__training_state_tensor;

typedef struct quern__training_state {
  quern__training_state_tensor *tensors; /* owned; the parameters first */
  size_t count;
  uint64_t optimizer_steps, steps_taken; /* copies of the plan's counts */
} quern__training_state;

/* Lists what steps of the plan change. The plan must have an optimizer, and outlive *state. */
quern_status quern__training_state_create(const quern_plan *plan, quern__training_state *state);
void quern__training_state_free(quern__training_state *state);

/* Queue a copy of all of it, and a copy back. */
quern_status quern__training_state_save(quern__training_state *state, const quern_plan *plan);
quern_status quern__training_state_restore(const quern__training_state *state, quern_plan *plan);

#endif
