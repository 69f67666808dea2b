/* Programs and kernels: a family is built when one of its kernels is first launched. */
#include "state.h"

#include "kernels_embedded.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name, *file;
  const unsigned char *source;
  const size_t *size;
} families[] = {
#define FAMILY_ROW(family, file) {#family, #file, quern__kernels_##file, &quern__kernels_##file##_size},
    QUERN__FAMILIES(FAMILY_ROW)
#undef FAMILY_ROW
};

static const struct {
  const char *name;
  quern__family family;
} kernels[] = {
#define KERNEL_ROW(family, kernel) {#kernel, QUERN__FAMILY_##family},
    QUERN__KERNELS(KERNEL_ROW)
#undef KERNEL_ROW
};

const char *quern__kernel_name(quern__kernel kernel) {
  return kernels[kernel].name;
}

/* What a family's tiles add to the options of its build, as asprintf makes them; "" for a family without tiles. */
static int tile_options(const quern__cl_tuning *tuning, quern__family family, char **options) {
  const quern__cl_tile *tile = NULL;
  const quern__cl_group_tile *group = NULL;
  const char *size = NULL;
  switch (family) {
  case QUERN__FAMILY_dense_forward:
    tile = &tuning->forward;
    break;
  case QUERN__FAMILY_dense_backward_data:
    tile = &tuning->backward_data;
    break;
  case QUERN__FAMILY_dense_backward_weights:
    tile = &tuning->backward_weights;
    break;
#define GROUP_CASE(name)                                                                                     \
  case QUERN__FAMILY_dense_group_##name:                                                                     \
    group = &tuning->groups[QUERN__GROUP_##name];                                                            \
    size = #name;                                                                                            \
    break;
    QUERN__GROUP_SIZES(GROUP_CASE)
#undef GROUP_CASE
  default:
    break;
  }
  if (tile != NULL)
    return asprintf(options, " -DTILE_ROWS=%u -DTILE_VECTORS=%u -DPANEL=%u", tile->rows, tile->vectors,
                    tile->panel);
  if (group != NULL)
    return asprintf(options,
                    " -DSIZE=%s -DGROUP_ROWS=%u -DGROUP_COLUMNS=%u -DGROUP_DEPTH=%u -DITEM_ROWS=%u "
                    "-DITEM_COLUMNS=%u -DSLICES=%u -DBUFFERS=%u -DPADDING=%u -DHOST_LOCAL_VECTORS=%zu",
                    size, group->rows, group->columns, group->depth, group->item_rows, group->item_columns,
                    group->slices, group->buffers, group->padding,
                    quern__cl_group_local_vectors(group, tuning->vector_width));
  return asprintf(options, "%s", "");
}

/* The options of a build, as asprintf makes them; NULL without memory. */
static char *build_options(const quern__cl *cl, quern__family family) {
  const quern__cl_tuning *tuning = &cl->tuning;
#define ACTIVATION_FORMAT(name, text) " -DQUERN_" #name "=%d"
#define ACTIVATION_NUMBER(name, text) , (int)QUERN_##name
  char *options = NULL, *tiles = NULL;
  if (tile_options(tuning, family, &tiles) < 0) return NULL;
  const int length =
      asprintf(&options,
               "-cl-std=CL1.2 -cl-mad-enable%s -DVECTOR_WIDTH=%u -DGROUP=%u -DQUERN_FAULT_LABEL=%d "
               "-DQUERN_FAULT_INDEX=%d" QUERN_ACTIVATIONS(ACTIVATION_FORMAT) "%s",
               cl->fused ? " -DFUSED" : "", tuning->vector_width, tuning->group, (int)QUERN__FAULT_LABEL,
               (int)QUERN__FAULT_INDEX QUERN_ACTIVATIONS(ACTIVATION_NUMBER), tiles);
  free(tiles);
  return length < 0 ? NULL : options;
}

/* Keeps the program's log as the context's, unless it is blank. */
static quern_status keep_log(quern__cl *cl, cl_program program, const char *name) {
  size_t size = 0;
  QUERN__FORWARD(
      QUERN__CL(GetProgramBuildInfo, name, program, cl->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size));
  char *log = calloc(1, size + 1);
  if (log == NULL) return quern__fail_memory("build log", size + 1);
  quern_status status =
      QUERN__CL(GetProgramBuildInfo, name, program, cl->device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
  if (status != QUERN_OK || log[strspn(log, " \t\r\n")] == '\0') {
    free(log);
    return status;
  }
  free(cl->build_log);
  cl->build_log = log;
  return QUERN_OK;
}

/* The first line with "error" in it, else the first that is not blank. */
static quern_status fail_build(const char *name, const char *log) {
  const char *line = log + strspn(log, " \t\r\n");
  const char *error = strstr(log, "error");
  if (error != NULL) {
    line = error;
    while (line > log && line[-1] != '\n') line--;
  }
  if (*line == '\0') line = "the compiler gave no reason";
  return quern__fail(QUERN_ERROR_BUILD, "the kernels of %s did not build: %.*s", name,
                     (int)strcspn(line, "\r\n"), line);
}

static quern_status build(quern__cl *cl, quern__family family) {
  const char *name = families[family].name;
  quern_status status = QUERN_OK;
  cl_program program = NULL;
  char *heading = NULL;
  char *options = build_options(cl, family);
  /* Lines start anew after the shared top, so that the log names the file and its lines. */
  if (options == NULL || asprintf(&heading, "\n#line 1 \"%s.cl\"\n", families[family].file) < 0) {
    heading = NULL;
    status = quern__fail_memory("kernel source", strlen(name));
    goto cleanup;
  }
  const char *first = "#line 1 \"common.cl\"\n";
  const char *texts[] = {first, (const char *)quern__kernels_common, heading,
                         (const char *)families[family].source};
  const size_t sizes[] = {strlen(first), quern__kernels_common_size, strlen(heading), *families[family].size};
  cl_int error = CL_SUCCESS;
  program = quern__cl_call.CreateProgramWithSource(cl->context, 4, (const char **)texts, sizes, &error);
  QUERN__TRY(quern__cl_check(error, "clCreateProgramWithSource", name));

  error = quern__cl_call.BuildProgram(program, 1, &cl->device, options, NULL, NULL);
  if (error == CL_BUILD_PROGRAM_FAILURE) {
    free(cl->build_log);
    cl->build_log = NULL;
    QUERN__TRY(keep_log(cl, program, name));
    status = fail_build(name, quern__cl_build_log(cl));
    goto cleanup;
  }
  QUERN__TRY(quern__cl_check(error, "clBuildProgram", name));
  QUERN__TRY(keep_log(cl, program, name));
  cl->programs[family] = program;
  program = NULL;

cleanup:
  if (program != NULL) quern__cl_call.ReleaseProgram(program);
  free(heading);
  free(options);
  return status;
}

quern_status quern__cl_kernel(quern__cl *cl, quern__kernel kernel, cl_kernel *object) {
  if (cl->kernels[kernel] == NULL) {
    const quern__family family = kernels[kernel].family;
    if (cl->programs[family] == NULL) QUERN__FORWARD(build(cl, family));
    cl_int error = CL_SUCCESS;
    cl_kernel made = quern__cl_call.CreateKernel(cl->programs[family], kernels[kernel].name, &error);
    QUERN__FORWARD(quern__cl_check(error, "clCreateKernel", kernels[kernel].name));
    cl->kernels[kernel] = made;
  }
  *object = cl->kernels[kernel];
  return QUERN_OK;
}
