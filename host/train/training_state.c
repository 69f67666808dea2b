/* Lists what training changes, for checkpoints and for going back to the start of an epoch. */
#include "training_state.h"

#include "../base/error.h"
#include "../device/context.h"
#include <stdlib.h>

quern_status quern__training_state_create(const quern_plan *plan, quern__training_state *state) {
  const size_t count = plan->shape.flat_count;
  const quern__training_state_tensor list[] = {
      {QUERN__STATE_PARAMETERS, plan->parameters, count, NULL},
      {"momentum", plan->momentum, count, NULL},
      {"square", plan->square, count, NULL}};
  enum { MOST = sizeof list / sizeof *list };
  *state = (quern__training_state){.count = 0};
  state->tensors = calloc(MOST, sizeof *state->tensors);
  if (state->tensors == NULL) return quern__fail_memory("trainer", sizeof list);
  quern_status status = QUERN_OK;
  for (size_t i = 0; i < MOST; i++) {
    if (list[i].buffer == NULL) continue;
    quern__training_state_tensor *tensor = &state->tensors[state->count++];
    *tensor = list[i];
    QUERN__TRY(quern__buffer_create_touched(plan->context, count * sizeof(float), &tensor->copy));
  }
  return QUERN_OK;
cleanup:
  quern__training_state_free(state);
  return status;
}

void quern__training_state_free(quern__training_state *state) {
  for (size_t i = 0; i < state->count && state->tensors != NULL; i++)
    quern_buffer_free(state->tensors[i].copy);
  free(state->tensors);
  *state = (quern__training_state){0};
}

quern_status quern__training_state_save(quern__training_state *state, const quern_plan *plan) {
  for (size_t i = 0; i < state->count; i++) {
    const quern__training_state_tensor *tensor = &state->tensors[i];
    QUERN__FORWARD(
        quern_buffer_copy(tensor->buffer, 0, tensor->copy, 0, tensor->count * sizeof(float)));
  }
  state->optimizer_steps = plan->optimizer_steps;
  state->steps_taken = plan->steps_taken;
  return QUERN_OK;
}

quern_status quern__training_state_restore(const quern__training_state *state, quern_plan *plan) {
  for (size_t i = 0; i < state->count; i++) {
    const quern__training_state_tensor *tensor = &state->tensors[i];
    QUERN__FORWARD(
        quern_buffer_copy(tensor->copy, 0, tensor->buffer, 0, tensor->count * sizeof(float)));
  }
  plan->optimizer_steps = state->optimizer_steps;
  plan->steps_taken = state->steps_taken;
  return QUERN_OK;
}
