/* Variants, which a built-in backend may offer beyond its table: the ways in which it can compute
 * ops on a device. Each can be forced, so that all are verified. */
#ifndef QUERN_HOST_DEVICE_VARIANTS_H
#define QUERN_HOST_DEVICE_VARIANTS_H

#include "backend.h"
#include <quern/verify.h>

/* What to verify of a variant: only the products, also whole networks, or everything. Each includes
 * the previous ones. */
typedef enum quern__sweep_kind {
  QUERN__SWEEP_PRODUCT,
  QUERN__SWEEP_NETWORK,
  QUERN__SWEEP_OTHER
} quern__sweep_kind;

typedef struct quern__variant {
  char name[64];           /* e.g. "as opened", "NVIDIA GPU, large tile" */
  char parameters[256];    /* the parameters as text */
  quern__sweep_kind scope; /* what to verify; the rest is the same in another listed variant */
  size_t row, tile;        /* private to the backend */
} quern__variant;

/* How training steps are queued. */
typedef enum quern__steps_form {
  QUERN__STEPS_OP_BY_OP,
  QUERN__STEPS_SERIAL, /* many steps per launch, all by one work-item */
  /* one launch per step; each work-item computes some columns of the lowest layer */
  QUERN__STEPS_COLUMNS,
  /* two launches per step; first a work-item per block of samples, then one per strip of weights */
  QUERN__STEPS_BLOCKS,
  QUERN__STEPS_NETWORK, /* as SERIAL, by a program built for the network */
  QUERN__STEPS_FORMS
} quern__steps_form;

typedef void (*quern__fact_sink)(const char *name, const char *value, void *user);

typedef struct quern__variants {
  /* Lists the variants that the device can run; the first is what every context uses. The caller
   * frees *list. */
  quern_status (*list)(const quern_device_info *info, void *handle, quern_verify_effort effort,
                       quern__variant **list, size_t *count);
  /* Like the table's `open`, with the variant's parameters. */
  quern_status (*open)(const quern_device_info *info, void *handle, const quern__variant *variant,
                       void **state);
  /* From now on, divides work as if the device had this many compute units. */
  void (*pretend_units)(void *state, size_t units);
  /* From now on, new plans run their steps in this form, or op by op if a network does not allow
   * it. False if the context lacks the form. */
  bool (*force_steps)(void *state, quern__steps_form form);
  /* Returns the number of iterations after which the device ends a work-item's loops (a driver
   * bug); 0 if there is no known limit. */
  size_t (*loop_rounds)(const void *state);
  /* Reports the device's properties and the driver bugs that quern works around. */
  quern_status (*facts)(const void *state, quern__fact_sink report, void *user);
} quern__variants;

extern const quern__variants quern__opencl_variants;

#endif
