/* Fused training steps give the reference's results in each form of
 * host/opencl/launch/fused_steps.c, with frozen parameters, a shorter last batch, bytes and floats.
 */
#include "data/dataset.h"
#include "device/context.h"
#include "network/plan.h"
#include "op_check.h"
#include "opencl/launch/fused_steps.h"
#include "plain_options.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>

typedef struct task {
  size_t inputs, samples, batch, epochs;
  bool bytes;
  quern_layer layers[3];
  size_t layer_count;
  quern__steps_form form; /* the form that its steps can surely use */
  /* all but plain SGD, with a rate and a momentum that change per step */
  quern_optimizer_kind optimizer;
} task;

static quern_dataset *make_data(const task *self, size_t classes) {
  const size_t count = self->samples * self->inputs;
  quern_dataset *data;
  int32_t *labels = test_alloc(self->samples, sizeof *labels);
  float *values = test_alloc(count, sizeof *values);
  for (size_t i = 0; i < self->samples; i++) labels[i] = (int32_t)(i * 7 % classes);
  for (size_t i = 0; i < count; i++)
    values[i] = (float)(i * 37 % 256) / (self->bytes ? 1.0f : 255.0f);
  assert_ok(quern_dataset_from_floats(values, labels, self->samples, self->inputs, &data));
  if (self->bytes) { /* as the readers of images scale */
    uint8_t *pixels = test_alloc(count, 1);
    for (size_t i = 0; i < count; i++) pixels[i] = (uint8_t)values[i];
    free(data->values);
    data->values = pixels;
    data->element = QUERN_ELEMENT_UINT8;
    data->scale = 1.0f / 255.0f;
  }
  free(values);
  free(labels);
  return data;
}

/* Trains on `context`; the caller frees the parameters. */
static float *learn(quern_context *context, const task *self, quern_epoch *last, size_t *count) {
  quern_network *network;
  quern_train_options options = plain_train_options();
  options.epochs = self->epochs;
  options.batch = self->batch;
  options.optimizer = quern_optimizer_of(self->optimizer, 0.1);
  options.optimizer.weight_decay = 0.01;
  if (self->optimizer != QUERN_OPTIMIZER_SGD) {
    /* A step of Adam is as sensitive to a gradient as epsilon is small. */
    options.optimizer.learning_rate = 0.01;
    options.optimizer.epsilon = 1e-3;
    options.optimizer.momentum = 0.9;
    options.optimizer.decay_bias = false;
    options.schedule = quern_schedule_of(QUERN_SCHEDULE_ONE_CYCLE);
  }
  quern_dataset *data = make_data(self, self->layers[self->layer_count - 1].units);
  assert_ok(quern_network_create(self->inputs, self->layers, self->layer_count,
                                 QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 5));
  assert_ok(quern_train(context, network, data, NULL, &options, last));
  float *all = NULL;
  *count = 0;
  for (size_t l = 0; l < self->layer_count; l++) {
    const size_t in = l == 0 ? self->inputs : self->layers[l - 1].units,
                 out = self->layers[l].units;
    all = realloc(all, (*count + in * out + out) * sizeof *all);
    assert_non_null(all);
    assert_ok(quern_network_get_layer(network, l, all + *count, all + *count + in * out));
    *count += in * out + out;
  }
  quern_dataset_free(data);
  quern_network_free(network);
  return all;
}

/* The same bits in two runs. */
static void assert_twice(quern_context *context, const task *self, const float *before,
                         size_t count) {
  quern_epoch last;
  size_t same;
  float *again = learn(context, self, &last, &same);
  assert_int_equal(same, count);
  assert_memory_equal(again, before, count * sizeof *again);
  free(again);
}

/* The form in which a plan of this task runs its steps, if it expects so many; 0: unknown. */
static quern__steps_form form_of(quern_context *context, const task *self, uint64_t expected) {
  quern_network *network;
  quern_plan *plan;
  assert_ok(quern_network_create(self->inputs, self->layers, self->layer_count,
                                 QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_plan_create(context, network, self->batch, QUERN_PLAN_TRAINING, &plan));
  const quern_optimizer optimizer = quern_optimizer_of(self->optimizer, 0.01);
  quern__plan_expect_steps(plan, expected);
  assert_ok(quern_plan_set_optimizer(plan, &optimizer));
  const quern__cl_fused_steps *steps = plan->whole_steps;
  const quern__steps_form form = steps != NULL ? steps->form : QUERN__STEPS_OP_BY_OP;
  quern_plan_free(plan);
  quern_network_free(network);
  return form;
}

/* Makes the steps use this form; false if the device cannot. */
static bool choose(const test_rig *rig, const task *self, quern__steps_form wanted) {
  quern__cl *cl = rig->device->state;
  /* More iterations than llvmpipe allows, or minutes of compiling for what quern verify --full
   * runs. */
  if (rig->short_loops && (((wanted == QUERN__STEPS_SERIAL || wanted == QUERN__STEPS_NETWORK) &&
                            (self->batch > 5 || self->optimizer != QUERN_OPTIMIZER_SGD)) ||
                           wanted == QUERN__STEPS_COLUMNS))
    return false;
  if (rig->slow && wanted != self->form) return false; /* an emulator: each task in one form */
  if (cl->compute_units < 2) cl->compute_units = 2;
  cl->steps_forced = true;
  cl->steps_form = wanted;
  return form_of(rig->device, self, 0) == wanted;
}

static void check_form(const task *self, quern__steps_form wanted) {
  test_rig rig;
  test_rig_open(&rig, 0);
  const quern__cl *cl = rig.device->state;
  /* Tiles of work-groups always use single ops: once is enough, and on an emulator only the
   * smallest tasks. */
  const bool by_items = cl->tuning.dense == QUERN__DENSE_ITEM;
  if (by_items ? !choose(&rig, self, wanted)
               : wanted != QUERN__STEPS_SERIAL || (rig.slow && self->form != QUERN__STEPS_SERIAL)) {
    test_rig_close(&rig);
    /* With a CPU's tiles, every form that suits a task must run. */
    assert_false(by_items && wanted == self->form && !rig.short_loops);
    return;
  }
  size_t count, same;
  task shorter = *self;
  if (rig.slow) { /* an emulator */
    shorter.epochs = 1;
    if (shorter.samples > 2 * shorter.batch) shorter.samples = shorter.batch + 3;
    self = &shorter;
  }
  quern_epoch got, expected;
  float *device = learn(rig.device, self, &got, &count);
  float *reference = learn(rig.reference, self, &expected, &same);
  assert_int_equal(count, same);
  /* A step rounds sums of at most a hundred terms near 1, and there are at most 60 steps. */
  for (size_t i = 0; i < count; i++)
    assert_true(fabsf(device[i] - reference[i]) <= 2e-5f * (1.0f + fabsf(reference[i])));
  assert_true(fabs(got.train_loss - expected.train_loss) <=
              2e-5 * (1.0 + fabs(expected.train_loss)));
  if (!rig.slow) assert_twice(rig.device, self, device, count);
  free(device);
  free(reference);
  test_rig_close(&rig);
}

static void check_task(const task *self) {
  for (quern__steps_form form = QUERN__STEPS_SERIAL; form < QUERN__STEPS_FORMS; form++)
    check_form(self, form);
}

static quern_layer frozen(quern_layer layer, bool weights, bool bias) {
  layer.freeze_weights = weights;
  layer.freeze_bias = bias;
  return layer;
}

static void test_serial(void **state) {
  (void)state;
  check_task(&(task){.inputs = 3,
                     .samples = 20,
                     .batch = 1,
                     .epochs = 3,
                     .layers = {quern_dense(3, QUERN_ACTIVATION_RELU),
                                quern_dense(3, QUERN_ACTIVATION_SIGMOID),
                                quern_dense(3, QUERN_ACTIVATION_IDENTITY)},
                     .layer_count = 3,
                     .form = QUERN__STEPS_SERIAL});
  check_task(&(task){
      .inputs = 19,
      .samples = 23,
      .batch = 5,
      .epochs = 2,
      .bytes = true,
      .layers = {quern_dense(17, QUERN_ACTIVATION_TANH), quern_dense(5, QUERN_ACTIVATION_IDENTITY)},
      .layer_count = 2,
      .form = QUERN__STEPS_SERIAL});
}

/* A program of its own pays off for a small network with many steps. */
static void test_network(void **state) {
  (void)state;
  const task self = {
      .inputs = 3,
      .batch = 1,
      .layers = {quern_dense(3, QUERN_ACTIVATION_RELU), quern_dense(3, QUERN_ACTIVATION_IDENTITY)},
      .layer_count = 2};
  task larger = self;
  larger.inputs = 700;
  test_rig rig;
  test_rig_open(&rig, 0);
  const quern__cl *cl = rig.device->state;
  if (cl->tuning.dense == QUERN__DENSE_ITEM && cl->tuning.launch_kiloflops > 0 && !rig.slow &&
      !rig.short_loops) {
    assert_int_equal(form_of(rig.device, &self, 0), QUERN__STEPS_SERIAL);
    assert_int_equal(form_of(rig.device, &self, 1000), QUERN__STEPS_SERIAL);
    assert_int_equal(form_of(rig.device, &self, 100000000), QUERN__STEPS_NETWORK);
    larger.layers[0].units = 64;
    assert_int_not_equal(form_of(rig.device, &larger, 100000000), QUERN__STEPS_NETWORK);
  }
  test_rig_close(&rig);
  task small = self; /* on an emulator too */
  small.samples = 7;
  small.batch = 3;
  small.epochs = 2;
  small.form = QUERN__STEPS_NETWORK;
  check_task(&small);
}

static void test_blocks(void **state) {
  (void)state;
  check_task(&(task){.inputs = 37,
                     .samples = 2 * 131 + 7,
                     .batch = 131,
                     .epochs = 2,
                     .layers = {quern_dense(35, QUERN_ACTIVATION_LEAKY_RELU),
                                quern_dense(18, QUERN_ACTIVATION_RELU),
                                quern_dense(10, QUERN_ACTIVATION_IDENTITY)},
                     .layer_count = 3,
                     .form = QUERN__STEPS_BLOCKS});
  check_task(&(task){
      .inputs = 65,
      .samples = 150,
      .batch = 70,
      .epochs = 2,
      .bytes = true,
      .layers = {quern_dense(33, QUERN_ACTIVATION_RELU), quern_dense(4, QUERN_ACTIVATION_IDENTITY)},
      .layer_count = 2,
      .form = QUERN__STEPS_BLOCKS});
}

/* Uneven shares of the lowest layer, more than one layer above it, a shorter last batch, an odd and
 * an even number of steps. */
static void test_columns(void **state) {
  (void)state;
  check_task(&(task){.inputs = 83,
                     .samples = 4 * 19 + 5,
                     .batch = 19,
                     .epochs = 3,
                     .bytes = true,
                     .layers = {quern_dense(149, QUERN_ACTIVATION_RELU),
                                quern_dense(3, QUERN_ACTIVATION_IDENTITY)},
                     .layer_count = 2,
                     .form = QUERN__STEPS_COLUMNS});
  check_task(&(task){.inputs = 130,
                     .samples = 40,
                     .batch = 20,
                     .epochs = 2,
                     .layers = {frozen(quern_dense(130, QUERN_ACTIVATION_TANH), false, true),
                                quern_dense(4, QUERN_ACTIVATION_SIGMOID),
                                quern_dense(5, QUERN_ACTIVATION_IDENTITY)},
                     .layer_count = 3,
                     .form = QUERN__STEPS_COLUMNS});
}

static void test_frozen(void **state) {
  (void)state;
  for (size_t batch = 4; batch <= 80; batch += 76)
    check_task(
        &(task){.inputs = 21,
                .samples = 90,
                .batch = batch,
                .epochs = 1,
                .layers = {frozen(quern_dense(20, QUERN_ACTIVATION_RELU), true, true),
                           frozen(quern_dense(17, QUERN_ACTIVATION_TANH), batch == 4, batch == 80),
                           quern_dense(6, QUERN_ACTIVATION_IDENTITY)},
                .layer_count = 3,
                .form = batch == 4 ? QUERN__STEPS_SERIAL : QUERN__STEPS_BLOCKS});
}

/* Each optimizer in each form: its state is kept, and its numbers change per step. */
static void test_optimizers(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  /* Mesa compiles for minutes; quern verify runs one of each */
  const bool slow = rig.slow, leave_out = rig.short_loops;
  test_rig_close(&rig);
  if (leave_out) return;
  for (quern_optimizer_kind kind = QUERN_OPTIMIZER_MOMENTUM; kind <= QUERN_OPTIMIZER_RMSPROP;
       kind++) {
    if (slow && kind != QUERN_OPTIMIZER_ADAM) continue; /* only the rule differs */
    check_task(&(task){.inputs = 19,
                       .samples = 23,
                       .batch = 5,
                       .epochs = 2,
                       .layers = {frozen(quern_dense(17, QUERN_ACTIVATION_TANH),
                                         kind == QUERN_OPTIMIZER_ADAM, false),
                                  quern_dense(5, QUERN_ACTIVATION_IDENTITY)},
                       .layer_count = 2,
                       .form = QUERN__STEPS_SERIAL,
                       .optimizer = kind});
    check_task(&(task){.inputs = slow ? 20 : 130,
                       .samples = slow ? 16 : 46,
                       .batch = slow ? 6 : 20,
                       .epochs = 2,
                       .layers = {quern_dense(130, QUERN_ACTIVATION_TANH),
                                  quern_dense(4, QUERN_ACTIVATION_SIGMOID),
                                  quern_dense(5, QUERN_ACTIVATION_IDENTITY)},
                       .layer_count = 3,
                       .form = QUERN__STEPS_COLUMNS,
                       .optimizer = kind});
    check_task(&(task){.inputs = 37,
                       .samples = slow ? 41 : 141, /* the batch is longer than a panel */
                       .batch = slow ? 37 : 131,
                       .epochs = 2,
                       .layers = {quern_dense(35, QUERN_ACTIVATION_TANH),
                                  quern_dense(10, QUERN_ACTIVATION_IDENTITY)},
                       .layer_count = 2,
                       .form = QUERN__STEPS_BLOCKS,
                       .optimizer = kind});
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_serial), QUERN_TEST(test_network),
                                     QUERN_TEST(test_blocks), QUERN_TEST(test_columns),
                                     QUERN_TEST(test_frozen), QUERN_TEST(test_optimizers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
