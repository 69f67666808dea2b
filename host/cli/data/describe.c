#include "describe.h"
#include "../text/text.h"

#include <math.h>
#include <string.h>

enum { NAME_SIZE = 64 }; /* for a name with its parameter */

void cli_print_device(FILE *out, const quern_device_info *info) {
  const char *kind = quern_device_kind_name(info->kind);
  if (info->kind == QUERN_DEVICE_REFERENCE)
    cli_print(out, "device: %s (%s), plain C\n", info->name, info->platform);
  else
    cli_print(out, "device: %s (%s), OpenCL %s\n", info->name, info->platform, kind);
}

void cli_print_tuning(FILE *out, const quern_context *context) {
  const char *file = quern_context_tuning(context), *note = quern_context_note(context);
  if (*file != '\0') cli_print(out, "tuning: %s\n", file);
  if (*note != '\0') cli_print(out, "note: %s\n", note);
}

void cli_print_network(FILE *out, const quern_network *network) {
  size_t layers = quern_network_layer_count(network);
  fprintf(out, "%zu", quern_network_inputs(network));
  for (size_t i = 0; i < layers; i++) fprintf(out, "-%zu", quern_network_layer(network, i).units);
  /* Hidden layers may differ: each change is printed. */
  char last[NAME_SIZE] = "", name[NAME_SIZE], kept[NAME_SIZE] = "none";
  float dropped = 0.0f;
  for (size_t i = 0; i < layers; i++) {
    const quern_layer layer = quern_network_layer(network, i);
    const bool hidden = i + 1 < layers;
    quern_normalization_format(layer.normalization, name, sizeof name);
    if (strcmp(name, kept) != 0 && (hidden || layer.normalization.kind != QUERN_NORMALIZATION_NONE))
      cli_print(out, ", %s normalization", name);
    memcpy(kept, name, sizeof kept);
    if (!hidden) break;
    quern_activation_format(layer.activation, name, sizeof name);
    if (strcmp(name, last) != 0) cli_print(out, ", %s", name);
    memcpy(last, name, sizeof last);
    if (layer.dropout != dropped) fprintf(out, ", dropout %g", (double)layer.dropout);
    dropped = layer.dropout;
  }
  const quern_layer end = quern_network_layer(network, layers - 1);
  quern_activation_format(end.activation, name, sizeof name);
  if (end.activation.kind != QUERN_ACTIVATION_IDENTITY) cli_print(out, ", %s at the end", name);
  quern_loss_format(quern_network_loss(network), quern_network_huber_delta(network), name,
                    sizeof name);
  cli_print(out, ", %s loss, %s parameters", name,
            cli_grouped((double)quern_network_parameter_count(network)).text);
}

void cli_print_data(FILE *out, const quern_dataset *data) {
  size_t height, width;
  cli_print(out, "%s samples of ", cli_grouped((double)quern_dataset_rows(data)).text);
  if (quern_dataset_image_size(data, &height, &width))
    fprintf(out, "%zu x %zu pixels", height, width);
  else
    fprintf(out, "%zu values", quern_dataset_columns(data));
  const size_t outputs = quern_dataset_outputs(data);
  const char *plural = outputs == 1 ? "" : "s";
  if (quern_dataset_task(data) == QUERN_TASK_LABELS)
    cli_print(out, ", %zu label%s", outputs, plural);
  if (quern_dataset_task(data) == QUERN_TASK_REGRESSION)
    cli_print(out, ", %zu number%s to predict", outputs, plural);
  if (quern_schema_is_standardized(quern_dataset_schema(data))) fputs(", standardized", out);
}

cli_digits cli_figure(double number) {
  cli_digits result;
  snprintf(result.text, sizeof result.text, fabs(number) < 1e5 ? "%.4f" : "%.3g", number);
  return result;
}

cli_digits cli_grouped(double number) {
  cli_digits grouped;
  char plain[sizeof grouped.text * 3 / 4]; /* a third longer by its commas */
  if (!isfinite(number) || !(fabs(number) < 1e18)) {
    snprintf(grouped.text, sizeof grouped.text, "%g", number);
    return grouped;
  }
  int length = snprintf(plain, sizeof plain, "%.0f", fabs(number));
  char *cursor = grouped.text;
  if (number <= -0.5) *cursor++ = '-';
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) *cursor++ = ',';
    *cursor++ = plain[i];
  }
  *cursor = '\0';
  return grouped;
}

void cli_json_device(cli_json *json, cJSON *object, const quern_context *context) {
  quern_device_info info;
  quern_context_describe(context, &info);
  cli_json_text(json, object, "device", info.name);
  cli_json_text(json, object, "platform", info.platform);
  cli_json_text(json, object, "backend", info.backend);
  cli_json_text(json, object, "device_kind", quern_device_kind_name(info.kind));
}

void cli_json_network(cli_json *json, const quern_network *network) {
  char name[NAME_SIZE];
  cJSON *object = cli_json_object(json, json->root, "network");
  cJSON *units = cli_json_list(json, object, "units");
  cJSON *activations = cli_json_list(json, object, "activations");
  cJSON *normalizations = cli_json_list(json, object, "normalizations");
  cJSON *dropout = cli_json_list(json, object, "dropout");
  cli_json_append_number(json, units, (double)quern_network_inputs(network));
  for (size_t i = 0; i < quern_network_layer_count(network); i++) {
    quern_layer layer = quern_network_layer(network, i);
    cli_json_append_number(json, units, (double)layer.units);
    quern_activation_format(layer.activation, name, sizeof name);
    cli_json_append_text(json, activations, name);
    quern_normalization_format(layer.normalization, name, sizeof name);
    cli_json_append_text(json, normalizations, name);
    cli_json_append_number(json, dropout, cli_json_float(layer.dropout));
  }
  quern_loss_format(quern_network_loss(network), quern_network_huber_delta(network), name,
                    sizeof name);
  cli_json_text(json, object, "loss", name);
  cli_json_number(json, object, "parameters", (double)quern_network_parameter_count(network));
}
