/* Writes the program for the steps of one network: what its layers share, each layer after its
 * sizes, and the kernel. */
#include "network_source.h"

#include "../../functions/activation.h"
#include "kernels_embedded.h"
#include <inttypes.h>
#include <string.h>

/* Unrolled loops over inputs pay off up to this many parameters. */
enum { MOST_UNROLLED = 128 };

/* The narrowest vectors that hold the widest layer; at least 2 and at most the device's. */
static unsigned vector_width(const quern__cl *cl, const quern_steps_network *network) {
  size_t widest = 2;
  unsigned width = 2;
  for (size_t l = 0; l < network->layer_count; l++)
    if (network->layers[l].out > widest) widest = network->layers[l].out;
  while (width < widest && width < cl->tuning.vector_width) width *= 2;
  return width;
}

static double parameters_of(const quern_steps_network *network, unsigned width) {
  double count = 0;
  for (size_t l = 0; l < network->layer_count; l++) {
    const quern_steps_layer *layer = &network->layers[l];
    const double vectors = (double)((layer->out - 1) / width + 1);
    count += ((double)layer->in + 1) * vectors * width;
  }
  return count;
}

double quern__cl_network_floats(const quern__cl *cl, const quern_steps_network *network) {
  const double sums = network->batch > 1 ? 1 : 0;
  return parameters_of(network, vector_width(cl, network)) * (1 + sums + (double)network->kept);
}

/* Defines a float with exactly its bits. */
static void define_float(quern__text *text, const char *name, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  quern__text_print(text, "#define %s as_float(0x%08" PRIx32 "u)\n", name, bits);
}

/* The functions of one layer: kernels/fused/network_layer.cl. */
static void put_layer(quern__text *text, const quern_steps_layer *layer, size_t l) {
  quern__text_print(text,
                    "#define LAYER %zu\n#define IN %zu\n#define OUT %zu\n#define ACTIVATION %d\n"
                    "#define LEARNS_W %d\n#define LEARNS_B %d\n#define THRESHOLD %" PRIu32 "u\n",
                    l, layer->in, layer->out, (int)layer->activation.kind, layer->learns_weights,
                    layer->learns_bias, layer->threshold);
  define_float(text, "SLOPE", layer->activation.slope);
  define_float(text, "SCALE", layer->scale);
  QUERN__CL_PUT_FILE(text, network_layer);
}

/* What network_steps.cl needs to know of layer l. */
static void define_layer(quern__text *text, const quern_steps_layer *layers, size_t l) {
  const quern_steps_layer *layer = &layers[l];
  quern__text_print(text,
                    "#define ROWS_%zu %zu\n#define VECTORS_%zu NETWORK_VECTORS(%zu)\n"
                    "#define WEIGHTS_%zu %zu\n#define BIAS_%zu %zu\n"
                    "#define SLOPE_FROM_%zu %s_%zu\n",
                    l, layer->in + 1, l, layer->out, l, layer->weights, l, layer->bias, l,
                    quern_activation_reads_z(layer->activation.kind) ? "z" : "h", l);
  if (l == 0)
    quern__text_put(text, "#define SOURCE_0 input\n");
  else
    quern__text_print(text, "#define SOURCE_%zu ((const float *)%s_%zu)\n", l,
                      layers[l - 1].threshold > 0 ? "kept" : "h", l - 1);
}

static void define_network(quern__text *text, const quern_steps_network *network, size_t lowest) {
  const size_t count = network->layer_count;
  for (size_t l = 0; l < count; l++) define_layer(text, network->layers, l);
  quern__text_put(text, "#define LAYERS(X)");
  for (size_t l = 0; l < count; l++) quern__text_print(text, " X(%zu)", l);
  quern__text_put(text, "\n#define LEARNERS(X)");
  for (size_t l = lowest; l < count; l++) quern__text_print(text, " X(%zu)", l);
  quern__text_put(text, "\n#define PAIRS(X)");
  for (size_t l = count - 1; l > lowest; l--) quern__text_print(text, " X(%zu, %zu)", l, l - 1);
  quern__text_print(text,
                    "\n#define TOP(X) X(%zu)\n#define INPUTS %zu\n#define CLASSES %zu\n"
                    "#define LOSS %d\n#define CHANGES_LOSS %d\n",
                    count - 1, network->layers[0].in, network->layers[count - 1].out,
                    (int)network->loss, network->changes_loss);
  define_float(text, "DELTA", network->delta);
}

quern_status quern__cl_network_source(const quern__cl *cl, const quern_steps_network *network,
                                      size_t lowest, quern__cl_source *source) {
  const unsigned width = vector_width(cl, network);
  quern__text text = {0};
  *source = (quern__cl_source){NULL, 0, NULL};
  QUERN__CL_PUT_FILE(&text, common);
  QUERN__CL_PUT_FILE(&text, philox);
  QUERN__CL_PUT_FILE(&text, dropout);
  QUERN__CL_PUT_FILE(&text, optimizer_rules);
  QUERN__CL_PUT_FILE(&text, interleave);
  quern__text_put(&text, "#define LOSS_SPACE __private\n");
  QUERN__CL_PUT_FILE(&text, loss_row);
  quern__text_print(&text, "#define BATCH %zu\n#define RULE %" PRId32 "\n#define UNROLLS %d\n",
                    network->batch, network->rule, parameters_of(network, width) <= MOST_UNROLLED);
  QUERN__CL_PUT_FILE(&text, network);
  for (size_t l = 0; l < network->layer_count; l++) put_layer(&text, &network->layers[l], l);
  define_network(&text, network, lowest);
  QUERN__CL_PUT_FILE(&text, network_steps);
  QUERN__FORWARD(quern__text_close(&text, &source->text));
  source->size = text.length;
  return quern__cl_source_options(cl, width, source);
}
