/* The one path by which kernels are launched. */
#include "../size.h"
#include "state.h"

/* An implementation may keep what is queued to itself until it is flushed; an epoch is queued without a wait,
 * so the device would stand idle meanwhile. Often enough to keep it busy, seldom enough to cost nothing. */
enum { LAUNCHES_A_FLUSH = 32 };

void quern__push_memory(quern__arguments *arguments, cl_mem memory) {
  arguments->list[arguments->count].size = sizeof(cl_mem);
  arguments->list[arguments->count++].value.memory = memory;
}

void quern__push_ulong(quern__arguments *arguments, uint64_t value) {
  arguments->list[arguments->count].size = sizeof(cl_ulong);
  arguments->list[arguments->count++].value.ulong_ = value;
}

void quern__push_uint(quern__arguments *arguments, size_t value) {
  arguments->list[arguments->count].size = sizeof(cl_uint);
  arguments->list[arguments->count++].value.uint_ = (cl_uint)value;
}

void quern__push_sizes(quern__arguments *arguments, size_t n, size_t in, size_t out) {
  quern__push_uint(arguments, n);
  quern__push_uint(arguments, in);
  quern__push_uint(arguments, out);
}

void quern__push_int(quern__arguments *arguments, int value) {
  arguments->list[arguments->count].size = sizeof(cl_int);
  arguments->list[arguments->count++].value.int_ = value;
}

void quern__push_float(quern__arguments *arguments, float value) {
  arguments->list[arguments->count].size = sizeof(cl_float);
  arguments->list[arguments->count++].value.float_ = value;
}

void quern__push_update(quern__arguments *arguments, const quern_update *update) {
  arguments->list[arguments->count].size = sizeof(cl_int2);
  arguments->list[arguments->count++].value.int2 = (cl_int2){{update->rule, update->decays_bias}};
  arguments->list[arguments->count].size = sizeof(cl_float8);
  arguments->list[arguments->count++].value.float8 =
      (cl_float8){{update->rate, update->decay, update->keep, update->momentum, update->gain,
                   update->square_decay, update->square_gain, update->correction}};
  quern__push_float(arguments, update->epsilon);
}

void quern__push_span(quern__arguments *arguments, quern_span span) {
  quern__push_memory(arguments, span.memory);
  quern__push_ulong(arguments, span.memory != NULL ? span.offset : 0);
}

void quern__push_faults(quern__arguments *arguments, const quern__cl *cl) {
  quern__push_memory(arguments, cl->faults);
}

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

quern_status quern__cl_launch(quern__cl *cl, quern__kernel kernel, quern__range range,
                              const quern__arguments *arguments) {
  cl_kernel object = NULL;
  QUERN__FORWARD(quern__cl_kernel(cl, kernel, &object));
  const char *name = quern__kernel_name(kernel);
  for (size_t i = 0; i < arguments->count; i++)
    QUERN__FORWARD(QUERN__CL(SetKernelArg, name, object, (cl_uint)i, arguments->list[i].size,
                             &arguments->list[i].value));
  for (cl_uint d = 0; d < range.dimensions; d++) {
    const size_t over = range.global[d] % range.local[d];
    if (over != 0) range.global[d] += range.local[d] - over;
  }
  QUERN__FORWARD(QUERN__CL(EnqueueNDRangeKernel, name, cl->queue, object, range.dimensions, NULL,
                           range.global, range.local, 0, NULL, NULL));
  if (++cl->unflushed < LAUNCHES_A_FLUSH) return QUERN_OK;
  cl->unflushed = 0;
  return QUERN__CL(Flush, name, cl->queue);
}
