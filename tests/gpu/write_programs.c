/* write_programs FOLDER: writes the text of each program of each GPU's tuning row, as the backend
 * gives it to a driver, and a list of them to FOLDER/programs.tsv. Needs no device.
 * scripts/gpu-compile compiles them offline.
 *
 *   FOLDER/<row>-<program>.cl   row: nvidia, amd, intel or any
 *   FOLDER/programs.tsv         a line per program: row, program, file, tile, work-items in a
 *                               work-group, build options. The tile is empty except for programs
 *                               of a tile of the matrix products; their kernels have the work-items
 *                               of the tile. */
#include "opencl/program/program_source.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tile of a program, as in messages of the tuner, and its work-items. */
typedef struct shape {
  char tile[64];
  size_t items;
} shape;

static shape shape_of(const quern__cl_tuning *row, quern__program program) {
  shape found = {"", row->group};
#define SHAPE_OF_SIZE(size)                                                                        \
  if (program == quern__cl_program_of(QUERN__FAMILY_dense_group_##size)) {                         \
    const quern__cl_group_tile *tile = &row->groups[QUERN__GROUP_##size];                          \
    snprintf(found.tile, sizeof found.tile, "%ux%ux%u by %ux%u", tile->rows, tile->columns,        \
             tile->depth, tile->item_rows, tile->item_columns);                                    \
    found.items = quern__cl_group_items(tile);                                                     \
  }
  QUERN__GROUP_SIZES(SHAPE_OF_SIZE)
#undef SHAPE_OF_SIZE
  return found;
}

/* GPUs have no fused steps. The rows are for the first GPU whose limits allow them, so a program
 * without work-items belongs to a tile that the row does not have. */
static bool has_program(const quern__cl_tuning *row, quern__program program) {
  return program != QUERN__PROGRAM_FUSED_STEPS && program != QUERN__PROGRAM_FUSED_STEPS_COLUMNS &&
         shape_of(row, program).items > 0;
}

/* The program's name in a file's name. */
static const char *short_name(quern__program program) {
  switch (program) {
  case QUERN__PROGRAM_EVALUATION:
    return "evaluation";
  case QUERN__PROGRAM_BACKWARD:
    return "backward";
  case QUERN__PROGRAM_NORMALIZATION:
    return "normalization";
  default:
    return quern__cl_program_name(program);
  }
}

static void name_row(const quern__cl_tuning *row, char *name, size_t size) {
  snprintf(name, size, "%s", *row->pattern != '\0' ? row->pattern : "any");
  for (char *letter = name; *letter != '\0'; letter++)
    *letter = (char)tolower((unsigned char)*letter);
}

static bool write_text(const char *folder, const char *file, const quern__cl_source *source) {
  char *path;
  if (asprintf(&path, "%s/%s", folder, file) < 0) return false;
  FILE *out = fopen(path, "wb");
  bool written = out != NULL && fwrite(source->text, 1, source->size, out) == source->size;
  if (out != NULL) written = fclose(out) == 0 && written;
  if (!written) perror(path);
  free(path);
  return written;
}

static bool write_program(const quern__cl *cl, quern__program program, const char *folder,
                          FILE *list) {
  quern__cl_source source;
  char row[32], *file = NULL;
  const char *name = short_name(program);
  const shape group = shape_of(&cl->tuning, program);
  name_row(&cl->tuning, row, sizeof row);
  bool written = quern__cl_source_create(cl, program, &source) == QUERN_OK &&
                 asprintf(&file, "%s-%s.cl", row, name) >= 0 && write_text(folder, file, &source) &&
                 fprintf(list, "%s\t%s\t%s\t%s\t%zu\t%s\n", row, name, file, group.tile,
                         group.items, source.options) > 0;
  free(file);
  quern__cl_source_free(&source);
  return written;
}

static bool write_row(const quern__cl_tuning *row, const char *folder, FILE *list) {
  /* Every GPU's multiply-add is one instruction. */
  const quern__cl cl = {.tuning = *row, .fused = true};
  for (quern__program program = 0; program < QUERN__PROGRAM_COUNT; program++)
    if (has_program(row, program) && !write_program(&cl, program, folder, list)) return false;
  return true;
}

static bool write_rows(const char *folder, FILE *list) {
  size_t count;
  const quern__cl_tuning *rows = quern__cl_tuning_rows(&count);
  for (size_t i = 0; i < count; i++)
    if (rows[i].kind == QUERN_DEVICE_GPU && !rows[i].any_kind && !write_row(&rows[i], folder, list))
      return false;
  return true;
}

int main(int argument_count, char **arguments) {
  char *path;
  if (argument_count != 2) {
    fprintf(stderr, "usage: write_programs FOLDER\n");
    return 2;
  }
  if (asprintf(&path, "%s/programs.tsv", arguments[1]) < 0) return 1;
  FILE *list = fopen(path, "w");
  bool written = list != NULL && write_rows(arguments[1], list);
  if (list == NULL) perror(path);
  if (list != NULL) written = fclose(list) == 0 && written;
  free(path);
  if (!written) fprintf(stderr, "write_programs: not all programs were written\n");
  return written ? 0 : 1;
}
