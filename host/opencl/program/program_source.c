/* Concatenates a program's text: kernels/core/common.cl, then each of its families, preceded by its
 * tile sizes as macros. */
#include "program_source.h"

#include "../../base/text.h"
#include "kernels_embedded.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *file;
  const unsigned char *text;
  const size_t *size;
} families[] = {
#define FAMILY_ROW(family, file) {#file, quern__kernels_##file, &quern__kernels_##file##_size},
    QUERN__FAMILIES(FAMILY_ROW)
#undef FAMILY_ROW
};

/* Sets of families, a bit each. */
#define FAMILY(family) (UINT64_C(1) << QUERN__FAMILY_##family)
#define DENSE_ITEM                                                                                 \
  (FAMILY(dense_tile) | FAMILY(dense_forward) | FAMILY(dense_backward_data) |                      \
   FAMILY(dense_backward_weights))
#define STEPS                                                                                      \
  (FAMILY(optimizer_rules) | FAMILY(philox) | FAMILY(interleave) | DENSE_ITEM | FAMILY(dropout) |  \
   FAMILY(loss_row) | FAMILY(gather) | FAMILY(fused_steps))

/* Each program's families: `kernels`, which it has whole; `functions`, which these need and whose
 * kernels another program has; `local`, like `functions`, but their kernels remain, since only
 * kernels may have local memory. */
static const struct {
  const char *name;
  uint64_t kernels, functions, local;
} programs[] = {
    [QUERN__PROGRAM_EVALUATION] = {"the evaluation kernels",
                                   FAMILY(dense_forward) | FAMILY(activation) | FAMILY(softmax) |
                                       FAMILY(loss) | FAMILY(gather) | FAMILY(measure) |
                                       FAMILY(initial),
                                   FAMILY(philox) | FAMILY(interleave) | FAMILY(dense_tile) |
                                       FAMILY(loss_row),
                                   0},
    [QUERN__PROGRAM_BACKWARD] = {"the backward kernels",
                                 FAMILY(dense_backward_data) | FAMILY(dense_backward_weights) |
                                     FAMILY(dropout) | FAMILY(optimizer),
                                 FAMILY(optimizer_rules) | FAMILY(philox) | FAMILY(interleave) |
                                     FAMILY(dense_tile),
                                 0},
    [QUERN__PROGRAM_NORMALIZATION] = {"the normalization kernels", FAMILY(normalization), 0, 0},
    [QUERN__PROGRAM_FUSED_STEPS] = {"the kernels of fused steps", FAMILY(fused_steps_kernels),
                                    STEPS, FAMILY(normalization)},
    [QUERN__PROGRAM_FUSED_STEPS_COLUMNS] = {"the kernels of fused steps by columns",
                                            FAMILY(fused_steps_columns),
                                            STEPS | FAMILY(fused_steps_kernels),
                                            FAMILY(normalization)},
#define GROUP_ROW(family)                                                                          \
  { #family, FAMILY(family), FAMILY(optimizer_rules), 0 }
    [QUERN__PROGRAM_DENSE_GROUP_LARGE] = GROUP_ROW(dense_group_large),
    [QUERN__PROGRAM_DENSE_GROUP_MEDIUM] = GROUP_ROW(dense_group_medium),
    [QUERN__PROGRAM_DENSE_GROUP_SMALL] = GROUP_ROW(dense_group_small),
    [QUERN__PROGRAM_DENSE_GROUP_TINY] = GROUP_ROW(dense_group_tiny),
#undef GROUP_ROW
};

static bool has(uint64_t set, quern__family family) {
  return (set >> family & 1) != 0;
}

quern__program quern__cl_program_of(quern__family family) {
  quern__program program = QUERN__PROGRAM_COUNT - 1;
  while (program > 0 && !has(programs[program].kernels, family)) program--;
  return program;
}

const char *quern__cl_program_name(quern__program program) {
  return programs[program].name;
}

static void define(quern__text *text, const char *name, size_t value) {
  quern__text_print(text, "#define %s %zu\n", name, value);
}

static void define_item_tiles(quern__text *text, const quern__cl_tuning *tuning) {
#define DEFINE_ITEM_TILE(product, tile)                                                            \
  define(text, product "_ROWS", (tile).rows);                                                      \
  define(text, product "_VECTORS", (tile).vectors);                                                \
  define(text, product "_PANEL", (tile).panel);
  DEFINE_ITEM_TILE("FORWARD", tuning->forward)
  DEFINE_ITEM_TILE("DATA", tuning->backward_data)
  DEFINE_ITEM_TILE("WEIGHTS", tuning->backward_weights)
#undef DEFINE_ITEM_TILE
  define(text, "WEIGHTS_INPUTS", QUERN__CL_LINE);
}

static void define_group_tile(quern__text *text, const quern__cl_tuning *tuning,
                              quern__group_size size, const char *name) {
  const quern__cl_group_tile *tile = &tuning->groups[size];
  quern__text_print(text, "#define SIZE %s\n", name);
  define(text, "GROUP_ROWS", tile->rows);
  define(text, "GROUP_COLUMNS", tile->columns);
  define(text, "GROUP_DEPTH", tile->depth);
  define(text, "ITEM_ROWS", tile->item_rows);
  define(text, "ITEM_COLUMNS", tile->item_columns);
  define(text, "SLICES", tile->slices);
  define(text, "BUFFERS", tile->buffers);
  define(text, "PADDING", tile->padding);
  define(text, "HOST_LOCAL_VECTORS", quern__cl_group_local_vectors(tile, tuning->vector_width));
}

void quern__cl_put_file(quern__text *text, const char *file, const unsigned char *bytes,
                        size_t size) {
  quern__text_print(text, "#line 1 \"%s.cl\"\n", file);
  quern__text_add(text, bytes, size);
  quern__text_put(text, "\n");
}

/* Makes the families that follow have kernels, or functions only: the compiler drops what would be
 * kernels, as nothing calls it.
 *
 * A work-item computes whole vectors. The hint says so to compilers that would vectorize across
 * work-items: Intel's for CPUs took up to 10 times as long. */
static void put_kernels(quern__text *text, bool has_kernels) {
  quern__text_put(text, has_kernels ? "#undef __kernel\n#define __kernel __kernel "
                                      "__attribute__((vec_type_hint(quern_vector)))\n"
                                    : "#undef __kernel\n#define __kernel static\n");
}

static void put_family(quern__text *text, const quern__cl_tuning *tuning, quern__family family) {
  if (family == QUERN__FAMILY_dense_tile) define_item_tiles(text, tuning);
#define DEFINE_GROUP(name)                                                                         \
  if (family == QUERN__FAMILY_dense_group_##name) {                                                \
    define_group_tile(text, tuning, QUERN__GROUP_##name, #name);                                   \
    QUERN__CL_PUT_FILE(text, dense_group_tile);                                                    \
  }
  QUERN__GROUP_SIZES(DEFINE_GROUP)
#undef DEFINE_GROUP
  quern__cl_put_file(text, families[family].file, families[family].text, *families[family].size);
}

static quern_status create_text(const quern__cl *cl, quern__program program,
                                quern__cl_source *source) {
  quern__text text = {0};
  QUERN__CL_PUT_FILE(&text, common);
  for (quern__family family = 0; family < QUERN__FAMILY_COUNT; family++) {
    const bool has_kernels = has(programs[program].kernels | programs[program].local, family);
    if (!has_kernels && !has(programs[program].functions, family)) continue;
    /* The other kind of products has no tiles for these. */
    if (has(DENSE_ITEM, family) && cl->tuning.dense == QUERN__DENSE_GROUP) continue;
    put_kernels(&text, has_kernels);
    put_family(&text, &cl->tuning, family);
  }
  const quern_status status = quern__text_close(&text, &source->text);
  source->size = text.length;
  return status;
}

quern_status quern__cl_source_options(const quern__cl *cl, unsigned vector_width,
                                      quern__cl_source *source) {
#define ACTIVATION_FORMAT(name, text) " -DQUERN_ACTIVATION_" #name "=%d"
#define ACTIVATION_NUMBER(name, text) , (int)QUERN_ACTIVATION_##name
  static const char format[] =
      "-cl-std=CL1.2 -cl-mad-enable%s%s -DVECTOR_WIDTH=%u -DGROUP=%u -DCOLUMNS_PER_GROUP=%u "
      "-DITEMS_PER_ROW=%u -DQUERN_FAULT_LABEL=%d -DQUERN_FAULT_INDEX=%d" QUERN_ACTIVATIONS(
          ACTIVATION_FORMAT);
  const quern__cl_tuning *tuning = &cl->tuning;
  if (asprintf(&source->options, format, cl->fused ? " -DFUSED" : "",
               tuning->splits_vectors ? " -DALIGNED_VECTORS" : "", vector_width, tuning->group,
               quern__cl_columns_per_group(tuning), quern__cl_items_per_row(tuning),
               (int)QUERN__FAULT_LABEL,
               (int)QUERN__FAULT_INDEX QUERN_ACTIVATIONS(ACTIVATION_NUMBER)) >= 0)
    return QUERN_OK;
  source->options = NULL;
  return quern__fail_memory("build options", strlen(format));
}

quern_status quern__cl_source_create(const quern__cl *cl, quern__program program,
                                     quern__cl_source *source) {
  *source = (quern__cl_source){NULL, 0, NULL};
  QUERN__FORWARD(create_text(cl, program, source));
  return quern__cl_source_options(cl, cl->tuning.vector_width, source);
}

void quern__cl_source_free(quern__cl_source *source) {
  free(source->text);
  free(source->options);
  *source = (quern__cl_source){NULL, 0, NULL};
}
