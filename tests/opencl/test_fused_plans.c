/* Plans with fused training steps: what runs whole, bad labels, and changes between steps. */
#include "device/context.h"
#include "network/plan.h"
#include "op_check.h"
#include "opencl/launch/fused_steps.h"
#include "test.h"

#include <math.h>

/* Every loss, dropout and f' of Z run whole in every form, not op by op. */
static void check_supported(quern_loss loss, quern__steps_form form) {
  test_rig rig;
  test_rig_open(&rig, 0);
  quern__cl *cl = rig.device->state;
  quern_layer layers[] = {quern_dense(149, QUERN_ACTIVATION_GELU),
                          quern_dense(3, QUERN_ACTIVATION_IDENTITY)};
  layers[0].dropout = 0.5f;
  quern_network *network;
  quern_plan *plan;
  if (cl->compute_units < 2) cl->compute_units = 2;
  cl->steps_forced = true;
  cl->steps_form = form;
  assert_ok(quern_network_create(21, layers, 2, loss, &network));
  assert_ok(
      quern_plan_create(rig.device, network, 20 * cl->compute_units, QUERN_PLAN_TRAINING, &plan));
  const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.1);
  assert_ok(quern_plan_set_optimizer(plan, &sgd));
  const quern__cl_fused_steps *steps = plan->whole_steps;
  if (cl->tuning.dense == QUERN__DENSE_ITEM) {
    assert_non_null(steps);
    assert_int_equal(steps->form, form);
  }
  quern_plan_free(plan);
  quern_network_free(network);
  test_rig_close(&rig);
}

static void test_supported(void **state) {
  (void)state;
  for (quern_loss loss = QUERN_LOSS_CATEGORICAL; loss <= QUERN_LOSS_HUBER; loss++)
    for (quern__steps_form form = QUERN__STEPS_SERIAL; form <= QUERN__STEPS_BLOCKS; form++)
      check_supported(loss, form);
}

/* An invalid label is found on the device, in fused steps and in single ops, and reported once. */
static void check_bad_label(quern_loss loss) {
  test_rig rig;
  test_rig_open(&rig, 0);
  const quern_layer layers[] = {quern_dense(40, QUERN_ACTIVATION_RELU),
                                quern_dense(3, QUERN_ACTIVATION_IDENTITY)};
  enum { BATCH = 80, INPUTS = 40 };
  quern_network *network;
  quern_plan *plan;
  quern_buffer *x, *labels;
  static float values[BATCH * INPUTS];
  int32_t classes[BATCH] = {0};
  classes[41] = 3;
  assert_ok(quern_network_create(INPUTS, layers, 2, loss, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 5));
  assert_ok(quern_plan_create(rig.device, network, BATCH, QUERN_PLAN_TRAINING, &plan));
  const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.1);
  assert_ok(quern_plan_set_optimizer(plan, &sgd));
  assert_ok(quern_buffer_create(rig.device, sizeof values, &x));
  assert_ok(quern_buffer_create(rig.device, sizeof classes, &labels));
  assert_ok(quern_buffer_write(x, 0, sizeof values, values, QUERN_WAIT));
  assert_ok(quern_buffer_write(labels, 0, sizeof classes, classes, QUERN_WAIT));
  assert_ok(quern_plan_step(plan, quern_matrix(x, 0, BATCH, INPUTS), quern_vector(labels, 0, BATCH),
                            quern_none()));
  assert_fails(quern_context_finish(rig.device), QUERN_ERROR_DATA, "label", "41");
  assert_ok(quern_context_finish(rig.device));
  quern_buffer_free(x);
  quern_buffer_free(labels);
  quern_plan_free(plan);
  quern_network_free(network);
  test_rig_close(&rig);
}

static void test_bad_label(void **state) {
  (void)state;
  check_bad_label(QUERN_LOSS_CATEGORICAL);
  check_bad_label(QUERN_LOSS_SQUARED);
}

/* A small plan with samples and labels on its device. */
typedef struct changing {
  quern_network *network;
  quern_plan *plan;
  quern_buffer *x, *labels;
} changing;

enum { CHANGING_BATCH = 4, CHANGING_INPUTS = 5, CHANGING_CLASSES = 3 };

static changing make_changing(quern_context *context) {
  quern_layer layers[] = {quern_dense(8, QUERN_ACTIVATION_GELU),
                          quern_dense(CHANGING_CLASSES, QUERN_ACTIVATION_IDENTITY)};
  layers[0].dropout = 0.25f;
  float values[CHANGING_BATCH * CHANGING_INPUTS];
  const int32_t classes[CHANGING_BATCH] = {0, 2, 1, 2};
  changing made;
  for (size_t i = 0; i < CHANGING_BATCH * CHANGING_INPUTS; i++)
    values[i] = (float)(i * 37 % 64) / 64.0f;
  assert_ok(
      quern_network_create(CHANGING_INPUTS, layers, 2, QUERN_LOSS_CATEGORICAL, &made.network));
  assert_ok(quern_network_initialize(made.network, QUERN_INITIALIZER_DEFAULT, 5));
  assert_ok(
      quern_plan_create(context, made.network, CHANGING_BATCH, QUERN_PLAN_TRAINING, &made.plan));
  assert_ok(quern_buffer_create(context, sizeof values, &made.x));
  assert_ok(quern_buffer_create(context, sizeof classes, &made.labels));
  assert_ok(quern_buffer_write(made.x, 0, sizeof values, values, QUERN_WAIT));
  assert_ok(quern_buffer_write(made.labels, 0, sizeof classes, classes, QUERN_WAIT));
  return made;
}

static void free_changing(changing *made) {
  quern_buffer_free(made->x);
  quern_buffer_free(made->labels);
  quern_plan_free(made->plan);
  quern_network_free(made->network);
}

static void step_twice(const changing *made) {
  for (int i = 0; i < 2; i++)
    assert_ok(quern_plan_step(made->plan, quern_matrix(made->x, 0, CHANGING_BATCH, CHANGING_INPUTS),
                              quern_vector(made->labels, 0, CHANGING_BATCH), quern_none()));
}

/* Steps before and after each change of the optimizer and of the training loss. */
static void run_changes(const changing *made) {
  static const float weights[CHANGING_CLASSES] = {0.5f, 0.0f, 2.0f};
  quern_optimizer optimizer = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.1);
  assert_ok(quern_plan_set_class_weights(made->plan, weights));
  assert_ok(quern_plan_set_optimizer(made->plan, &optimizer));
  step_twice(made);
  assert_ok(quern_plan_set_class_weights(made->plan, NULL));
  step_twice(made);
  assert_ok(quern_plan_set_label_smoothing(made->plan, 0.25f));
  step_twice(made);
  optimizer = quern_optimizer_of(QUERN_OPTIMIZER_NESTEROV, 0.05);
  assert_ok(quern_plan_set_optimizer(made->plan, &optimizer));
  step_twice(made);
  assert_ok(quern_plan_set_label_smoothing(made->plan, 0.0f));
  step_twice(made);
  assert_ok(quern_plan_download(made->plan, made->network));
}

/* A plan whose optimizer and loss change goes on with the right steps. */
static void test_changes(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  quern__cl *cl = rig.device->state;
  if (cl->tuning.dense == QUERN__DENSE_GROUP) { /* it updates in one pass by plain SGD only */
    test_rig_close(&rig);
    return;
  }
  cl->steps_forced = !rig.short_loops;
  cl->steps_form = QUERN__STEPS_SERIAL;
  changing made[] = {make_changing(rig.device), make_changing(rig.reference)};
  for (int i = 0; i < 2; i++) run_changes(&made[i]);
  if (!rig.short_loops) assert_non_null(made[0].plan->whole_steps);
  const quern__shape *shape = &made[0].network->shape;
  for (size_t i = 0; i < shape->flat_count; i++) {
    const float expected = made[1].network->parameters[i];
    assert_true(fabsf(made[0].network->parameters[i] - expected) <= 2e-5f * (1 + fabsf(expected)));
  }
  for (int i = 0; i < 2; i++) free_changing(&made[i]);
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_supported), QUERN_TEST(test_bad_label),
                                     QUERN_TEST(test_changes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
