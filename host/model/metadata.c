/* Converts activations, dropout, losses and frozen tensors to and from metadata. */
#include "metadata.h"
#include "layout.h"
#include <quern/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void quern__metadata_print_activation(quern__text *text, quern_activation activation) {
  char name[QUERN__PARAMETER_TEXT];
  quern_activation_format(activation, name, sizeof name);
  quern__text_put(text, name);
}

void quern__metadata_print_normalization(quern__text *text, quern_normalization normalization) {
  char name[QUERN__PARAMETER_TEXT];
  quern_normalization_format(normalization, name, sizeof name);
  quern__text_put(text, name);
}

void quern__metadata_print_loss(quern__text *text, quern_loss loss, float delta) {
  char name[QUERN__PARAMETER_TEXT];
  quern_loss_format(loss, delta, name, sizeof name);
  quern__text_put(text, name);
}

quern_status quern__metadata_activations(const quern_network *network, char **text) {
  quern__text list = {0};
  for (size_t i = 0; i < quern_network_layer_count(network); i++) {
    if (i > 0) quern__text_put(&list, ",");
    quern__metadata_print_activation(&list, quern_network_layer(network, i).activation);
  }
  return quern__text_close(&list, text);
}

quern_status quern__metadata_normalization(const quern_network *network, char **text) {
  const size_t count = quern_network_layer_count(network);
  bool any = false;
  *text = NULL;
  for (size_t i = 0; i < count; i++)
    any = any || quern_network_layer(network, i).normalization.kind != QUERN_NORMALIZATION_NONE;
  if (!any) return QUERN_OK;
  quern__text list = {0};
  for (size_t i = 0; i < count; i++) {
    if (i > 0) quern__text_put(&list, ",");
    quern__metadata_print_normalization(&list, quern_network_layer(network, i).normalization);
  }
  return quern__text_close(&list, text);
}

quern_status quern__metadata_dropout(const quern_network *network, char **text) {
  const size_t count = quern_network_layer_count(network);
  bool any = false;
  *text = NULL;
  for (size_t i = 0; i < count; i++) any = any || quern_network_layer(network, i).dropout > 0.0f;
  if (!any) return QUERN_OK;
  quern__text list = {0};
  for (size_t i = 0; i < count; i++) {
    if (i > 0) quern__text_put(&list, ",");
    quern__text_float(&list, quern_network_layer(network, i).dropout);
  }
  return quern__text_close(&list, text);
}

quern_status quern__metadata_frozen(const quern_network *network, const quern__tensor_plan *tensors,
                                    const size_t *weights, char **text) {
  quern__text list = {0};
  const char *comma = "";
  for (size_t i = 0; i < quern_network_layer_count(network); i++) {
    quern_layer layer = quern_network_layer(network, i);
    bool frozen[2] = {layer.freeze_weights, layer.freeze_bias};
    for (size_t part = 0; part < 2; part++) {
      if (!frozen[part]) continue;
      quern__text_print(&list, "%s%s", comma, tensors[weights[i] + part].name);
      comma = ",";
    }
  }
  return quern__text_close(&list, text);
}

/* Parses "relu" or "leaky-relu:0.2". */
static quern_status read_activation(const quern__safetensors *file, const char *item,
                                    quern_activation *activation) {
  if (quern_activation_parse(item, activation)) return QUERN_OK;
  const int length = (int)strcspn(item, ":");
  for (size_t kind = 0;
       item[length] == ':' && quern_activation_name((quern_activation_kind)kind) != NULL; kind++) {
    const char *name = quern_activation_name((quern_activation_kind)kind);
    if (strlen(name) != (size_t)length || strncmp(name, item, (size_t)length) != 0) continue;
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: metadata \"%s\": \"%.200s\", expected a slope of at least 0, and only "
                       "for leaky-relu and elu",
                       file->path, QUERN__KEY_ACTIVATIONS, item);
  }
  return quern__fail(QUERN_ERROR_FORMAT, "%s: metadata \"%s\": unknown activation \"%.*s\"",
                     file->path, QUERN__KEY_ACTIVATIONS, length < 200 ? length : 200, item);
}

/* Returns the next item of a comma-separated list, terminated in place; NULL after the last. */
static char *next_item(char **list) {
  if (*list == NULL) return NULL;
  char *item = *list, *comma = strchr(item, ',');
  *list = comma != NULL ? comma + 1 : NULL;
  if (comma != NULL) *comma = '\0';
  return item;
}

static quern_status read_activations(const quern__safetensors *file, char *list,
                                     quern__model_layer *layers, size_t count) {
  size_t found = 0;
  for (char *item = next_item(&list); item != NULL; item = next_item(&list), found++) {
    if (found == count)
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: metadata \"%s\": more activations than the %zu layers", file->path,
                         QUERN__KEY_ACTIVATIONS, count);
    QUERN__FORWARD(read_activation(file, item, &layers[found].layer.activation));
  }
  if (found == count) return QUERN_OK;
  return quern__fail(
      QUERN_ERROR_FORMAT,
      "%s: metadata \"%s\": %zu activations, expected one for each of the %zu layers", file->path,
      QUERN__KEY_ACTIVATIONS, found, count);
}

/* The kinds must match those that the tensors imply. */
static quern_status read_normalization(const quern__safetensors *file, char *list,
                                       quern__model_layer *layers, size_t count) {
  size_t found = 0;
  for (char *item = next_item(&list); item != NULL; item = next_item(&list), found++) {
    quern_normalization normalization;
    if (!quern_normalization_parse(item, &normalization))
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: metadata \"%s\": unknown normalization \"%.200s\"", file->path,
                         QUERN__KEY_NORMALIZATION, item);
    if (found >= count) continue;
    const quern_normalization_kind kind = layers[found].layer.normalization.kind;
    if (normalization.kind != kind)
      return quern__fail(
          QUERN_ERROR_FORMAT,
          "%s: metadata \"%s\": layer %zu has \"%s\", but its tensors are those of \"%s\"",
          file->path, QUERN__KEY_NORMALIZATION, found, item, quern_normalization_name(kind));
    layers[found].layer.normalization = normalization;
  }
  if (found == count) return QUERN_OK;
  return quern__fail(
      QUERN_ERROR_FORMAT,
      "%s: metadata \"%s\": %zu normalizations, expected one for each of the %zu layers",
      file->path, QUERN__KEY_NORMALIZATION, found, count);
}

static quern_status read_dropout(const quern__safetensors *file, char *list,
                                 quern__model_layer *layers, size_t count) {
  size_t found = 0;
  locale_t numbers;
  QUERN__FORWARD(quern__c_locale(&numbers));
  quern_status status = QUERN_OK;
  for (char *item = next_item(&list); item != NULL && status == QUERN_OK;
       item = next_item(&list), found++) {
    char *end;
    const float p = strtof_l(item, &end, numbers);
    if (*item == '\0' || *end != '\0' || !(p >= 0.0f && p < 1.0f))
      status = quern__fail(QUERN_ERROR_FORMAT,
                           "%s: metadata \"%s\": \"%.200s\", expected at least 0 and less than 1",
                           file->path, QUERN__KEY_DROPOUT, item);
    else if (found < count)
      layers[found].layer.dropout = p;
  }
  freelocale(numbers);
  if (status != QUERN_OK || found == count) return status;
  return quern__fail(QUERN_ERROR_FORMAT,
                     "%s: metadata \"%s\": %zu numbers, expected one for each of the %zu layers",
                     file->path, QUERN__KEY_DROPOUT, found, count);
}

static int compare_layers(const void *a, const void *b) {
  const quern__model_layer *x = *(quern__model_layer *const *)a,
                           *y = *(quern__model_layer *const *)b;
  return quern__compare_naturally(x->name, x->name_length, y->name, y->name_length);
}

/* `layers` are sorted by name. */
static quern_status read_frozen_names(const quern__safetensors *file, char *list,
                                      quern__model_layer **layers, size_t count) {
  for (char *item = next_item(&list); item != NULL; item = next_item(&list)) {
    char *dot = strrchr(item, '.');
    quern__model_layer key = {.name = item, .name_length = dot != NULL ? (size_t)(dot - item) : 0},
                       *wanted = &key;
    quern__model_layer **found =
        dot != NULL ? bsearch(&wanted, layers, count, sizeof *layers, compare_layers) : NULL;
    quern__model_layer *layer = found != NULL ? *found : NULL;
    if (layer != NULL && strcmp(dot, ".weight") == 0)
      layer->layer.freeze_weights = true;
    else if (layer != NULL && layer->bias != NULL && strcmp(dot, ".bias") == 0)
      layer->layer.freeze_bias = true;
    else
      return quern__fail(QUERN_ERROR_FORMAT, "%s: metadata \"%s\": there is no tensor \"%.200s\"",
                         file->path, QUERN__KEY_FROZEN, item);
  }
  return QUERN_OK;
}

static quern_status read_frozen(const quern__safetensors *file, char *list,
                                quern__model_layer *layers, size_t count) {
  if (*list == '\0') return QUERN_OK;
  quern__model_layer **sorted = calloc(count, sizeof *sorted);
  if (sorted == NULL) return quern__fail_memory(file->path, count * sizeof *sorted);
  for (size_t i = 0; i < count; i++) sorted[i] = &layers[i];
  qsort(sorted, count, sizeof *sorted, compare_layers);
  const quern_status status = read_frozen_names(file, list, sorted, count);
  free(sorted);
  return status;
}

quern_status quern__metadata_refuse_checkpoint(const quern__safetensors *file) {
  if (quern__safetensors_metadata(file, QUERN__KEY_CHECKPOINT) == NULL) return QUERN_OK;
  return quern__fail(
      QUERN_ERROR_FORMAT,
      "%s: is a checkpoint of training, expected a model: resume the training, and save a model",
      file->path);
}

static quern_status refuse_unknown_keys(const quern__safetensors *file) {
  static const char *const known[] = {
      QUERN__KEY_VERSION, QUERN__KEY_ACTIVATIONS, QUERN__KEY_LOSS,         QUERN__KEY_FROZEN,
      QUERN__KEY_SCHEMA,  QUERN__KEY_DROPOUT,     QUERN__KEY_NORMALIZATION};
  for (size_t m = 0; m < file->metadata_count; m++) {
    const char *key = file->metadata[m].key;
    bool ours = strncmp(key, "quern.", strlen("quern.")) == 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
      if (strcmp(key, known[i]) == 0) ours = false;
    if (ours)
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: metadata \"%.200s\" is not known to quern " QUERN_VERSION, file->path,
                         key);
  }
  return QUERN_OK;
}

/* Copies a value so that its list can be split in place; NULL if the key is missing. */
static quern_status copy_value(const quern__safetensors *file, const char *key, char **copy) {
  const char *value = quern__safetensors_metadata(file, key);
  *copy = value != NULL ? strdup(value) : NULL;
  if (value != NULL && *copy == NULL) return quern__fail_memory(file->path, strlen(value) + 1);
  return QUERN_OK;
}

quern_status quern__metadata_read(const quern__safetensors *file,
                                  const quern_model_options *options, quern__model_layer *layers,
                                  size_t count, quern_loss *loss, float *huber_delta) {
  quern_status status = QUERN_OK;
  char *activations = NULL, *frozen = NULL, *dropout = NULL, *normalization = NULL;
  QUERN__TRY(refuse_unknown_keys(file));
  for (size_t i = 0; i < count; i++) {
    layers[i].layer.activation =
        i + 1 < count ? options->activation : quern_activation_of(QUERN_ACTIVATION_IDENTITY);
    layers[i].layer.freeze_weights = false;
    /* A missing bias stays 0. After a normalization freeze_bias would also freeze gamma and beta,
     * so it stays unset. */
    layers[i].layer.freeze_bias = layers[i].bias == NULL && layers[i].gamma == NULL;
  }
  QUERN__TRY(copy_value(file, QUERN__KEY_ACTIVATIONS, &activations));
  if (activations != NULL) QUERN__TRY(read_activations(file, activations, layers, count));
  QUERN__TRY(copy_value(file, QUERN__KEY_NORMALIZATION, &normalization));
  if (normalization != NULL) QUERN__TRY(read_normalization(file, normalization, layers, count));
  QUERN__TRY(copy_value(file, QUERN__KEY_DROPOUT, &dropout));
  if (dropout != NULL) QUERN__TRY(read_dropout(file, dropout, layers, count));
  QUERN__TRY(copy_value(file, QUERN__KEY_FROZEN, &frozen));
  if (frozen != NULL) QUERN__TRY(read_frozen(file, frozen, layers, count));
  *loss = options->loss;
  *huber_delta = options->huber_delta;
  const char *name = quern__safetensors_metadata(file, QUERN__KEY_LOSS);
  if (name != NULL && !quern_loss_parse(name, loss, huber_delta))
    status = quern__fail(QUERN_ERROR_FORMAT, "%s: metadata \"%s\": unknown loss \"%.200s\"",
                         file->path, QUERN__KEY_LOSS, name);
cleanup:
  free(normalization);
  free(dropout);
  free(frozen);
  free(activations);
  return status;
}

void quern__note_next(quern__text *note) {
  if (note->length > 0) quern__text_put(note, "; ");
}

void quern__metadata_note(const quern__safetensors *file, const quern_model_options *options,
                          size_t layers, quern__text *note) {
  const bool activation = layers > 1 && !options->activation_is_chosen &&
                          quern__safetensors_metadata(file, QUERN__KEY_ACTIVATIONS) == NULL,
             loss = !options->loss_is_chosen &&
                    quern__safetensors_metadata(file, QUERN__KEY_LOSS) == NULL;
  if (!activation && !loss) return;
  quern__note_next(note);
  quern__text_print(note, "the file does not name its %s: ",
                    !loss         ? "activations"
                    : !activation ? "loss"
                                  : "activations and loss");
  if (activation) {
    quern__metadata_print_activation(note, options->activation);
    quern__text_put(note, " in hidden layers");
  }
  if (activation && loss) quern__text_put(note, " and ");
  if (loss) {
    quern__metadata_print_loss(note, options->loss, options->huber_delta);
    quern__text_put(note, " as the loss");
  }
  quern__text_put(note, activation && loss ? " are assumed" : " is assumed");
}
