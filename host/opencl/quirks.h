/* Quirks: known bugs of devices and drivers, and what quern does instead. A table: `quern verify`
 * shows which op fails on a device, and checks the remedy. */
#ifndef QUERN_HOST_OPENCL_QUIRKS_H
#define QUERN_HOST_OPENCL_QUIRKS_H

#include "tuning.h"

struct quern__cl;

typedef enum quern__quirk_remedy {
  /* the last row of tuning.c, which any device can run; only its tiles if the op is a product */
  QUERN__QUIRK_SAFE_ROW,
  /* products by work-groups, with the row for any GPU; the safe row if the device is too small */
  QUERN__QUIRK_GROUP_ROW,
  QUERN__QUIRK_OP_BY_OP,      /* training steps op by op, not fused */
  QUERN__QUIRK_TWO_ROUNDINGS, /* mad() for fma() in the products */
  /* none: a work-item's loops end after `value` iterations, which is reported */
  QUERN__QUIRK_MAX_LOOP_ITERATIONS
} quern__quirk_remedy;

/* All rows that match a device apply to it, in order. */
typedef struct quern__cl_quirk {
  const char *platform, *device; /* parts of the names, in any case; "" matches any */
  const char *first, *last;      /* driver versions, inclusive; "": no bound */
  const char *op;                /* that fails, as in quern_verify_op_name; "": all */
  quern__quirk_remedy remedy;
  size_t value;
  const char *what; /* the bug, in a line */
} quern__cl_quirk;

/* The known quirks. */
extern const quern__cl_quirk quern__cl_quirks[];
extern const size_t quern__cl_quirk_count;

/* True if the row matches the device. */
bool quern__cl_quirk_fits(const quern__cl_quirk *quirk, const quern_device_info *info);

/* Applies the rows that match to a context in which nothing was built yet. The context keeps
 * pointers to them. Fails only if memory runs out. */
quern_status quern__cl_quirks_apply(struct quern__cl *cl, const quern_device_info *info,
                                    const quern__cl_quirk *quirks, size_t count);

/* The remedy as the end of a sentence: "; the safe row is used". Static. */
const char *quern__quirk_remedy_text(quern__quirk_remedy remedy);

/* Compares the numbers in a and b in turn and returns -1, 0 or 1. A missing number is less than 0.
 * "535.54.03" > "535.9". */
int quern__cl_compare_versions(const char *a, const char *b);

#endif
