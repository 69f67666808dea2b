/* usage: share_a_context in-order | out-of-order | none
 *
 * A program with its own OpenCL context and kernels. One kernel writes points into the program's
 * memory; quern trains a network on them in place, and writes predictions into the program's
 * memory; another kernel of the program compares the two. Nothing is copied. The argument is the
 * kind of queue that quern gets: the program's own in-order queue keeps the order by itself;
 * otherwise events do. */
#include "training.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS = 500, STEPS_A_LINE = 100 };

typedef struct program {
  device own;
  queue_kind kind;
  cl_mem points, predicted, errors;
  training training;
} program;

static bool say(quern_status status) {
  if (status != QUERN_OK) fprintf(stderr, "share_a_context: %s\n", quern_last_error());
  return status == QUERN_OK;
}

/* Orders quern's ops after the program's command. OpenCL requires the program's queue to be
 * flushed, because another queue waits for it. */
static bool let_quern_wait(const program *p, const cl_event *event) {
  return device_check(clFlush(p->own.queue), "clFlush") &&
         say(quern_opencl_wait(p->training.context, 1, event));
}

/* Points, a step, errors: each after the one before. `previous` is the end of the previous step,
 * which read the points that are now replaced; NULL for the first. *done is the end of this
 * step. */
static bool run_step(program *p, cl_uint step, const cl_event *previous, cl_event *done) {
  const bool joined = p->kind == IN_ORDER;
  cl_event event = NULL, trained = NULL;
  bool ok =
      device_check(clSetKernelArg(p->own.make_points, 2, sizeof step, &step), "clSetKernelArg") &&
      device_run(&p->own, p->own.make_points, COUNT, previous, joined ? NULL : &event) &&
      (joined || let_quern_wait(p, &event)) && say(training_step(&p->training)) &&
      (joined || say(quern_opencl_event(p->training.context, &trained))) &&
      device_run(&p->own, p->own.square_errors, COUNT, joined ? NULL : &trained,
                 joined ? NULL : done);
  if (event != NULL) clReleaseEvent(event);
  if (trained != NULL) clReleaseEvent(trained);
  return ok;
}

/* The mean of the errors from the program's own kernel, which must equal quern's loss. */
static bool report(const program *p, cl_uint step, const cl_event *done) {
  float errors[COUNT];
  double own = 0.0, loss;
  if (!device_check(clEnqueueReadBuffer(p->own.queue, p->errors, CL_TRUE, 0, sizeof errors, errors,
                                        done != NULL, done, NULL),
                    "clEnqueueReadBuffer") ||
      !say(training_loss(&p->training, &loss)))
    return false;
  for (size_t i = 0; i < COUNT; i++) own += (double)errors[i] / COUNT;
  printf("step %3u: mean squared error %.6f\n", step, own);
  if (fabs(own - loss) <= 1e-6 * loss) return true;
  fprintf(stderr, "share_a_context: the kernel found %.9g, and quern %.9g\n", own, loss);
  return false;
}

static bool run_steps(program *p) {
  cl_event previous = NULL;
  bool ok = true;
  for (cl_uint step = 1; ok && step <= STEPS; step++) {
    cl_event done = NULL;
    ok = run_step(p, step, previous != NULL ? &previous : NULL, &done);
    if (previous != NULL) clReleaseEvent(previous);
    previous = done;
    if (ok && step % STEPS_A_LINE == 0) ok = report(p, step, previous != NULL ? &previous : NULL);
  }
  if (previous != NULL) clReleaseEvent(previous);
  return ok;
}

static bool make_memory(program *p) {
  static const size_t floats[] = {COUNT * 3, PREDICTED_AT + COUNT, COUNT};
  cl_mem *const to[] = {&p->points, &p->predicted, &p->errors};
  for (size_t i = 0; i < 3; i++) {
    cl_int error;
    *to[i] =
        clCreateBuffer(p->own.context, CL_MEM_READ_WRITE, floats[i] * sizeof(float), NULL, &error);
    if (!device_check(error, "clCreateBuffer")) return false;
  }
  return true;
}

static bool set_arguments(const program *p) {
  const cl_uint count = COUNT, predicted_at = PREDICTED_AT;
  const cl_kernel make = p->own.make_points, square = p->own.square_errors;
  return device_check(clSetKernelArg(make, 0, sizeof(cl_mem), &p->points), "clSetKernelArg") &&
         device_check(clSetKernelArg(make, 1, sizeof count, &count), "clSetKernelArg") &&
         device_check(clSetKernelArg(square, 0, sizeof(cl_mem), &p->points), "clSetKernelArg") &&
         device_check(clSetKernelArg(square, 1, sizeof(cl_mem), &p->predicted), "clSetKernelArg") &&
         device_check(clSetKernelArg(square, 2, sizeof predicted_at, &predicted_at),
                      "clSetKernelArg") &&
         device_check(clSetKernelArg(square, 3, sizeof count, &count), "clSetKernelArg") &&
         device_check(clSetKernelArg(square, 4, sizeof(cl_mem), &p->errors), "clSetKernelArg");
}

static bool run(program *p) {
  if (!device_open(p->kind, &p->own)) return false;
  const bool ok = make_memory(p) && set_arguments(p) &&
                  say(training_open(&p->own, p->kind, p->points, p->predicted, &p->training)) &&
                  run_steps(p);
  /* In any order: quern retains the objects that it uses. */
  cl_mem const all[] = {p->points, p->predicted, p->errors};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i] != NULL) clReleaseMemObject(all[i]);
  device_close(&p->own);
  training_close(&p->training);
  return ok;
}

int main(int argc, char **argv) {
  static const char *const kinds[] = {
      [IN_ORDER] = "in-order", [OUT_OF_ORDER] = "out-of-order", [NONE] = "none"};
  for (int kind = IN_ORDER; argc == 2 && kind <= NONE; kind++)
    if (strcmp(argv[1], kinds[kind]) == 0) return run(&(program){.kind = (queue_kind)kind}) ? 0 : 1;
  fprintf(stderr, "usage: %s in-order | out-of-order | none\n", argv[0]);
  return 2;
}
