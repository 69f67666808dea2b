/* Buffers, ops and tuning: each OpenCL call that they make fails once (support/fault_walk.h). */
#include "device/device.h"
#include "opencl/tuner/tune_trial.h"
#include "operations.h"

#include <string.h>

/* --- Buffers --- */

static quern_status use_buffers(fault_place *place) {
  unsigned char bytes[BYTES] = {1};
  quern_buffer *buffer, *view = NULL;
  quern_status status = quern_buffer_create(place->context, BYTES, &buffer);
  if (status != QUERN_OK) return status;
  if (status == QUERN_OK) status = quern_buffer_view(buffer, 0, BYTES / 2, &view);
  if (status == QUERN_OK) status = quern_buffer_write(view, 0, BYTES / 2, bytes, QUERN_NO_WAIT);
  if (status == QUERN_OK) status = quern_buffer_write(buffer, 0, BYTES, bytes, QUERN_WAIT);
  if (status == QUERN_OK) status = quern_buffer_fill(place->a, 4, 12, 7);
  if (status == QUERN_OK) status = quern_buffer_copy(buffer, 0, place->b, 0, BYTES);
  if (status == QUERN_OK) status = quern_buffer_read(place->b, 0, BYTES, bytes, QUERN_WAIT);
  if (status == QUERN_OK) status = quern_context_finish(place->context);
  quern_buffer_free(buffer);
  quern_buffer_free(view);
  return status;
}

static void test_buffers(void **state) {
  (void)state;
  fault_walk(&(fault_operation){.name = "buffers", .prepare = make_buffers, .run = use_buffers});
}

/* --- Ops
 * ------------------------------------------------------------------------------------------------
 */

/* Every op once, over tensors in two buffers of zeros. */
static quern_status run_ops(fault_place *place) {
  quern_context *context = place->context;
  enum { N = 4, K = 4, W = 4 * FLOATS, B = 5 * FLOATS, V = 6 * FLOATS };
  const quern_tensor x = quern_matrix(place->a, 0, N, K), w = quern_matrix(place->a, W, K, K),
                     b = quern_vector(place->a, B, K), y = quern_matrix(place->b, 0, N, K),
                     dw = quern_matrix(place->b, W, K, K), db = quern_vector(place->b, B, K),
                     list = quern_vector(place->a, V, N), out = quern_vector(place->b, V, N),
                     one = quern_vector(place->b, V + FLOATS, 1);
  const quern_activation relu = quern_activation_of(QUERN_ACTIVATION_RELU);
  const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.1);
#define RUN(call)                                                                                  \
  do {                                                                                             \
    const quern_status status = (call);                                                            \
    if (status != QUERN_OK) return status;                                                         \
  } while (0)
  RUN(quern_dense_forward(context, x, w, b, relu, y));
  RUN(quern_dense_backward_data(context, x, w, relu, quern_matrix(place->a, 2 * FLOATS, N, K),
                                false, y));
  RUN(quern_dense_backward_weights(context, x, quern_matrix(place->a, 2 * FLOATS, N, K), false, dw,
                                   db));
  RUN(quern_dense_backward_update(context, x, quern_matrix(place->a, 2 * FLOATS, N, K), &sgd, 1, dw,
                                  quern_no_state(), db, quern_no_state()));
  RUN(quern_optimizer_update(context, &sgd, 1, x, y, quern_no_state()));
  RUN(quern_activation_forward(context, relu, x, y));
  RUN(quern_activation_backward(context, relu, x, quern_matrix(place->a, 2 * FLOATS, N, K), y));
  RUN(quern_dropout(context, (quern_dropout_mask){.p = 0.5f}, x, y));
  RUN(quern_batch_norm_forward(context, x, b, b, 0.1f, 0.1f, quern_none(), quern_none(), db, out,
                               y));
  RUN(quern_batch_norm_inference(context, x, b, b, 0.1f, b, b, y));
  RUN(quern_batch_norm_backward(context, x, x, b, b, b, y, db, out));
  RUN(quern_batch_norm_moments(context, x, db, out));
  RUN(quern_batch_norm_backward_parameters(context, x, x, b, b, db, out));
  RUN(quern_batch_norm_backward_data(context, x.rows, x, x, b, b, b, b, b, y));
  RUN(quern_layer_norm_forward(context, x, b, b, 0.1f, db, out, y));
  RUN(quern_layer_norm_backward(context, x, x, b, b, b, y, db, out));
  RUN(quern_softmax(context, x, y));
  RUN(quern_softmax_cross_entropy(context, x, list, 1.0f, out, y));
  RUN(quern_elementwise_cross_entropy(context, x, w, 1.0f, out, y));
  RUN(quern_binary_cross_entropy(context, x, w, 1.0f, out, y));
  RUN(quern_mean_squared_error(context, x, w, 1.0f, out, y));
  RUN(quern_gather_rows(context, QUERN_ELEMENT_FLOAT32, w, list, 1.0f, 0.0f, y));
  RUN(quern_gather_labels(context, list, quern_vector(place->a, V + FLOATS, N), out));
  RUN(quern_one_hot(context, list, y));
  RUN(quern_argmax(context, x, out));
  RUN(quern_count_correct(context, list, quern_vector(place->a, V + FLOATS, N), false, one));
  RUN(quern_sum(context, x, one));
  RUN(quern_sum_squares(context, x, list));
  RUN(quern_clip_norm(context, 1.0f, one, y));
  RUN(quern_fill(context, 1.0f, y));
  RUN(quern_random_uniform(context, 1, 0, 0.0f, 1.0f, y));
  RUN(quern_context_finish(context));
#undef RUN
  return QUERN_OK;
}

static void test_ops(void **state) {
  (void)state;
  fault_walk(
      &(fault_operation){.name = "the first launch", .prepare = make_buffers, .run = first_launch});
  fault_walk(&(fault_operation){
      .name = "every op", .brief = true, .prepare = make_buffers, .run = run_ops});
}

/* --- Tuning --- */

/* All candidates are equally fast, so that the calls do not depend on time. */
static double the_same(const quern__cl_tuning *row) {
  (void)row;
  return 1.0;
}

/* The device's half of a search: two rows are built, compared with the reference on a product, and
 * timed. The rest of a search only chooses rows, and ignores a candidate that fails. */
static quern_status tune(fault_place *place) {
  static const quern__tune_effort effort = {.most = 1,
                                            .screen_rounds = 1,
                                            .confirm_rounds = 1,
                                            .round_seconds = 1e-3,
                                            .pretend = the_same};
  double ratio, gflops;
  quern__tune_trial trial;
  quern__cl *cl;
  quern_status status = quern__cl_open_untuned(&place->device->info, place->device->handle, &cl);
  if (status != QUERN_OK) return status;
  const quern__cl_tuning start = cl->tuning;
  quern__cl_tuning candidate = start;
  candidate.forward.panel = start.forward.panel / 2;
  status = quern__tune_trial_open(&trial, cl, &start, QUERN__GROUP_SIZE_COUNT, 1, &effort);
  if (status == QUERN_OK)
    status =
        quern__tune_trial_add(&trial, (quern__tune_case){.n = 3, .in = 5, .out = 4, .timed = true});
  if (status == QUERN_OK) status = quern__tune_trial_verify(&trial, &start);
  if (status == QUERN_OK) status = quern__tune_trial_verify(&trial, &candidate);
  if (status == QUERN_OK) status = quern__tune_trial_time(&trial, &candidate, 1, &ratio, &gflops);
  quern__tune_trial_close(&trial);
  quern__cl_close(cl);
  return status;
}

static bool is_finish(const char *entry) {
  return strcmp(entry, "clFinish") == 0;
}

static void test_tuning(void **state) {
  (void)state;
  fault_walk(&(fault_operation){.name = "tuning",
                                .brief = true,
                                .own_context = true,
                                .run = tune,
                                .may_fall_back = is_finish});
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_buffers), QUERN_TEST(test_ops),
                                     QUERN_TEST(test_tuning)};
  return cmocka_run_group_tests(tests, NULL, print_count);
}
