/* quern convert: converts model files. */
#include "../text/text.h"
#include "describe.h"
#include "format.h"
#include "open.h"
#include "target.h"

typedef struct convert_settings {
  cli_operands files;
  cli_model_settings model;
  bool json;
} convert_settings;

static const cli_option options[] = {
    {.name = "activation",
     .value = "NAME",
     .kind = CLI_ACTIVATION,
     .offset = offsetof(convert_settings, model.activation),
     .choices = cli_activations,
     .help = "hidden activation, if not in the file",
     .otherwise = "relu"},
    {.name = "loss",
     .value = "NAME",
     .kind = CLI_LOSS,
     .offset = offsetof(convert_settings, model.loss),
     .choices = cli_losses,
     .help = "loss, if not in the file",
     .otherwise = "by the format",
     .details = "Default: categorical for safetensors; squared, which leaves the outputs as they "
                "are, for ONNX without a Softmax or Sigmoid at the end."},
    CLI_OPTION_JSON(convert_settings),
    CLI_OPTION_END};

static const cli_option_group groups[] = {{"Options", options}, CLI_GROUPS_END};

static const char *const examples[] = {
    "quern convert digits.safetensors digits.onnx",
    "quern convert --loss categorical from-pytorch.onnx model.safetensors", NULL};

static bool has_frozen(const quern_network *network) {
  for (size_t i = 0; i < quern_network_layer_count(network); i++) {
    const quern_layer layer = quern_network_layer(network, i);
    if (layer.freeze_weights || layer.freeze_bias) return true;
  }
  return false;
}

static cli_exit print_json(const char *from, const char *to, const quern_network *network) {
  cli_json json = cli_json_create();
  cli_json_text(&json, json.root, "from", from);
  cli_json_text(&json, json.root, "to", to);
  cli_json_network(&json, network);
  const cli_exit result = cli_json_print(&json);
  cli_json_free(&json);
  return result;
}

static cli_exit convert(convert_settings *settings) {
  const char *from = settings->files.items[0], *to = settings->files.items[1];
  FILE *out = settings->json ? stderr : stdout;
  const cli_format format = cli_format_of(to);
  quern_network *network = NULL;
  if (format == CLI_FORMAT_UNSAID)
    return cli_fail("%s: expected a name that ends with .safetensors or .onnx", to);
  settings->model.path = from;
  cli_exit result = cli_check_target(to);
  if (result == CLI_OK) result = cli_check_spared(to, from, "quern convert");
  if (result == CLI_OK) result = cli_open_model(&settings->model, &network);
  if (result == CLI_OK && cli_format_save(network, to) != QUERN_OK) result = cli_fail_library();
  if (result == CLI_OK) {
    cli_print(out, "model: %s, ", from);
    cli_print_network(out, network);
    cli_print(out, "\nsaved %s\n", to);
    if (format == CLI_FORMAT_ONNX && has_frozen(network))
      fprintf(out, "note: ONNX does not keep which parameters are frozen\n");
    if (settings->json) result = print_json(from, to, network);
  }
  quern_network_free(network);
  return result;
}

static cli_exit run_convert(const cli_command *command, int argc, char **argv) {
  convert_settings settings = {.model = CLI_MODEL_SETTINGS_INIT};
  const cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  return parsed == CLI_PARSED_RUN ? convert(&settings) : (cli_exit)cli_parsed_exit(parsed);
}

const cli_command cli_convert = {
    .name = "convert",
    .summary = "convert a model to ONNX or safetensors",
    .about = "Reads a model and writes it in the format of the second name: .onnx or .safetensors.",
    .details = "An ONNX file computes what `quern predict` prints, probabilities included. It "
               "keeps neither dropout nor which parameters are frozen. ONNX files are read if "
               "their graph is a chain of Gemm, or MatMul and Add, with normalizations and "
               "activations that quern has, and a Softmax or Sigmoid at the end.",
    .groups = groups,
    .operands = {.name = "IN OUT",
                 .least = 2,
                 .most = 2,
                 .offset = offsetof(convert_settings, files)},
    .examples = examples,
    .run = run_convert,
};
