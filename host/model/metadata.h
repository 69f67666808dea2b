/* quern's keys in a model file's metadata. */
#ifndef QUERN_HOST_MODEL_METADATA_H
#define QUERN_HOST_MODEL_METADATA_H

#include "../base/text.h"
#include "../format/safetensors/safetensors.h"
#include <quern/model.h>

/* QUERN_VERSION of the writer. */
#define QUERN__KEY_VERSION "quern.version"

/* One per layer: "relu,leaky-relu:0.2,identity". */
#define QUERN__KEY_ACTIVATIONS "quern.activations"

/* "categorical", "huber:1.5". */
#define QUERN__KEY_LOSS "quern.loss"

/* Names of tensors that are not trained: "0.bias,2.bias"; may be "". */
#define QUERN__KEY_FROZEN "quern.frozen"

/* One per layer: "batch,layer:0.001,none"; absent if no layer has one. */
#define QUERN__KEY_NORMALIZATION "quern.normalization"

/* One per layer: "0.2,0"; absent if no layer has dropout. */
#define QUERN__KEY_DROPOUT "quern.dropout"

/* See host/data/schema_text.c; absent if the data needs no description. */
#define QUERN__KEY_SCHEMA "quern.schema"

/* The version of a checkpoint's format: see host/format/checkpoint_keys.h. */
#define QUERN__KEY_CHECKPOINT "quern.checkpoint"

/* A layer as stored in a file. */
typedef struct quern__model_layer {
  const char *name; /* e.g. "0" for "0.weight"; not terminated */
  size_t name_length;
  const quern__tensor_entry *weight, *bias; /* bias may be NULL */
  /* e.g. "1" for "1.weight"; NULL without a normalization, as are its tensors */
  const char *norm_name;
  size_t norm_name_length;
  const quern__tensor_entry *gamma, *beta; /* beta may be NULL */
  /* of batch normalization; the counter may be NULL */
  const quern__tensor_entry *mean, *variance, *counter;
  /* quern__model_layers sets units and the normalization's kind; quern__metadata_read sets the
   * rest */
  quern_layer layer;
} quern__model_layer;

/* Return the values of four keys; NULL if no layer has a normalization or dropout. `weights` has
 * the index of each layer's weight in `tensors`; its bias follows. The caller frees the texts. */
quern_status quern__metadata_activations(const quern_network *network, char **text);
quern_status quern__metadata_normalization(const quern_network *network, char **text);
quern_status quern__metadata_dropout(const quern_network *network, char **text);
quern_status quern__metadata_frozen(const quern_network *network, const quern__tensor_plan *tensors,
                                    const size_t *weights, char **text);

/* Enough bytes for any name with its parameter, as from quern_activation_format. */
enum { QUERN__PARAMETER_TEXT = 64 };

/* Append "relu", or "leaky-relu:0.2" if the parameter is not the default; "batch:0.001";
 * "huber:1.5". */
void quern__metadata_print_activation(quern__text *text, quern_activation activation);
void quern__metadata_print_normalization(quern__text *text, quern_normalization normalization);
void quern__metadata_print_loss(quern__text *text, quern_loss loss, float delta);

/* Fails if the file is a checkpoint. */
quern_status quern__metadata_refuse_checkpoint(const quern__safetensors *file);

/* Sets activations, epsilons, dropout and frozen flags of `layers`, *loss and *huber_delta from the
 * file's metadata, or from options if a key is missing. Unknown keys "quern.…" are refused, since
 * this version may not be able to honor them. */
quern_status quern__metadata_read(const quern__safetensors *file,
                                  const quern_model_options *options, quern__model_layer *layers,
                                  size_t count, quern_loss *loss, float *huber_delta);

/* Starts the next remark of a note: appends "; " unless the note is empty. */
void quern__note_next(quern__text *note);

/* Appends which of the file's missing metadata were assumed. */
void quern__metadata_note(const quern__safetensors *file, const quern_model_options *options,
                          size_t layers, quern__text *note);

#endif
