/* Lists what training changes, for checkpoints and for moving back to where an epoch began. */
#include "training_state.h"

#include "../base/error.h"
#include "../device/context.h"
#include <stdlib.h>

quern_status quern__training_state_create(const quern_plan *plan, quern__training_state *learned) {
  const size_t count = plan->shape.flat_count;
  const quern__training_state_tensor list[] = {
      {QUERN__LEARNED_PARAMETERS, plan->parameters, count, NULL},
      {"momentum", plan->momentum, count, NULL},
      {"square", plan->square, count, NULL}};
  enum { MOST = sizeof list / sizeof *list };
  *learned = (quern__training_state){.count = 0};
  learned->tensors = calloc(MOST, sizeof *learned->tensors);
  if (learned->tensors == NULL) return quern__fail_memory("trainer", sizeof list);
  quern_status status = QUERN_OK;
  for (size_t i = 0; i < MOST; i++) {
    if (list[i].buffer == NULL) continue;
    quern__training_state_tensor *tensor = &learned->tensors[learned->count++];
    *tensor = list[i];
    QUERN__TRY(quern__buffer_create_touched(plan->context, count * sizeof(float), &tensor->kept));
  }
  return QUERN_OK;
cleanup:
  quern__training_state_free(learned);
  return status;
}

void quern__training_state_free(quern__training_state *learned) {
  for (size_t i = 0; i < learned->count && learned->tensors != NULL; i++)
    quern_buffer_free(learned->tensors[i].kept);
  free(learned->tensors);
  *learned = (quern__training_state){0};
}

quern_status quern__training_state_keep(quern__training_state *learned, const quern_plan *plan) {
  for (size_t i = 0; i < learned->count; i++) {
    const quern__training_state_tensor *tensor = &learned->tensors[i];
    QUERN__FORWARD(
        quern_buffer_copy(tensor->buffer, 0, tensor->kept, 0, tensor->count * sizeof(float)));
  }
  learned->kept_updates = plan->updates;
  learned->kept_trained = plan->trained;
  return QUERN_OK;
}

quern_status quern__training_state_return(const quern__training_state *learned, quern_plan *plan) {
  for (size_t i = 0; i < learned->count; i++) {
    const quern__training_state_tensor *tensor = &learned->tensors[i];
    QUERN__FORWARD(
        quern_buffer_copy(tensor->kept, 0, tensor->buffer, 0, tensor->count * sizeof(float)));
  }
  plan->updates = learned->kept_updates;
  plan->trained = learned->kept_trained;
  return QUERN_OK;
}
