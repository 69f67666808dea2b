/* quern's part of a model file's metadata. */
#ifndef QUERN_HOST_MODEL_METADATA_H
#define QUERN_HOST_MODEL_METADATA_H

#include "../base/text.h"
#include "../format/safetensors/safetensors.h"
#include <quern/model.h>

#define QUERN__KEY_VERSION "quern.version" /* QUERN_VERSION of the writer */
/* one a layer: "relu,leaky-relu:0.2,identity"  \ */
#define QUERN__KEY_ACTIVATIONS "quern.activations"
#define QUERN__KEY_LOSS        "quern.loss" /* "categorical", "huber:1.5" */
#define QUERN__KEY_FROZEN                                                                          \
  "quern.frozen" /* names of tensors that do not learn: "0.bias,2.bias"; or "" */

#define QUERN__KEY_NORMALIZATION                                                                   \
  "quern.normalization" /* one a layer: "batch,layer:0.001,none"; likewise */
/* one a layer: "0.2,0"; left out where there is none   \ */
#define QUERN__KEY_DROPOUT "quern.dropout"

#define QUERN__KEY_SCHEMA                                                                          \
  "quern.schema" /* see host/data/schema_text.c; left out where there is nothing to say */

#define QUERN__KEY_CHECKPOINT                                                                      \
  "quern.checkpoint" /* the format of a checkpoint: see host/train/checkpoint.c */

/* A layer as it stands in a file. */
typedef struct quern__model_layer {
  const char *name; /* "0" of "0.weight"; not terminated */
  size_t name_length;
  const quern__tensor_entry *weight, *bias; /* bias NULL: none */
  /* "1" of "1.weight"; NULL where it has no normalization, and no tensors of one */
  const char *norm_name;
  size_t norm_name_length;
  const quern__tensor_entry *gamma, *beta; /* beta NULL: none */
  /* of batch normalization: the last may be NULL */
  const quern__tensor_entry *mean, *variance, *counter;
  /* units and the kind of normalization set by the reader of tensors, the rest here */
  quern_layer layer;
} quern__model_layer;

/* The values of four keys, NULL for normalizations and dropout where there is none. `weights` says
 * where each layer's weight is among the tensors, with its bias behind. The caller frees the texts.
 */
quern_status quern__metadata_activations(const quern_network *network, char **text);
quern_status quern__metadata_normalization(const quern_network *network, char **text);
quern_status quern__metadata_dropout(const quern_network *network, char **text);
quern_status quern__metadata_frozen(const quern_network *network, const quern__tensor_plan *tensors,
                                    const size_t *weights, char **text);

/* Bytes for any name with its parameter, as quern_activation_format writes it. */
enum { QUERN__PARAMETER_TEXT = 64 };

/* "relu", or "leaky-relu:0.2" where the slope is not the default; "huber", or "huber:1.5". */
void quern__metadata_print_activation(quern__text *text, quern_activation activation);
/* "batch:0.001" */
void quern__metadata_print_normalization(quern__text *text, quern_normalization normalization);
void quern__metadata_print_loss(quern__text *text, quern_loss loss, float delta);

/* Refuses a file that holds a checkpoint. */
quern_status quern__metadata_refuse_checkpoint(const quern__safetensors *file);

/* Sets activations, epsilons, dropout and frozen flags of `layers`, which are in their natural
 * order, *loss and *huber_delta, from the file's metadata, or from options where a key is missing.
 * A key "quern.…" that is not known is refused: it would say something that this version cannot
 * honor. */
quern_status quern__metadata_read(const quern__safetensors *file,
                                  const quern_model_options *options, quern__model_layer *layers,
                                  size_t count, quern_loss *loss, float *huber_delta);

#endif
