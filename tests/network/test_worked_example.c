/* The worked example, one step of a plan: gradients and new weights compared with the float64
 * values of docs/worked-example.md, for both losses, on the reference and on an OpenCL device. */
#include "test.h"
#include <math.h>

static const float x[3] = {0.1f, 0.2f, 0.7f};
static const float ones[3] = {1, 1, 1};
static const float start[3][9] = {{.1f, .2f, .3f, .3f, .2f, .7f, .4f, .3f, .9f},
                                  {.2f, .3f, .5f, .3f, .5f, .7f, .6f, .4f, .8f},
                                  {.1f, .4f, .8f, .3f, .7f, .2f, .5f, .2f, .9f}};

typedef struct expectation {
  quern_loss loss;
  double value;          /* E */
  double gradient[3][9]; /* δW_ij, δW_jk, δW_kl */
  double updated[3][9];  /* the new W_ij, W_jk, W_kl */
} expectation;

static const expectation expectations[] = {
    {QUERN_LOSS_CATEGORICAL,
     1.617233750,
     {{.000724673, .001093877, .001850146, .001449347, .002187754, .003700292, .005072713,
       .007657138, .012951020},
      {.034650116, .004725112, .002871066, .032596776, .004445105, .002700929, .046200155,
       .006300149, .003828089},
      {-.752523136, .267900701, .484622435, -.753841165, .268369923, .485471242, -.787192725,
       .280243188, .506949537}},
     {{.099992753, .199989061, .299981499, .299985507, .199978122, .699962997, .399949273,
       .299923429, .899870490},
      {.199653499, .299952749, .499971289, .299674032, .499955549, .699972991, .599537998,
       .399936999, .799961719},
      {.107525231, .397320993, .795153776, .307538412, .697316301, .195145288, .507871927,
       .197197568, .894930505}}},
    {QUERN_LOSS_ELEMENTWISE,
     2.679282524,
     {{.001016635, .001509585, .002674396, .002033271, .003019171, .005348793, .007116448,
       .010567098, .018720775},
      {.051033403, .001804074, .005953352, .048009201, .001697166, .005600560, .068044537,
       .002405432, .007937802},
      {-1.025698706, .249962213, .775736493, -1.027495197, .250400017, .777095180, -1.072953801,
       .261478254, .811475547}},
     {{.099989834, .199984904, .299973256, .299979667, .199969808, .699946512, .399928836,
       .299894329, .899812792},
      {.199489666, .299981959, .499940466, .299519908, .499983028, .699943994, .599319555,
       .399975946, .799920622},
      {.110256987, .397500378, .792242635, .310274952, .697496000, .192229048, .510729538,
       .197385217, .891885245}}},
};

static void assert_near(const char *what, size_t layer, const float *got, const double *expected,
                        size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!(fabs((double)got[i] - expected[i]) <= 1e-5))
      fail_msg("%s of layer %zu, element %zu: %.9g, expected %.9g", what, layer, i, (double)got[i],
               expected[i]);
}

static void read_tensor(quern_tensor tensor, float *values) {
  assert_ok(quern_buffer_read(tensor.buffer, tensor.offset * sizeof(float),
                              tensor.rows * tensor.columns * sizeof(float), values, QUERN_WAIT));
}

static void step_on(const char *device, const expectation *expected, quern_plan_mode mode) {
  quern_layer layers[] = {quern_dense(3, QUERN_ACTIVATION_RELU),
                          quern_dense(3, QUERN_ACTIVATION_SIGMOID),
                          quern_dense(3, QUERN_ACTIVATION_IDENTITY)};
  for (size_t l = 0; l < 3; l++) layers[l].freeze_bias = true; /* the biases do not change */
  quern_context *context;
  quern_network *network;
  quern_plan *plan;
  quern_buffer *memory;
  assert_ok(quern_context_create(device, &context));
  assert_ok(quern_network_create(3, layers, 3, expected->loss, &network));
  for (size_t l = 0; l < 3; l++) assert_ok(quern_network_set_layer(network, l, start[l], ones));
  assert_ok(quern_plan_create(context, network, 1, mode, &plan));
  assert_ok(quern_buffer_create(context, 5 * sizeof(float), &memory));
  const int32_t label = 0;
  assert_ok(quern_buffer_write(memory, 0, sizeof x, x, QUERN_WAIT));
  assert_ok(quern_buffer_write(memory, sizeof x, sizeof label, &label, QUERN_WAIT));

  const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.01);
  assert_ok(quern_plan_set_optimizer(plan, &sgd));
  quern_tensor loss = quern_vector(memory, 4, 1);
  assert_ok(quern_plan_step(plan, quern_matrix(memory, 0, 1, 3), quern_vector(memory, 3, 1), loss));

  float value, weights[9], bias[3];
  read_tensor(loss, &value);
  assert_near("the loss", 3, &value, &expected->value, 1);
  for (size_t l = 0; l < 3; l++) {
    quern_tensor w, b;
    if (mode == QUERN_PLAN_GRADIENTS) {
      assert_ok(quern_plan_layer_gradients(plan, l, &w, &b));
      read_tensor(w, weights);
      assert_near("the gradient", l, weights, expected->gradient[l], 9);
    }
    assert_ok(quern_plan_layer(plan, l, &w, &b));
    read_tensor(w, weights);
    read_tensor(b, bias);
    assert_near("the new weights", l, weights, expected->updated[l], 9);
    assert_memory_equal(bias, ones, sizeof ones);
  }
  quern_buffer_free(memory);
  quern_plan_free(plan);
  quern_network_free(network);
  quern_context_free(context);
}

static void step_everywhere(const expectation *expected) {
  const char *devices[] = {"reference", "auto"};
  for (size_t d = 0; d < 2; d++) {
    step_on(devices[d], expected, QUERN_PLAN_GRADIENTS);
    step_on(devices[d], expected, QUERN_PLAN_TRAINING);
  }
}

static void test_categorical(void **state) {
  (void)state;
  step_everywhere(&expectations[0]);
}

static void test_elementwise(void **state) {
  (void)state;
  step_everywhere(&expectations[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_categorical), QUERN_TEST(test_elementwise)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
