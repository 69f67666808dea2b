/* Walks an operation: makes each OpenCL call of a normal run fail, one at a time, and checks the
 * outcome. */
#ifndef QUERN_TESTS_FAULT_WALK_H
#define QUERN_TESTS_FAULT_WALK_H

#include "test.h"

/* Objects that a test passes from one part of its operation to the next. */
typedef struct fault_place {
  const quern_device *device;
  quern_device_list *list; /* `device` is from it */
  quern_context *context;  /* NULL if the operation creates it */
  quern_buffer *a, *b;
  quern_network *network, *other;
  quern_dataset *data;
  quern_plan *plan;
  quern_trainer *trainer;
  void *extra;
} fault_place;

typedef struct fault_operation {
  const char *name;
  /* many calls: each gets one fault, alternating between an error and the loss of the device */
  bool brief;
  /* in a brief walk: the entry point whose answers are also cut short and corrupted, or NULL */
  const char *answers;
  /* One place is used until its device is lost, and a normal run comes first, so objects that only
   * a first run creates exist. */
  bool warm;
  /* calls at its end, after its answer is known, which are not spoiled */
  size_t unheard;
  /* the operation creates and frees its context: none exists before */
  bool own_context;
  void (*prepare)(fault_place *place);     /* may be NULL; none of its calls fails */
  quern_status (*run)(fault_place *place); /* may be called again after it failed */
  /* may be NULL: asserts, without a fault, what must hold whatever failed */
  void (*after)(fault_place *place);
  /* may be NULL: frees what prepare and run created, however far they got */
  void (*undo)(fault_place *place);
  /* True if the operation may succeed although this entry point failed, because it has an
   * alternative; NULL: never. */
  bool (*may_fall_back)(const char *entry);
} fault_operation;

/* Injects every fault into the operation, and prints how many. */
void fault_walk(const fault_operation *operation);

/* Of all walks so far. */
size_t fault_count(void);

#endif
