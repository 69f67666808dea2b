/* What training changes, listed once, for checkpoints and for going back to where an epoch began. */
#include "learned.h"

#include "../context.h"
#include "../error.h"
#include <stdlib.h>

quern_status quern__learned_create(const quern_plan *plan, quern__learned *learned) {
  const quern__learned_tensor list[] = {
      {QUERN__LEARNED_PARAMETERS, plan->parameters, plan->shape.flat_count, NULL}};
  *learned = (quern__learned){.count = sizeof list / sizeof *list};
  learned->tensors = calloc(learned->count, sizeof *learned->tensors);
  if (learned->tensors == NULL) return quern__fail_memory("trainer", sizeof list);
  quern_status status = QUERN_OK;
  for (size_t i = 0; i < learned->count; i++) {
    learned->tensors[i] = list[i];
    QUERN__TRY(quern__buffer_create_touched(plan->context, list[i].count * sizeof(float),
                                            &learned->tensors[i].kept));
  }
  return QUERN_OK;
cleanup:
  quern__learned_free(learned);
  return status;
}

void quern__learned_free(quern__learned *learned) {
  for (size_t i = 0; i < learned->count && learned->tensors != NULL; i++)
    quern_buffer_free(learned->tensors[i].kept);
  free(learned->tensors);
  *learned = (quern__learned){0};
}

quern_status quern__learned_keep(quern__learned *learned) {
  for (size_t i = 0; i < learned->count; i++) {
    const quern__learned_tensor *tensor = &learned->tensors[i];
    QUERN__FORWARD(quern_buffer_copy(tensor->buffer, 0, tensor->kept, 0, tensor->count * sizeof(float)));
  }
  learned->kept_updates = learned->updates;
  return QUERN_OK;
}

quern_status quern__learned_return(quern__learned *learned) {
  for (size_t i = 0; i < learned->count; i++) {
    const quern__learned_tensor *tensor = &learned->tensors[i];
    QUERN__FORWARD(quern_buffer_copy(tensor->kept, 0, tensor->buffer, 0, tensor->count * sizeof(float)));
  }
  learned->updates = learned->kept_updates;
  return QUERN_OK;
}
