/* The layout of a plan's gradients in buckets. */
#include "../base/error.h"
#include "../network/plan.h"
#include <stdlib.h>

/* The position of a layer in the flat range, and the end of the last trainable parameter. */
static size_t layer_begin(const quern__shape *shape, size_t layer) {
  return shape->layers[layer].weights;
}

static size_t trainable_end(const quern__shape *shape) {
  size_t end = 0;
  for (int part = 0; part < QUERN__LEARNING_PARTS; part++) {
    const quern__extent extent = quern__layer_part(quern__shape_last(shape), (quern__part)part);
    if (extent.count > 0 && extent.first + extent.count > end) end = extent.first + extent.count;
  }
  return end;
}

static quern_status allocate_buckets(size_t count, quern__buckets *buckets) {
  buckets->count = count;
  buckets->list = calloc(count, sizeof *buckets->list);
  return buckets->list != NULL ? QUERN_OK
                               : quern__fail_memory("plan", count * sizeof *buckets->list);
}

quern_status quern__buckets_whole(const quern__shape *shape, quern__buckets *buckets) {
  QUERN__FORWARD(allocate_buckets(1, buckets));
  buckets->list[0] = (quern__bucket){.end = shape->layer_count, .count = shape->flat_count};
  return QUERN_OK;
}

/* The bucket that ends before layer `end`, at element `until` of the flat range. */
static quern__bucket next_bucket(const quern__shape *shape, size_t least, size_t end,
                                 size_t until) {
  size_t first = end - 1;
  while (first > 0 && until - layer_begin(shape, first) < least) first--;
  const size_t begin = layer_begin(shape, first);
  return (quern__bucket){.first = first, .end = end, .begin = begin, .count = until - begin};
}

quern_status quern__buckets_divide(const quern__shape *shape, size_t least,
                                   quern__buckets *buckets) {
  size_t count = 0;
  for (size_t end = shape->layer_count, until = trainable_end(shape); end > 0; count++) {
    const quern__bucket next = next_bucket(shape, least, end, until);
    end = next.first;
    until = next.begin;
  }
  QUERN__FORWARD(allocate_buckets(count, buckets));
  for (size_t end = shape->layer_count, until = trainable_end(shape); end > 0;) {
    quern__bucket *next = &buckets->list[--count];
    *next = next_bucket(shape, least, end, until);
    end = next->first;
    until = next->begin;
  }
  return QUERN_OK;
}

void quern__buckets_free(quern__buckets *buckets) {
  for (size_t i = 0; i < buckets->count && buckets->list != NULL; i++)
    quern_buffer_free(buckets->list[i].memory);
  free(buckets->list);
  *buckets = (quern__buckets){.count = 0};
}

const quern__bucket *quern__plan_bucket(const quern_plan *plan, size_t layer) {
  const quern__bucket *bucket = plan->gradients.list;
  while (layer >= bucket->end) bucket++;
  return bucket;
}

quern_tensor quern__plan_gradient(const quern_plan *plan, size_t layer, quern__part part) {
  const quern__bucket *bucket = quern__plan_bucket(plan, layer);
  quern_tensor gradient = part == QUERN__WEIGHTS
                              ? quern__plan_weights(plan, bucket->memory, layer)
                              : quern__plan_part(plan, bucket->memory, layer, part);
  gradient.offset -= bucket->begin;
  return gradient;
}
