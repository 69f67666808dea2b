/* Programs and kernels. A program is built when one of its kernels is first launched. */
#include "program_cache.h"

#include <stdlib.h>
#include <string.h>

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

/* Stores the program's log in the context unless it is blank. */
static quern_status keep_log(quern__cl *cl, cl_program program, const char *name) {
  size_t size = 0;
  QUERN__FORWARD(QUERN__CL(GetProgramBuildInfo, name, program, cl->device, CL_PROGRAM_BUILD_LOG, 0,
                           NULL, &size));
  char *log = calloc(1, size + 1);
  if (log == NULL) return quern__fail_memory("build log", size + 1);
  quern_status status = QUERN__CL(GetProgramBuildInfo, name, program, cl->device,
                                  CL_PROGRAM_BUILD_LOG, size, log, NULL);
  if (status != QUERN_OK || log[strspn(log, " \t\r\n")] == '\0') {
    free(log);
    return status;
  }
  free(cl->build_log);
  cl->build_log = log;
  return QUERN_OK;
}

/* Quotes the first line with "error" in it, else the first that is not blank: compilers that cannot
 * write their files report no error. */
static quern_status fail_build(const char *name, const char *log) {
  const char *line = log + strspn(log, " \t\r\n"), *hint = "";
  const char *error = strstr(log, "error");
  if (error != NULL) {
    line = error;
    while (line > log && line[-1] != '\n') line--;
  } else {
    hint = "; can the driver write to its cache folder (of PoCL: POCL_CACHE_DIR or ~/.cache/pocl)?";
  }
  if (*line == '\0') line = "the compiler gave no reason";
  return quern__fail(QUERN_ERROR_BUILD, "clBuildProgram: %s did not build: %.*s%s", name,
                     (int)strcspn(line, "\r\n"), line, hint);
}

static quern_status build_source(quern__cl *cl, const quern__cl_source *source, const char *name,
                                 cl_program *built) {
  quern_status status = QUERN_OK;
  const char *text = source->text;
  cl_int error = CL_SUCCESS;
  cl_program program =
      quern__cl_call.CreateProgramWithSource(cl->context, 1, &text, &source->size, &error);
  QUERN__TRY(quern__cl_check(error, "clCreateProgramWithSource", name));
  error = quern__cl_call.BuildProgram(program, 1, &cl->device, source->options, NULL, NULL);
  if (error == CL_BUILD_PROGRAM_FAILURE) {
    free(cl->build_log);
    cl->build_log = NULL;
    status = keep_log(cl, program, name);
    if (status == QUERN_OK)
      status = fail_build(name, quern__cl_build_log(cl));
    else
      status = quern__fail(QUERN_ERROR_BUILD,
                           "clBuildProgram: %s did not build, and its log cannot be read: %s", name,
                           quern_last_error());
    goto cleanup;
  }
  QUERN__TRY(quern__cl_check(error, "clBuildProgram", name));
  QUERN__TRY(keep_log(cl, program, name));
  *built = program;
  program = NULL;

cleanup:
  if (program != NULL) quern__cl_call.ReleaseProgram(program);
  return status;
}

quern_status quern__cl_program_build(quern__cl *cl, const quern__cl_source *source,
                                     const char *name, cl_program *program) {
  quern__cl_cached cached = quern__cl_cache_find(cl, source);
  quern_status status = QUERN_OK;
  *program = quern__cl_cache_load(cl, &cached, source->options);
  if (*program == NULL) {
    status = build_source(cl, source, name, program);
    if (status == QUERN_OK) quern__cl_cache_store(&cached, *program);
  }
  quern__cl_cached_free(&cached);
  return status;
}

static quern_status build(quern__cl *cl, quern__program program) {
  quern__cl_source source;
  quern_status status = quern__cl_source_create(cl, program, &source);
  if (status == QUERN_OK)
    status = quern__cl_program_build(cl, &source, quern__cl_program_name(program),
                                     &cl->programs[program]);
  quern__cl_source_free(&source);
  return status;
}

quern_status quern__cl_kernel(quern__cl *cl, quern__kernel kernel, cl_kernel *object) {
  if (cl->kernels[kernel] == NULL) {
    const quern__program program = quern__cl_program_of(kernels[kernel].family);
    if (cl->programs[program] == NULL) QUERN__FORWARD(build(cl, program));
    cl_int error = CL_SUCCESS;
    cl_kernel made =
        quern__cl_call.CreateKernel(cl->programs[program], kernels[kernel].name, &error);
    QUERN__FORWARD(quern__cl_check(error, "clCreateKernel", kernels[kernel].name));
    cl->kernels[kernel] = made;
  }
  *object = cl->kernels[kernel];
  return QUERN_OK;
}
