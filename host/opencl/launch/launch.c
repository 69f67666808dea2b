/* Launches kernels. */
#include "../../base/size.h"
#include "../state.h"

/* Implementations may hold commands back until a flush. An epoch is queued without waiting, so the
 * device would be idle meanwhile. Frequent enough to keep it busy, rare enough to cost nothing. */
enum { LAUNCHES_PER_FLUSH = 32 };

quern__range quern__range_items(const quern__cl *cl, size_t items) {
  return (quern__range){.dimensions = 1, .global = {items}, .local = {cl->tuning.group}};
}

static size_t vectors_of(const quern__cl *cl, size_t count) {
  return quern__divide_up(count, cl->tuning.vector_width);
}

quern__range quern__range_vectors(const quern__cl *cl, size_t count) {
  return quern__range_items(cl, vectors_of(cl, count));
}

quern__range quern__range_strips(const quern__cl *cl, size_t rows, size_t columns) {
  return (quern__range){
      .dimensions = 2, .global = {vectors_of(cl, columns), rows}, .local = {cl->tuning.group, 1}};
}

cl_mem quern__cl_faults(const quern__cl *cl) {
  return cl->faults;
}

/* Sets a kernel's parameters in order. */
typedef struct kernel_setter {
  const char *name;
  cl_kernel kernel;
  cl_uint next;
} kernel_setter;

static quern_status set_parameter(kernel_setter *setter, size_t size, const void *value) {
  return QUERN__CL(SetKernelArg, setter->name, setter->kernel, setter->next++, size, value);
}

static quern_status set_span(kernel_setter *setter, quern_span span) {
  const cl_mem memory = span.memory;
  const cl_ulong offset = memory != NULL ? span.offset : 0;
  QUERN__FORWARD(set_parameter(setter, sizeof memory, &memory));
  return set_parameter(setter, sizeof offset, &offset);
}

static quern_status set_optimizer_step(kernel_setter *setter, const quern_optimizer_step *update) {
  const cl_int2 rules = {{update->rule, update->decays_bias}};
  const cl_float8 numbers = {{update->rate, update->decay, update->keep, update->momentum,
                              update->gain, update->square_decay, update->square_gain,
                              update->correction}};
  QUERN__FORWARD(set_parameter(setter, sizeof rules, &rules));
  QUERN__FORWARD(set_parameter(setter, sizeof numbers, &numbers));
  return set_parameter(setter, sizeof update->epsilon, &update->epsilon);
}

static quern_status set_argument(kernel_setter *setter, const quern__argument *argument) {
  switch (argument->kind) {
  case QUERN__ARGUMENT_UINT:
    return set_parameter(setter, sizeof(cl_uint), &argument->value.uint_value);
  case QUERN__ARGUMENT_ULONG:
    return set_parameter(setter, sizeof(cl_ulong), &argument->value.ulong_value);
  case QUERN__ARGUMENT_INT:
    return set_parameter(setter, sizeof(cl_int), &argument->value.int_value);
  case QUERN__ARGUMENT_FLOAT:
    return set_parameter(setter, sizeof(cl_float), &argument->value.float_value);
  case QUERN__ARGUMENT_MEMORY:
    return set_parameter(setter, sizeof(cl_mem), &argument->value.memory);
  case QUERN__ARGUMENT_SPAN:
    return set_span(setter, argument->value.span);
  case QUERN__ARGUMENT_OPTIMIZER_STEP:
    return set_optimizer_step(setter, argument->value.optimizer_step);
  }
  return QUERN_OK;
}

quern_status quern__cl_launch_object(quern__cl *cl, const char *name, cl_kernel kernel,
                                     quern__range range, const quern__argument *arguments,
                                     size_t count) {
  kernel_setter setter = {.name = name, .kernel = kernel};
  for (size_t i = 0; i < count; i++) QUERN__FORWARD(set_argument(&setter, &arguments[i]));
  for (cl_uint d = 0; d < range.dimensions; d++) {
    const size_t over = range.global[d] % range.local[d];
    if (over != 0) range.global[d] += range.local[d] - over;
  }
  QUERN__FORWARD(QUERN__CL(EnqueueNDRangeKernel, setter.name, cl->queue, setter.kernel,
                           range.dimensions, NULL, range.global, range.local, 0, NULL, NULL));
  if (++cl->unflushed < LAUNCHES_PER_FLUSH) return QUERN_OK;
  cl->unflushed = 0;
  return QUERN__CL(Flush, setter.name, cl->queue);
}

quern_status quern__cl_launch(quern__cl *cl, quern__kernel kernel, quern__range range,
                              const quern__argument *arguments, size_t count) {
  cl_kernel object;
  QUERN__FORWARD(quern__cl_kernel(cl, kernel, &object));
  return quern__cl_launch_object(cl, quern__kernel_name(kernel), object, range, arguments, count);
}
