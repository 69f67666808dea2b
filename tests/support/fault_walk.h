/* Walks an operation: fails each OpenCL call that a clean run of it makes, one after the other, and
 * checks what became of it. */
#ifndef QUERN_TESTS_FAULT_WALK_H
#define QUERN_TESTS_FAULT_WALK_H

#include "test.h"

/* What a test hands from one part of its operation to the next. */
typedef struct fault_place {
  const quern_device *device;
  quern_device_list *list; /* `device` is from it */
  quern_context *context;  /* NULL where the operation makes it itself */
  quern_buffer *a, *b;
  quern_network *network, *other;
  quern_dataset *data;
  quern_plan *plan;
  quern_trainer *trainer;
  void *extra;
} fault_place;

typedef struct fault_operation {
  const char *name;
  bool brief; /* many calls: each gets one fault, by turns an error and the loss of the device */
  /* In a brief walk: the entry point whose answers are cut short and corrupted too, or NULL. */
  const char *answers;
  /* One place serves until its device is lost, and a clean run comes first: what only a first run
   * makes is there. */
  bool warm;
  /* calls at its end that are made when its answer is known, and so are not spoiled */
  size_t unheard;
  /* the operation makes and frees its context: none is there before it */
  bool own_context;
  void (*prepare)(fault_place *place);     /* may be NULL; no call of it fails */
  quern_status (*run)(fault_place *place); /* may be called again after it failed */
  /* may be NULL: asserts what must hold whatever failed, without a fault */
  void (*after)(fault_place *place);
  /* may be NULL: frees what prepare and run made, however far they came */
  void (*undo)(fault_place *place);
  /* Whether the operation may succeed though this entry point failed, since what it wanted is done
   * in another way; NULL: never. */
  bool (*may_fall_back)(const char *entry);
} fault_operation;

/* Injects every fault into the operation, and prints how many. */
void fault_walk(const fault_operation *operation);

/* Of all walks so far. */
size_t fault_count(void);

#endif
