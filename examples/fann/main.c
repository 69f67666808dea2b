/* usage: fann_on_quern [FILE.net]
 *
 * Loads a network with FANN, runs and trains it with FANN and with quern's ops, copies the weights
 * back, and prints the difference and the times: the two alternate, and medians are printed.
 * Without a file: a 784-512-256-10 network, saved and loaded again. */
#include "fann_quern.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES = 256, ROUNDS = 5 }; /* a round of training is one epoch, in one batch */
static const float tolerance = 1e-5f;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Uniform in [-1, 1), the same in every run. */
static float next_value(void) {
  static unsigned state = 1;
  state = state * 1664525u + 1013904223u;
  return (float)(state >> 8) / 8388608.0f - 1.0f;
}

/* FANN trains sigmoids exactly as long as they stay away from their limits (see fann_quern.h),
 * which small weights ensure. */
static struct fann *make_network(const char *path) {
  const unsigned widths[] = {784, 512, 256, 10};
  struct fann *ann = fann_create_standard_array(4, widths);
  if (ann == NULL) return NULL;
  fann_set_activation_function_hidden(ann, FANN_SIGMOID_SYMMETRIC);
  fann_set_activation_function_output(ann, FANN_SIGMOID);
  fann_set_training_algorithm(ann, FANN_TRAIN_BATCH);
  fann_set_train_error_function(ann, FANN_ERRORFUNC_LINEAR);
  fann_set_learning_rate(ann, 0.5f);
  for (unsigned i = 0; i < fann_get_total_connections(ann); i++)
    ann->weights[i] = 0.08f * next_value();
  int failed = fann_save(ann, path);
  fann_destroy(ann);
  return failed != 0 ? NULL : fann_create_from_file(path);
}

static struct fann_train_data *make_data(const struct fann *ann) {
  struct fann_train_data *data = fann_create_train(SAMPLES, ann->num_input, ann->num_output);
  if (data == NULL) return NULL;
  for (unsigned i = 0; i < SAMPLES; i++) {
    for (unsigned j = 0; j < data->num_input; j++) data->input[i][j] = next_value();
    for (unsigned j = 0; j < data->num_output; j++)
      data->output[i][j] = j == i % data->num_output ? 0.9f : 0.1f;
  }
  return data;
}

/* The largest |a - b| over the largest |b|; NaN if one is not a number. */
static float distance(const float *a, const float *b, size_t count) {
  float apart = 0.0f, largest = 0.0f;
  for (size_t i = 0; i < count; i++) {
    float difference = fabsf(a[i] - b[i]);
    if (!(difference <= apart)) apart = difference;
    if (isnan(apart)) return apart;
    if (fabsf(b[i]) > largest) largest = fabsf(b[i]);
  }
  return largest > 0.0f ? apart / largest : apart;
}

/* The seconds of each round. */
typedef struct times {
  double fann[ROUNDS], quern[ROUNDS];
} times;

static int compare_numbers(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(const double *values) {
  double sorted[ROUNDS];
  memcpy(sorted, values, sizeof sorted);
  qsort(sorted, ROUNDS, sizeof *sorted, compare_numbers);
  return sorted[ROUNDS / 2];
}

/* Returns whether they agree; only then is a speed printed. */
static bool report(const char *what, const char *name, float apart, const times *took) {
  if (!(apart <= tolerance)) {
    printf("%-8s apart by %.1e of the largest %s\n", what, (double)apart, name);
    return false;
  }
  double ratios[ROUNDS];
  for (size_t i = 0; i < ROUNDS; i++) ratios[i] = took->fann[i] / took->quern[i];
  printf(
      "%-8s FANN %8.2f ms, quern %7.2f ms, %.1f times as fast; apart by %.1e of the largest %s\n",
      what, 1e3 * median(took->fann), 1e3 * median(took->quern), median(ratios), (double)apart,
      name);
  return true;
}

typedef struct arrays {
  float *inputs, *by_fann, *by_quern, *weights;
} arrays;

static bool run_both(struct fann *ann, const struct fann_train_data *data, fann_quern *adapter,
                     const arrays *to) {
  size_t in = ann->num_input, out = ann->num_output;
  for (size_t i = 0; i < SAMPLES; i++)
    memcpy(to->inputs + i * in, data->input[i], in * sizeof(float));
  /* Once before the measurement, because kernels are built at their first use. */
  if (fann_quern_run(adapter, to->inputs, SAMPLES, to->by_quern) != QUERN_OK) return false;
  times took;
  for (size_t round = 0; round < ROUNDS; round++) {
    double began = seconds();
    for (size_t i = 0; i < SAMPLES; i++)
      memcpy(to->by_fann + i * out, fann_run(ann, data->input[i]), out * sizeof(float));
    took.fann[round] = seconds() - began;
    began = seconds();
    if (fann_quern_run(adapter, to->inputs, SAMPLES, to->by_quern) != QUERN_OK) return false;
    took.quern[round] = seconds() - began;
  }
  return report("run", "output", distance(to->by_quern, to->by_fann, SAMPLES * out), &took);
}

static bool train_both(struct fann *ann, struct fann_train_data *data, fann_quern *adapter,
                       quern_context *context, const arrays *to) {
  size_t count = fann_get_total_connections(ann), bytes = count * sizeof(float);
  float mse = 0.0f;
  memcpy(to->weights, ann->weights, bytes);

  /* On another adapter, to build the kernels. */
  fann_quern *first = NULL;
  bool ok = fann_quern_create(context, ann, &first) == QUERN_OK &&
            fann_quern_train(first, ann, data, 1, &mse) == QUERN_OK;
  fann_quern_free(first);
  if (!ok) return false;

  times took;
  float fann_mse = 0.0f;
  for (size_t round = 0; round < ROUNDS; round++) {
    double began = seconds();
    if (fann_quern_train(adapter, ann, data, 1, &mse) != QUERN_OK) return false;
    took.quern[round] = seconds() - began;
    began = seconds();
    fann_mse = fann_train_epoch(ann, data);
    took.fann[round] = seconds() - began;
  }

  /* FANN's own result is kept, and quern's replaces it in the network. */
  float *by_fann = malloc(bytes);
  if (by_fann == NULL) return false;
  memcpy(by_fann, ann->weights, bytes);
  ok = fann_quern_give_back(adapter, ann) == QUERN_OK &&
       report("train", "weight", distance(ann->weights, by_fann, count), &took) &&
       memcmp(to->weights, ann->weights, bytes) != 0;
  free(by_fann);
  printf("mean squared error of the last of %d epochs: FANN %.6f, quern %.6f\n", ROUNDS,
         (double)fann_mse, (double)mse);
  return ok && fabsf(mse - fann_mse) <= tolerance * fann_mse;
}

static bool compare(struct fann *ann, struct fann_train_data *data, quern_context *context) {
  fann_quern *adapter = NULL;
  arrays to = {malloc(sizeof(float) * SAMPLES * ann->num_input),
               malloc(sizeof(float) * SAMPLES * ann->num_output),
               malloc(sizeof(float) * SAMPLES * ann->num_output),
               malloc(sizeof(float) * fann_get_total_connections(ann))};
  bool ok = to.inputs != NULL && to.by_fann != NULL && to.by_quern != NULL && to.weights != NULL &&
            fann_quern_create(context, ann, &adapter) == QUERN_OK &&
            run_both(ann, data, adapter, &to) && train_both(ann, data, adapter, context, &to);
  fann_quern_free(adapter);
  free(to.inputs);
  free(to.by_fann);
  free(to.by_quern);
  free(to.weights);
  return ok;
}

int main(int argc, char **argv) {
  struct fann *ann = argc > 1 ? fann_create_from_file(argv[1]) : make_network("784-512-256-10.net");
  struct fann_train_data *data = ann != NULL ? make_data(ann) : NULL;
  quern_context *context = NULL;
  bool ok = data != NULL && quern_context_create(NULL, &context) == QUERN_OK &&
            compare(ann, data, context);
  if (!ok)
    fprintf(stderr, "fann_on_quern: %s\n",
            ann == NULL || data == NULL     ? "FANN could not load or make the network"
            : quern_last_error()[0] != '\0' ? quern_last_error()
                                            : "FANN and quern do not agree");
  quern_context_free(context);
  if (data != NULL) fann_destroy_train(data);
  if (ann != NULL) fann_destroy(ann);
  return ok ? 0 : 1;
}
