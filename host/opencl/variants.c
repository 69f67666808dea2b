/* The variants in which a device could compute the ops: the rows of tuning.c that it can run, and
 * each tile of work-groups. */
#include "../device/variants.h"

#include "quirks.h"
#include "state.h"
#include "tuning_field.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* variant.row of the context as opened. */
static const size_t AS_OPENED = SIZE_MAX;

/* --- Names and descriptions
 * ------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void add(quern__variant *variant, const char *format,
                                                      ...) {
  const size_t used = strlen(variant->parameters);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(variant->parameters + used, sizeof variant->parameters - used, format, arguments);
  va_end(arguments);
}

static void describe(quern__variant *variant, const quern__cl_tuning *row) {
  add(variant, "vectors of %u, groups of %u", row->vector_width, row->group);
  if (row->dense == QUERN__DENSE_ITEM) {
    const quern__cl_tile *tiles[] = {&row->forward, &row->backward_data, &row->backward_weights};
    add(variant, "; tiles in registers");
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++)
      add(variant, " %ux%u", tiles[i]->rows, tiles[i]->vectors * row->vector_width);
    return;
  }
  add(variant, "; tiles of work-groups");
  for (int size = 0; size < QUERN__GROUP_SIZE_COUNT; size++)
    if (row->groups[size].rows > 0)
      add(variant, " %ux%ux%u", row->groups[size].rows, row->groups[size].columns,
          row->groups[size].depth);
}

static void name_row(quern__variant *variant, const quern__cl_tuning *row) {
  if (row->any_kind)
    snprintf(variant->name, sizeof variant->name, "any device");
  else if (row->kind == QUERN_DEVICE_CPU)
    snprintf(variant->name, sizeof variant->name, "any CPU with %svectors of %u",
             row->fused ? "fused " : "", row->vector_width);
  else
    snprintf(variant->name, sizeof variant->name, "%s GPU",
             *row->pattern != '\0' ? row->pattern : "any");
}

/* --- The list
 * ------------------------------------------------------------------------------------------- */

typedef struct lister {
  const quern_device_info *info;
  quern__cl_limits limits;
  quern_verify_effort effort;
  quern__cl_tuning opened;
  quern__variant *list;
  size_t count, room;
} lister;

/* True if the row is tried on the device. CPUs try the rows of all GPUs; emulators try the row for
 * any GPU only, since their compilers take minutes for large tiles. For the same reason only CPUs
 * try the tiles of CPUs. */
static bool is_tried(const lister *l, const quern__cl_tuning *row) {
  if (quern__tuning_check(row, l->limits) != QUERN_OK) return false;
  if (row->any_kind) return true;
  const bool own = strstr(l->info->platform, row->pattern) != NULL;
  if (row->kind == l->info->kind) return own;
  if (row->kind != QUERN_DEVICE_GPU) return false;
  return l->info->kind == QUERN_DEVICE_CPU || own;
}

/* True if an earlier row, or the context, has the same vectors and work-groups in ops that are not
 * products. */
static bool is_known(const lister *l, const quern__cl_tuning *rows, size_t index) {
  const quern__cl_tuning *row = &rows[index];
  if (row->vector_width == l->opened.vector_width && row->group == l->opened.group) return true;
  for (size_t i = 0; i < index; i++)
    if (is_tried(l, &rows[i]) && row->vector_width == rows[i].vector_width &&
        row->group == rows[i].group)
      return true;
  return false;
}

/* Appends a variant; the list has room. */
static quern__variant *add_variant(lister *l, const quern__cl_tuning *tuning, size_t row,
                                   size_t tile) {
  quern__variant *variant = &l->list[l->count++];
  *variant = (quern__variant){.scope = QUERN__SWEEP_OTHER, .row = row, .tile = tile};
  if (row == AS_OPENED)
    snprintf(variant->name, sizeof variant->name, "as opened");
  else
    name_row(variant, tuning);
  if (tile == QUERN__GROUP_SIZE_COUNT) describe(variant, tuning);
  return variant;
}

/* Adds one tile of work-groups, for all products. */
static void add_tile(lister *l, const quern__cl_tuning *rows, size_t row, quern__group_size size) {
#define SIZE_NAME(size) #size,
  static const char *const names[] = {QUERN__GROUP_SIZES(SIZE_NAME)};
#undef SIZE_NAME
  const quern__cl_group_tile *tile = &rows[row].groups[size];
  if (tile->rows == 0) return;
  quern__variant *variant = add_variant(l, &rows[row], row, size);
  const size_t used = strlen(variant->name);
  snprintf(variant->name + used, sizeof variant->name - used, ", %s tile", names[size]);
  add(variant, "%ux%ux%u by work-items of %ux%u, %u slices, %u buffers, padding %u", tile->rows,
      tile->columns, tile->depth, tile->item_rows, tile->item_columns, tile->slices, tile->buffers,
      tile->padding);
  variant->scope = QUERN__SWEEP_PRODUCT;
}

static void add_row(lister *l, const quern__cl_tuning *rows, size_t row) {
  const quern__cl_tuning *tuning = &rows[row];
  const bool opened = tuning->dense == l->opened.dense &&
                      tuning->vector_width == l->opened.vector_width &&
                      quern__tuning_same(tuning, &l->opened, QUERN__PART_COUNT);
  if (!opened) {
    quern__variant *variant = add_variant(l, tuning, row, QUERN__GROUP_SIZE_COUNT);
    if (is_known(l, rows, row)) variant->scope = QUERN__SWEEP_NETWORK;
    if (l->effort == QUERN_VERIFY_QUICK) variant->scope = QUERN__SWEEP_PRODUCT;
  }
  if (l->effort != QUERN_VERIFY_FULL || tuning->dense != QUERN__DENSE_GROUP) return;
  for (quern__group_size size = 0; size < QUERN__GROUP_SIZE_COUNT; size++)
    add_tile(l, rows, row, size);
}

/* True for the row that represents the other family of products: the one for most devices. */
static bool stands_for_other(const lister *l, const quern__cl_tuning *row) {
  return row->dense != l->opened.dense && (row->any_kind || *row->pattern == '\0') &&
         is_tried(l, row);
}

static quern_status list_variants(const quern_device_info *info, void *handle,
                                  quern_verify_effort effort, quern__variant **result,
                                  size_t *count) {
  size_t rows;
  const quern__cl_tuning *table = quern__cl_tuning_rows(&rows);
  lister l = {.info = info, .effort = effort, .room = 1 + rows * (1 + QUERN__GROUP_SIZE_COUNT)};
  void *state;
  QUERN__FORWARD(quern__cl_open(info, handle, &state));
  l.opened = ((quern__cl *)state)->tuning;
  l.limits = ((quern__cl *)state)->limits;
  quern__cl_close(state);
  l.list = calloc(l.room, sizeof *l.list);
  char *message = quern__remember_error();
  if (l.list == NULL || message == NULL) {
    free(l.list);
    free(message);
    return quern__fail_memory("verify", l.room * sizeof *l.list);
  }
  add_variant(&l, &l.opened, AS_OPENED, QUERN__GROUP_SIZE_COUNT);
  bool other = false;
  for (size_t i = 0; i < rows; i++) {
    if (effort == QUERN_VERIFY_FULL ? is_tried(&l, &table[i])
                                    : !other && stands_for_other(&l, &table[i])) {
      add_row(&l, table, i);
      other = true;
    }
  }
  quern__restore_error(message); /* a row that the device cannot run is not a failure */
  *result = l.list;
  *count = l.count;
  return QUERN_OK;
}

/* --- Contexts
 * ----------------------------------------------------------------------------------- */

static quern_status open_variant(const quern_device_info *info, void *handle,
                                 const quern__variant *variant, void **state) {
  if (variant->row == AS_OPENED) return quern__cl_open(info, handle, state);
  quern__cl *cl;
  size_t rows;
  QUERN__FORWARD(quern__cl_open_untuned(info, handle, &cl));
  cl->tuning = quern__cl_tuning_rows(&rows)[variant->row];
  for (size_t size = 0; variant->tile != QUERN__GROUP_SIZE_COUNT && size < QUERN__GROUP_SIZE_COUNT;
       size++)
    if (size != variant->tile) cl->tuning.groups[size] = (quern__cl_group_tile){0};
  quern__cl_tuning_fit(&cl->tuning, cl->limits);
  *state = cl;
  return QUERN_OK;
}

static void pretend_units(void *state, size_t units) {
  ((quern__cl *)state)->compute_units = units;
}

static bool force_steps(void *state, quern__steps_form form) {
  quern__cl *cl = state;
  if (cl->tuning.dense == QUERN__DENSE_GROUP) return form == QUERN__STEPS_OP_BY_OP;
  cl->steps_forced = true;
  cl->steps_form = form;
  if (cl->compute_units < 2) cl->compute_units = 2;
  return true;
}

static size_t loop_rounds(const void *state) {
  return ((const quern__cl *)state)->loop_rounds;
}

/* --- Facts
 * --------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static void
report_fact(quern__fact_sink sink, void *user, const char *name, const char *format, ...) {
  char value[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(value, sizeof value, format, arguments);
  va_end(arguments);
  sink(name, value, user);
}

static void report_quirks(const quern__cl *cl, quern__fact_sink sink, void *user) {
  for (size_t i = 0; i < cl->quirk_count; i++) {
    const quern__cl_quirk *quirk = cl->quirks[i];
    report_fact(sink, user, "quirk", "%s%s%s%s", quirk->op, *quirk->op != '\0' ? ": " : "",
                quirk->what, quern__quirk_remedy_text(quirk->remedy));
  }
}

static quern_status facts(const void *state, quern__fact_sink sink, void *user) {
  const quern__cl *cl = state;
  cl_device_fp_config floats = 0;
  cl_device_local_mem_type local = 0;
  cl_uint bits = 0;
  const char *const what = "facts";
  QUERN__FORWARD(quern__cl_GetDeviceInfo(what, cl->device, CL_DEVICE_SINGLE_FP_CONFIG,
                                         sizeof floats, &floats));
  QUERN__FORWARD(
      quern__cl_GetDeviceInfo(what, cl->device, CL_DEVICE_LOCAL_MEM_TYPE, sizeof local, &local));
  QUERN__FORWARD(
      quern__cl_GetDeviceInfo(what, cl->device, CL_DEVICE_ADDRESS_BITS, sizeof bits, &bits));
  report_fact(sink, user, "work-group", "up to %zu work-items", cl->limits.work_group);
  report_fact(sink, user, "local memory", "%llu bytes, %s",
              (unsigned long long)cl->limits.local_memory,
              local == CL_LOCAL ? "of its own" : "taken from global memory");
  report_fact(sink, user, "largest buffer", "%llu bytes", (unsigned long long)cl->max_allocation);
  report_fact(sink, user, "addresses", "%u bits", (unsigned)bits);
  report_fact(sink, user, "multiply-add", "%s",
              (floats & CL_FP_FMA) == 0 ? "no instruction for fma()"
              : cl->fused               ? "one instruction, fma()"
                                        : "fma() is available but unused");
  report_fact(sink, user, "denormals, as reported", "%s",
              (floats & CL_FP_DENORM) != 0 ? "kept" : "flushed to zero");
  report_fact(sink, user, "infinity and NaN, as reported", "%s",
              (floats & CL_FP_INF_NAN) != 0 ? "kept" : "unavailable");
  report_quirks(cl, sink, user);
  return QUERN_OK;
}

const quern__variants quern__opencl_variants = {list_variants, open_variant, pretend_units,
                                                force_steps,   loop_rounds,  facts};
