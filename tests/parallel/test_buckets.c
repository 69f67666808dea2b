/* Gradients in several buckets: how layers are divided among them. A plan's steps have the same
 * bits as with one bucket. */
#include "test.h"

#include "../../host/network/plan.h"
#include <quern/plan.h>

enum { INPUTS = 5, SAMPLES = 6, LAYERS = 4 };

static const quern_layer *make_layers(void) {
  static quern_layer layers[LAYERS];
  static const size_t units[LAYERS] = {9, 17, 4, 3};
  for (size_t l = 0; l < LAYERS; l++)
    layers[l] =
        quern_dense(units[l], l + 1 < LAYERS ? QUERN_ACTIVATION_TANH : QUERN_ACTIVATION_IDENTITY);
  layers[1].normalization = quern_normalization_of(QUERN_NORMALIZATION_BATCH);
  layers[2].freeze_weights = true;
  return layers;
}

/* Every layer is in one bucket, and buckets begin and end with layers. */
static void test_divides(void **state) {
  (void)state;
  quern_network *network;
  assert_ok(quern_network_create(INPUTS, make_layers(), LAYERS, QUERN_LOSS_CATEGORICAL, &network));
  const quern__shape *shape = &network->shape;
  const size_t all = shape->layers[1].mean; /* running statistics are in no bucket */
  for (size_t least = 1; least < 2 * all; least += 7) {
    quern__buckets buckets;
    size_t layer = 0, position = 0;
    assert_ok(quern__buckets_divide(shape, least, &buckets));
    for (size_t i = 0; i < buckets.count; i++) {
      const quern__bucket *bucket = &buckets.list[i];
      assert_int_equal(bucket->first, layer);
      assert_true(bucket->end > bucket->first);
      assert_int_equal(bucket->begin, shape->layers[layer].weights);
      assert_int_equal(bucket->begin, position);
      layer = bucket->end;
      position = bucket->begin + bucket->count;
      if (layer < LAYERS) position = shape->layers[layer].weights;
      /* Buckets have no more layers than needed, except the lowest, which has the rest. */
      if (i > 0) assert_true(bucket->count >= least);
      if (bucket->end - bucket->first > 1)
        assert_true(bucket->begin + bucket->count - shape->layers[bucket->first + 1].weights <
                    least);
    }
    assert_int_equal(layer, LAYERS);
    assert_in_range(position, shape->layers[LAYERS - 1].bias + 3, all);
    if (least == 1) assert_int_equal(buckets.count, LAYERS);
    if (least >= all) assert_int_equal(buckets.count, 1);
    quern__buckets_free(&buckets);
  }
  quern_network_free(network);
}

typedef struct order {
  size_t count, buckets[LAYERS];
} order;

static quern_status note(void *user, size_t bucket) {
  order *self = user;
  self->buckets[self->count++] = bucket;
  return QUERN_OK;
}

/* Two steps with clipping, by a plan with one bucket if `least` is 0. */
static void train(const char *device, const quern_network *network, size_t least,
                  quern_network *learned) {
  quern_context *context;
  quern_plan *plan;
  quern_buffer *inputs, *targets_buffer;
  float x[SAMPLES * INPUTS];
  const int32_t labels[SAMPLES] = {0, 1, 2, 2, 1, 0};
  for (size_t i = 0; i < SAMPLES * INPUTS; i++) x[i] = (float)(i * 7 % 11) - 5.0f;
  assert_ok(quern_context_create(device, &context));
  if (least == 0) {
    assert_ok(quern_plan_create(context, network, SAMPLES, QUERN_PLAN_GRADIENTS, &plan));
  } else {
    quern__buckets buckets;
    assert_ok(quern__buckets_divide(&network->shape, least, &buckets));
    for (size_t i = 0; i < buckets.count; i++) {
      const size_t bytes = buckets.list[i].count * sizeof(float);
      assert_ok(quern_buffer_create(context, bytes, &buckets.list[i].memory));
      assert_ok(quern_buffer_fill(buckets.list[i].memory, 0, bytes, 0));
    }
    assert_ok(quern__plan_create_with_buckets(context, network, SAMPLES, &buckets, &plan));
    assert_int_equal(buckets.count, 0);
  }
  const quern_optimizer optimizer = quern_optimizer_of(QUERN_OPTIMIZER_ADAM, 0.05);
  assert_ok(quern_plan_set_optimizer(plan, &optimizer));
  assert_ok(quern_buffer_create(context, sizeof x, &inputs));
  assert_ok(quern_buffer_create(context, sizeof labels, &targets_buffer));
  assert_ok(quern_buffer_write(inputs, 0, sizeof x, x, QUERN_WAIT));
  assert_ok(quern_buffer_write(targets_buffer, 0, sizeof labels, labels, QUERN_WAIT));
  const quern__targets targets = {.labels = quern_vector(targets_buffer, 0, SAMPLES)};
  for (size_t step = 0; step < 2; step++) {
    order current = {.count = 0};
    const quern__bucket_watch watch = {note, &current};
    assert_ok(quern__plan_gradients(plan, quern_matrix(inputs, 0, SAMPLES, INPUTS), &targets, NULL,
                                    quern_none(), &watch));
    assert_int_equal(current.count, plan->gradients.count);
    for (size_t i = 0; i < current.count; i++)
      assert_int_equal(current.buckets[i], current.count - 1 - i);
    assert_ok(quern__plan_apply(plan));
  }
  assert_ok(quern_plan_download(plan, learned));
  quern_buffer_free(targets_buffer);
  quern_buffer_free(inputs);
  quern_plan_free(plan);
  quern_context_free(context);
}

static void test_same_steps(void **state) {
  (void)state;
  static const char *const devices[] = {"auto", "reference"};
  for (size_t d = 0; d < 2; d++) {
    quern_network *network, *whole, *parts;
    assert_ok(
        quern_network_create(INPUTS, make_layers(), LAYERS, QUERN_LOSS_CATEGORICAL, &network));
    assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 3));
    assert_ok(quern_network_create(INPUTS, make_layers(), LAYERS, QUERN_LOSS_CATEGORICAL, &whole));
    assert_ok(quern_network_create(INPUTS, make_layers(), LAYERS, QUERN_LOSS_CATEGORICAL, &parts));
    train(devices[d], network, 0, whole);
    assert_memory_not_equal(whole->parameters, network->parameters,
                            network->shape.flat_count * sizeof(float));
    for (size_t least = 1; least <= 200; least += 60) {
      train(devices[d], network, least, parts);
      assert_memory_equal(whole->parameters, parts->parameters,
                          network->shape.flat_count * sizeof(float));
    }
    quern_network_free(parts);
    quern_network_free(whole);
    quern_network_free(network);
  }
}

/* The norm is over all buckets: it differs only in the order of its sum. */
static void test_clips_together(void **state) {
  (void)state;
  quern_network *network;
  assert_ok(quern_network_create(INPUTS, make_layers(), LAYERS, QUERN_LOSS_CATEGORICAL, &network));
  quern__buckets whole, parts;
  size_t bytes[2];
  assert_ok(quern__buckets_whole(&network->shape, &whole));
  assert_ok(quern__buckets_divide(&network->shape, 1, &parts));
  assert_ok(quern__clip_bytes(&network->shape, &whole, &bytes[0]));
  assert_ok(quern__clip_bytes(&network->shape, &parts, &bytes[1]));
  /* The frozen weights divide the gradients; layers 0, 1, 2 (only its bias) and 3 have a range
   * each. */
  assert_int_equal(bytes[0], (2 * 64 + 1) * sizeof(float));
  assert_int_equal(bytes[1], (4 * 64 + 1) * sizeof(float));
  quern__buckets_free(&whole);
  quern__buckets_free(&parts);
  quern_network_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_divides), QUERN_TEST(test_same_steps),
                                     QUERN_TEST(test_clips_together)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
