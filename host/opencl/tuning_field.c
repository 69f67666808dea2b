/* The fields of a row, and the limits that kernels and devices set. */
#include "tuning_field.h"

#include "../base/text.h"
#include <string.h>

/* A work-item's panel is on the stack of a CPU thread. */
enum { MOST_PANEL_BYTES = 256 << 10 };

const quern__tuning_part_info quern__tuning_part_infos[QUERN__PART_COUNT] = {
#define PART_INFO(part, name, form, size) [QUERN__PART_##part] = {name, form, size},
    QUERN__TUNING_PARTS(PART_INFO)
#undef PART_INFO
};

static const unsigned widths[] = {4, 8, 16};
static const unsigned tile_rows[] = {1, 2, 4, 6, 8, 10, 12, 14};
static const unsigned divisors[] = {1, 2, 4, 8, 16};
static const unsigned tile_vectors[] = {1, 2, 3, 4, 6};
static const unsigned panels[] = {32, 64, 128, 256, 512, 1024};
static const unsigned group_sides[] = {16, 32, 64, 128};
static const unsigned group_depths[] = {8, 16, 32, 64, 128};
static const unsigned item_sides[] = {4, 8, 16};
static const unsigned group_slices[] = {1, 2, 4, 8, 16};
static const unsigned group_buffers[] = {1, 2};
static const unsigned group_paddings[] = {0, 1, 2};

#define VALUES(list) .values = (list), .value_count = sizeof(list) / sizeof *(list)
#define ITEM_FIELD(product, field, first, last, list)                                              \
  {.name = #product "." #field,                                                                    \
   .offset = offsetof(quern__cl_tuning, product.field),                                            \
   .item = true,                                                                                   \
   .part = QUERN__PART_##product,                                                                  \
   .least = (first),                                                                               \
   .most = (last),                                                                                 \
   VALUES(list)},
#define GROUP_FIELD(size, field, last, list)                                                       \
  {.name = #size "." #field,                                                                       \
   .offset = offsetof(quern__cl_tuning, groups) +                                                  \
             QUERN__GROUP_##size * sizeof(quern__cl_group_tile) +                                  \
             offsetof(quern__cl_group_tile, field),                                                \
   .group = true,                                                                                  \
   .part = QUERN__PART_##size,                                                                     \
   .most = (last),                                                                                 \
   VALUES(list)},
#define GROUP_FIELDS(size)                                                                         \
  GROUP_FIELD(size, rows, 1024, group_sides)                                                       \
  GROUP_FIELD(size, columns, 1024, group_sides)                                                    \
  GROUP_FIELD(size, depth, 1024, group_depths)                                                     \
  GROUP_FIELD(size, item_rows, 64, item_sides)                                                     \
  GROUP_FIELD(size, item_columns, 64, item_sides)                                                  \
  GROUP_FIELD(size, slices, 64, group_slices)                                                      \
  GROUP_FIELD(size, buffers, 2, group_buffers)                                                     \
  GROUP_FIELD(size, padding, 16, group_paddings)

const quern__tuning_field quern__tuning_fields[] = {
    {.name = "vector_width",
     .offset = offsetof(quern__cl_tuning, vector_width),
     .item = true,
     .group = true,
     .part = QUERN__PART_vector_width,
     .least = 1,
     .most = 16,
     VALUES(widths)},
    /* Each has its own comma. */
    /* clang-format off */
    ITEM_FIELD(forward, rows, 1, 32, tile_rows)
    ITEM_FIELD(forward, vectors, 1, 16, tile_vectors)
    ITEM_FIELD(forward, panel, 1, 4096, panels)
    ITEM_FIELD(backward_data, rows, 1, 32, tile_rows)
    ITEM_FIELD(backward_data, vectors, 1, 16, tile_vectors)
    ITEM_FIELD(backward_data, panel, 1, 4096, panels)
    ITEM_FIELD(backward_weights, rows, 1, 16, divisors)
    ITEM_FIELD(backward_weights, vectors, 1, 16, tile_vectors)
    ITEM_FIELD(backward_weights, panel, 1, 4096, panels)
    QUERN__GROUP_SIZES(GROUP_FIELDS)
    /* clang-format on */
};
const size_t quern__tuning_field_count = sizeof quern__tuning_fields / sizeof *quern__tuning_fields;

unsigned *quern__tuning_value(quern__cl_tuning *tuning, const quern__tuning_field *field) {
  return (unsigned *)(void *)((char *)tuning + field->offset);
}

unsigned quern__tuning_get(const quern__cl_tuning *tuning, const quern__tuning_field *field) {
  return *(const unsigned *)(const void *)((const char *)tuning + field->offset);
}

bool quern__tuning_has(const quern__cl_tuning *tuning, const quern__tuning_field *field) {
  return tuning->dense == QUERN__DENSE_GROUP ? field->group : field->item;
}

bool quern__tuning_searches(const quern__cl_tuning *tuning, quern__tuning_part part,
                            const quern__tuning_field *field) {
  return field->part == part && quern__tuning_has(tuning, field);
}

bool quern__tuning_has_part(const quern__cl_tuning *tuning, quern__tuning_part part) {
  const quern__group_size size = quern__tuning_part_infos[part].size;
  if (tuning->dense != QUERN__DENSE_GROUP) return size == QUERN__GROUP_SIZE_COUNT;
  return size != QUERN__GROUP_SIZE_COUNT && tuning->groups[size].rows > 0;
}

bool quern__tuning_same(const quern__cl_tuning *a, const quern__cl_tuning *b,
                        quern__tuning_part part) {
  for (size_t i = 0; i < quern__tuning_field_count; i++) {
    const quern__tuning_field *field = &quern__tuning_fields[i];
    if ((field->part == part || part == QUERN__PART_COUNT) &&
        quern__tuning_get(a, field) != quern__tuning_get(b, field))
      return false;
  }
  return true;
}

char *quern__tuning_describe(const quern__cl_tuning *tuning, quern__tuning_part part) {
  quern__text text = {0};
  char *described;
  const char *between = "";
  for (size_t i = 0; i < quern__tuning_field_count; i++) {
    const quern__tuning_field *field = &quern__tuning_fields[i];
    if (!quern__tuning_searches(tuning, part, field)) continue;
    const char *dot = strchr(field->name, '.');
    const char *name = dot != NULL ? dot + 1 : "floats";
    quern__text_print(&text, "%s%s %u", between, name, quern__tuning_get(tuning, field));
    between = ", ";
  }
  return quern__text_close(&text, &described) == QUERN_OK ? described : NULL;
}

/* --- Checks
 * ----------------------------------------------------------------------------- */

static quern_status refuse(const char *field, unsigned value, const char *expected) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s is %u, expected %s", field, value, expected);
}

static bool power_of_two(unsigned value) {
  return value > 0 && (value & (value - 1)) == 0;
}

static quern_status check_panel(const char *field, quern__cl_tile tile, unsigned width) {
  if ((size_t)tile.panel * tile.vectors * width * sizeof(float) <= MOST_PANEL_BYTES)
    return QUERN_OK;
  return refuse(field, tile.panel, "a panel of at most 256 KiB");
}

static quern_status check_item(const quern__cl_tuning *t) {
  if (QUERN__CL_LINE % t->backward_weights.rows != 0)
    return refuse("backward_weights.rows", t->backward_weights.rows, "a divisor of 16");
  QUERN__FORWARD(check_panel("forward.panel", t->forward, t->vector_width));
  QUERN__FORWARD(check_panel("backward_data.panel", t->backward_data, t->vector_width));
  return check_panel("backward_weights.panel", t->backward_weights, t->vector_width);
}

/* The requirements of kernels/dense/dense_group_tile.cl. `name` is the tile's in messages. */
static quern_status check_group(const char *name, const quern__cl_group_tile *t, unsigned width,
                                quern__cl_limits limits) {
  const char *wrong = NULL;
  if (t->item_rows == 0 || t->item_columns == 0 || t->item_rows % width != 0 ||
      t->item_columns % width != 0)
    wrong = "item_rows and item_columns that are multiples of vector_width";
  else if (t->rows % t->item_rows != 0 || t->columns == 0 || t->columns % t->item_columns != 0)
    wrong = "rows and columns that are multiples of item_rows and item_columns";
  else if (!power_of_two(t->slices) || t->depth == 0 || t->depth % width != 0 ||
           t->depth % t->slices != 0)
    wrong = "a depth that is a multiple of vector_width and of slices, a power of two";
  else if (t->buffers == 0)
    wrong = "1 or 2 buffers";
  if (wrong != NULL)
    return quern__fail(QUERN_ERROR_FORMAT, "the %s tile: expected %s", name, wrong);
  const size_t items = quern__cl_group_items(t);
  if ((size_t)t->rows / width * t->depth % items != 0 ||
      (size_t)t->columns / width * t->depth % items != 0 || items % (t->columns / width) != 0)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "the %s tile: expected a block that its %zu work-items can share evenly",
                       name, items);
  if (items > limits.work_group)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "the %s tile: has %zu work-items, but the device runs %zu", name, items,
                       limits.work_group);
  const uint64_t bytes = (uint64_t)quern__cl_group_local_vectors(t, width) * width * sizeof(float);
  if (bytes > limits.local_memory)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "the %s tile: takes %llu bytes of local memory, but the device has %llu",
                       name, (unsigned long long)bytes, (unsigned long long)limits.local_memory);
  return QUERN_OK;
}

/* Tiles are ordered from large to small, and there is at least one. */
static quern_status check_groups(const quern__cl_tuning *tuning, quern__cl_limits limits) {
#define SIZE_NAME(size) #size,
  static const char *const names[] = {QUERN__GROUP_SIZES(SIZE_NAME)};
#undef SIZE_NAME
  size_t area = SIZE_MAX;
  for (int size = 0; size < QUERN__GROUP_SIZE_COUNT; size++) {
    const quern__cl_group_tile *tile = &tuning->groups[size];
    if (tile->rows == 0) continue;
    QUERN__FORWARD(check_group(names[size], tile, tuning->vector_width, limits));
    if ((size_t)tile->rows * tile->columns >= area)
      return quern__fail(QUERN_ERROR_FORMAT,
                         "the %s tile: expected one smaller than the one before", names[size]);
    area = (size_t)tile->rows * tile->columns;
  }
  if (area == SIZE_MAX) return quern__fail(QUERN_ERROR_FORMAT, "there is no tile, expected one");
  return QUERN_OK;
}

quern_status quern__tuning_check(const quern__cl_tuning *tuning, quern__cl_limits limits) {
  for (size_t i = 0; i < quern__tuning_field_count; i++) {
    const quern__tuning_field *field = &quern__tuning_fields[i];
    if (!quern__tuning_has(tuning, field)) continue;
    const unsigned value = quern__tuning_get(tuning, field);
    if (value < field->least || value > field->most)
      return quern__fail(QUERN_ERROR_FORMAT, "%s is %u, expected %u to %u", field->name, value,
                         field->least, field->most);
  }
  if (!power_of_two(tuning->vector_width))
    return refuse("vector_width", tuning->vector_width, "a power of two");
  if (limits.vector_width > 0 && tuning->vector_width > limits.vector_width)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "vector_width is %u, expected at most %u, which the device has",
                       tuning->vector_width, limits.vector_width);
  return tuning->dense == QUERN__DENSE_GROUP ? check_groups(tuning, limits) : check_item(tuning);
}
