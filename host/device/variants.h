/* What a backend of quern's own may offer beyond its table: the ways in which it could compute the
 * ops on a device, each of which can be forced, so that all of them can be verified there. */
#ifndef QUERN_HOST_DEVICE_VARIANTS_H
#define QUERN_HOST_DEVICE_VARIANTS_H

#include "backend.h"
#include <quern/verify.h>

/* What of a variant is verified: the products alone, whole networks too, or everything. Each holds
 * those before it. */
typedef enum quern__sweep_kind {
  QUERN__SWEEP_PRODUCT,
  QUERN__SWEEP_NETWORK,
  QUERN__SWEEP_OTHER
} quern__sweep_kind;

typedef struct quern__variant {
  char name[64];           /* "as opened", "NVIDIA GPU, large tile" */
  char parameters[256];    /* in words */
  quern__sweep_kind scope; /* the rest is as another variant of the list has it */
  size_t row, tile;        /* the backend's own */
} quern__variant;

/* How training steps are queued. */
typedef enum quern__steps_form {
  QUERN__STEPS_OP_BY_OP,
  QUERN__STEPS_SERIAL,  /* many steps a launch, by one work-item */
  QUERN__STEPS_COLUMNS, /* one launch a step, a work-item for some columns of the lowest layer */
  /* two launches a step, a work-item for a block of samples, and for a strip of weights */
  QUERN__STEPS_BLOCKS,
  QUERN__STEPS_FORMS
} quern__steps_form;

typedef void (*quern__fact_sink)(const char *name, const char *value, void *user);

typedef struct quern__variants {
  /* The variants that the device can run, the first being what any context has. The caller frees
   * *list. */
  quern_status (*list)(const quern_device_info *info, void *handle, quern_verify_effort effort,
                       quern__variant **list, size_t *count);
  /* The table's `open`, with the variant's parameters. */
  quern_status (*open)(const quern_device_info *info, void *handle, const quern__variant *variant,
                       void **state);
  /* Divides work as for so many compute units from now on. */
  void (*pretend_units)(void *state, size_t units);
  /* Has plans that are made from now on take their steps in this form, or, where a network does not
   * allow it, op by op; false where the context has no such form. */
  bool (*force_steps)(void *state, quern__steps_form form);
  /* Rounds after which the device ends the loops of a work-item, where that is known of it; else 0.
   */
  size_t (*loop_rounds)(const void *state);
  /* Tells what the device says of itself, and the quirks that quern goes around. */
  quern_status (*facts)(const void *state, quern__fact_sink tell, void *user);
} quern__variants;

extern const quern__variants quern__opencl_variants;

#endif
