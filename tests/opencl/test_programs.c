/* Programs are built as they are used, and have no kernels but their own. */
#include "device/context.h"
#include "op_check.h"
#include "opencl/program/program_source.h"
#include "plain_options.h"
#include "test.h"

#include <stdlib.h>

static size_t count_built(const quern__cl *cl) {
  size_t count = 0;
  for (int program = 0; program < QUERN__PROGRAM_COUNT; program++)
    count += cl->programs[program] != NULL;
  return count;
}

/* Trains and evaluates a classifier. */
static void train(quern_context *context, quern_normalization_kind normalization) {
  quern_network *network;
  quern_dataset *data, *held_out;
  quern_layer layers[] = {quern_dense(12, QUERN_ACTIVATION_RELU),
                          quern_dense(10, QUERN_ACTIVATION_IDENTITY)};
  layers[0].normalization.kind = normalization;
  quern_train_options options = plain_train_options();
  options.epochs = 1;
  options.batch = 32;
  assert_ok(quern_dataset_open("digits", NULL, &data, &held_out));
  assert_ok(quern_network_create(64, layers, 2, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1));
  assert_ok(quern_train(context, network, data, held_out, &options, NULL));
  quern_network_free(network);
  quern_dataset_free(data);
  quern_dataset_free(held_out);
}

/* On a CPU a classifier needs the program of its steps and that of evaluation. A normalization adds
 * its own. */
static void test_used(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  const quern__cl *cl = rig.device->state;
  train(rig.device, QUERN_NORMALIZATION_NONE);
  if (cl->tuning.launch_kiloflops > 0) {
    assert_int_equal(count_built(cl), 2);
    assert_non_null(cl->programs[QUERN__PROGRAM_EVALUATION]);
  }
  assert_null(cl->programs[QUERN__PROGRAM_NORMALIZATION]);
  train(rig.device, QUERN_NORMALIZATION_LAYER);
  assert_non_null(cl->programs[QUERN__PROGRAM_NORMALIZATION]);
  test_rig_close(&rig);
}

/* Kernels of quern's list that belong to the program. */
static cl_uint count_own(quern__program program) {
  static const quern__family families[] = {
#define FAMILY_OF(family, kernel) QUERN__FAMILY_##family,
      QUERN__KERNELS(FAMILY_OF)
#undef FAMILY_OF
  };
  /* Fused steps need functions of a family whose kernels have local memory, and so remain. */
  const bool uses_norms =
      program == QUERN__PROGRAM_FUSED_STEPS || program == QUERN__PROGRAM_FUSED_STEPS_COLUMNS;
  cl_uint count = 0;
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    count += quern__cl_program_of(families[i]) == program ||
             (uses_norms && families[i] == QUERN__FAMILY_normalization);
  return count;
}

static void test_own_kernels(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  quern__cl *cl = rig.device->state;
  if (cl->tuning.dense == QUERN__DENSE_ITEM) {
    static const quern__kernel firsts[] = {
        QUERN__KERNEL_fill, QUERN__KERNEL_dense_backward_data, QUERN__KERNEL_layer_norm_forward,
        QUERN__KERNEL_fused_steps_rows, QUERN__KERNEL_fused_steps_columns};
    cl_kernel kernel;
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
      assert_ok(quern__cl_kernel(cl, firsts[i], &kernel));
    assert_int_equal(count_built(cl), sizeof firsts / sizeof *firsts);
  }
  for (quern__program program = 0; program < QUERN__PROGRAM_COUNT; program++) {
    size_t kernels = 0;
    if (cl->programs[program] == NULL) continue;
    assert_ok(quern__cl_GetProgramInfo("program", cl->programs[program], CL_PROGRAM_NUM_KERNELS,
                                       sizeof kernels, &kernels));
    assert_int_equal(kernels, count_own(program));
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_used), QUERN_TEST(test_own_kernels)};
  return cmocka_run_group_tests_name("opencl/programs", tests, NULL, NULL);
}
