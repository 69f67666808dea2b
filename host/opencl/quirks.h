/* Quirks: what is known to be wrong with which device under which driver, and what quern does there
 * instead. Data, not code: `quern verify` on the device shows which op fails, and checks what takes
 * its place. */
#ifndef QUERN_HOST_OPENCL_QUIRKS_H
#define QUERN_HOST_OPENCL_QUIRKS_H

#include "tuning.h"

struct quern__cl;

typedef enum quern__quirk_remedy {
  /* the last row of tuning.c, which is for every device; only the tiles, where the op is a
   * product */
  QUERN__QUIRK_SAFE_ROW,
  /* products by work-groups, by the row of any GPU; the safe row where the device is too small */
  QUERN__QUIRK_GROUP_ROW,
  QUERN__QUIRK_OP_BY_OP,      /* training steps op by op, none whole */
  QUERN__QUIRK_TWO_ROUNDINGS, /* mad() for fma() in the products */
  /* nothing helps: a work-item's loops end after `value` rounds, which is told */
  QUERN__QUIRK_MAX_LOOP_ITERATIONS
} quern__quirk_remedy;

/* A device has every row that fits it, in order. */
typedef struct quern__cl_quirk {
  const char *platform, *device; /* parts of the names, upper and lower case alike; "" for any */
  const char *first, *last;      /* versions of the driver, both included; "" for no bound */
  const char *op;                /* which fails, as quern_verify_op_name has it; "" for all */
  quern__quirk_remedy remedy;
  size_t value;
  const char *what; /* is wrong, in a line */
} quern__cl_quirk;

/* The known ones. */
extern const quern__cl_quirk quern__cl_quirks[];
extern const size_t quern__cl_quirk_count;

/* Whether the row is for the device. */
bool quern__cl_quirk_fits(const quern__cl_quirk *quirk, const quern_device_info *info);

/* Gives the context, in which nothing was built yet, what the rows that fit say; it keeps pointers
 * to them. Fails only without memory. */
quern_status quern__cl_quirks_apply(struct quern__cl *cl, const quern_device_info *info,
                                    const quern__cl_quirk *quirks, size_t count);

/* What is done, as the end of a sentence: "; the safe row is used". Static. */
const char *quern__quirk_remedy_text(quern__quirk_remedy remedy);

/* -1, 0 or 1: the numbers in a and b, one after the other; a number that is missing is less than 0.
 * "535.54.03" > "535.9". */
int quern__cl_compare_versions(const char *a, const char *b);

#endif
