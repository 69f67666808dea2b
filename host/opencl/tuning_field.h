/* The parameters of a row that are searched and kept in files, as data: one more is one more row of
 * a table. */
#ifndef QUERN_HOST_OPENCL_TUNING_FIELD_H
#define QUERN_HOST_OPENCL_TUNING_FIELD_H

#include "../base/error.h"
#include "tuning.h"

/* X(part, name, form, size): what is searched together. The form is the one product that the fields
 * matter to, or `all`; the size that of the tile of work-groups, or `COUNT`. Parts of the CPU
 * family come first. */
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

/* The products, and all three. */
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

/* Whether the part is searched for a row like this one. */
bool quern__tuning_has_part(const quern__cl_tuning *tuning, quern__tuning_part part);

typedef struct quern__tuning_field {
  const char *name; /* in files: "forward.rows" */
  size_t offset;    /* of an unsigned in quern__cl_tuning */
  bool item, group; /* the families of matrix products that have it */
  quern__tuning_part part;
  unsigned least, most;
  const unsigned *values; /* worth trying, ascending */
  size_t value_count;
} quern__tuning_field;

extern const quern__tuning_field quern__tuning_fields[];
extern const size_t quern__tuning_field_count;

unsigned *quern__tuning_value(quern__cl_tuning *tuning, const quern__tuning_field *field);
unsigned quern__tuning_get(const quern__cl_tuning *tuning, const quern__tuning_field *field);

/* Whether rows of this one's family have the field; and whether the part does. */
bool quern__tuning_has(const quern__cl_tuning *tuning, const quern__tuning_field *field);
bool quern__tuning_searches(const quern__cl_tuning *tuning, quern__tuning_part part,
                            const quern__tuning_field *field);

/* Whether the two rows have the same parameters in this part, or in all (QUERN__PART_COUNT). */
bool quern__tuning_same(const quern__cl_tuning *a, const quern__cl_tuning *b,
                        quern__tuning_part part);

/* The part's parameters in words: "rows 8, vectors 2, panel 256". The caller frees; NULL where
 * memory is out. */
QUERN__CHECKED char *quern__tuning_describe(const quern__cl_tuning *tuning,
                                            quern__tuning_part part);

/* Whether the kernels can be built with the row and the device can run them; else
 * QUERN_ERROR_FORMAT, naming the field. */
quern_status quern__tuning_check(const quern__cl_tuning *tuning, quern__cl_limits limits);

#endif
