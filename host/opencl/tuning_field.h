/* The parameters of a row that the tuner searches and stores in files, as a table. */
#ifndef QUERN_HOST_OPENCL_TUNING_FIELD_H
#define QUERN_HOST_OPENCL_TUNING_FIELD_H

#include "../base/error.h"
#include "tuning.h"

/* X(part, name, form, size): a group of fields that is searched together. `form` is the product
 * that uses them, or `all`; `size` the tile of work-groups, or `COUNT`. Parts of the CPU family
 * come first. */
#define QUERN__TUNING_PARTS(X)                                                                     \
  X(vector_width, "vector width", QUERN__FORM_ALL, QUERN__GROUP_SIZE_COUNT)                        \
  X(forward, "forward", QUERN__FORM_FORWARD, QUERN__GROUP_SIZE_COUNT)                              \
  X(backward_data, "backward data", QUERN__FORM_BACKWARD_DATA, QUERN__GROUP_SIZE_COUNT)            \
  X(backward_weights, "backward weights", QUERN__FORM_BACKWARD_WEIGHTS, QUERN__GROUP_SIZE_COUNT)   \
  X(large, "large tile", QUERN__FORM_ALL, QUERN__GROUP_large)                                      \
  X(medium, "medium tile", QUERN__FORM_ALL, QUERN__GROUP_medium)                                   \
  X(small, "small tile", QUERN__FORM_ALL, QUERN__GROUP_small)                                      \
  X(tiny, "tiny tile", QUERN__FORM_ALL, QUERN__GROUP_tiny)

typedef enum quern__tuning_part {
#define QUERN__TUNING_PART_VALUE(part, name, form, size) QUERN__PART_##part,
  QUERN__TUNING_PARTS(QUERN__TUNING_PART_VALUE)
#undef QUERN__TUNING_PART_VALUE
      QUERN__PART_COUNT
} quern__tuning_part;

/* The products, or all three. */
typedef enum quern__form {
  QUERN__FORM_FORWARD,
  QUERN__FORM_BACKWARD_DATA,
  QUERN__FORM_BACKWARD_WEIGHTS,
  QUERN__FORM_ALL
} quern__form;

typedef struct quern__tuning_part_info {
  const char *name;
  quern__form form;
  quern__group_size size;
} quern__tuning_part_info;

extern const quern__tuning_part_info quern__tuning_part_infos[QUERN__PART_COUNT];

/* True if the part is searched for a row like this one. */
bool quern__tuning_has_part(const quern__cl_tuning *tuning, quern__tuning_part part);

typedef struct quern__tuning_field {
  const char *name; /* in files: "forward.rows" */
  size_t offset;    /* of an unsigned in quern__cl_tuning */
  bool item, group; /* the families of matrix products that use it */
  quern__tuning_part part;
  unsigned least, most;
  const unsigned *values; /* to try, ascending */
  size_t value_count;
} quern__tuning_field;

extern const quern__tuning_field quern__tuning_fields[];
extern const size_t quern__tuning_field_count;

unsigned *quern__tuning_value(quern__cl_tuning *tuning, const quern__tuning_field *field);
unsigned quern__tuning_get(const quern__cl_tuning *tuning, const quern__tuning_field *field);

/* True if rows of this family have the field; true if it also is in the part. */
bool quern__tuning_has(const quern__cl_tuning *tuning, const quern__tuning_field *field);
bool quern__tuning_searches(const quern__cl_tuning *tuning, quern__tuning_part part,
                            const quern__tuning_field *field);

/* True if the rows have equal parameters in this part, or in all (QUERN__PART_COUNT). */
bool quern__tuning_same(const quern__cl_tuning *a, const quern__cl_tuning *b,
                        quern__tuning_part part);

/* The part's parameters as text: "rows 8, vectors 2, panel 256". The caller frees it; NULL if
 * memory runs out. */
QUERN__CHECKED char *quern__tuning_describe(const quern__cl_tuning *tuning,
                                            quern__tuning_part part);

/* QUERN_OK if the kernels can be built with the row and the device can run them, else
 * QUERN_ERROR_FORMAT naming the field. */
quern_status quern__tuning_check(const quern__cl_tuning *tuning, quern__cl_limits limits);

#endif
