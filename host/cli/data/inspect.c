/* quern inspect: describes a file. */
#include "../command/cli.h"
#include "../text/draft.h"
#include "../text/text.h"
#include "describe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct inspect_settings {
  cli_operands file;
  bool json;
} inspect_settings;

static const cli_option options[] = {CLI_OPTION_JSON(inspect_settings), CLI_OPTION_END};

static const cli_option_group groups[] = {{"Options", options}, CLI_GROUPS_END};

static const char *const examples[] = {"quern inspect digits.safetensors",
                                       "quern inspect --json digits.checkpoint", NULL};

/* Returns the value of a metadata key, or NULL. */
static const char *value_of(const quern_inspection *file, const char *key) {
  for (size_t i = 0; i < quern_inspection_metadata_count(file); i++)
    if (strcmp(quern_inspection_metadata_key(file, i), key) == 0)
      return quern_inspection_metadata_value(file, i);
  return NULL;
}

/* Returns "784 x 128", for a scalar "1"; NULL if memory is out. The caller frees it. */
static char *shape_text(const quern_tensor_info *info) {
  cli_draft text;
  if (!cli_draft_open(&text)) return NULL;
  if (info->rank == 0) fputc('1', text.stream);
  for (size_t d = 0; d < info->rank; d++)
    fprintf(text.stream, "%s%zu", d > 0 ? " x " : "", info->shape[d]);
  return cli_draft_take(&text);
}

static void print_number(FILE *out, double number) {
  if (isnan(number))
    cli_print(out, "  %10s", "-");
  else
    fprintf(out, "  %10.4g", number);
}

static cli_exit print_tensors(FILE *out, const quern_inspection *file) {
  const size_t count = quern_inspection_tensor_count(file);
  char **shapes = calloc(count + 1, sizeof *shapes);
  bool good = shapes != NULL, not_finite = false;
  size_t name_width = strlen("tensor"), shape_width = strlen("shape");
  for (size_t i = 0; i < count && good; i++) {
    const quern_tensor_info info = quern_inspection_tensor(file, i);
    shapes[i] = shape_text(&info);
    good = shapes[i] != NULL;
    const size_t name = cli_text_length(info.name), shape = good ? strlen(shapes[i]) : 0;
    if (name > name_width) name_width = name;
    if (shape > shape_width) shape_width = shape;
    not_finite = not_finite || info.not_finite > 0;
  }
  if (good)
    cli_print(out, "\n%-*s  type  %-*s  %10s  %10s  %10s  %10s%s\n", (int)name_width, "tensor",
              (int)shape_width, "shape", "mean", "deviation", "least", "most",
              not_finite ? "  not finite" : "");
  for (size_t i = 0; i < count && good; i++) {
    const quern_tensor_info info = quern_inspection_tensor(file, i);
    cli_print(out, "%-*s  %-4s  %-*s", (int)name_width, info.name, info.type, (int)shape_width,
              shapes[i]);
    print_number(out, info.mean);
    print_number(out, info.deviation);
    print_number(out, info.least);
    print_number(out, info.most);
    if (info.not_finite > 0) fprintf(out, "  %10zu", info.not_finite);
    fputc('\n', out);
  }
  for (size_t i = 0; i < count && shapes != NULL; i++) free(shapes[i]);
  free(shapes);
  return good ? CLI_OK : cli_fail_memory();
}

static void print_metadata(FILE *out, const quern_inspection *file) {
  const size_t count = quern_inspection_metadata_count(file);
  size_t width = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t length = cli_text_length(quern_inspection_metadata_key(file, i));
    if (length > width) width = length;
  }
  if (count > 0) fprintf(out, "\nmetadata\n");
  for (size_t i = 0; i < count; i++) {
    cli_print(out, "  %-*s  %s\n", (int)width, quern_inspection_metadata_key(file, i),
              quern_inspection_metadata_value(file, i));
  }
}

/* Prints a text, if the file has it. */
static void print_part(const char *before, const char *text) {
  if (text != NULL) cli_print(stdout, "%s%s", before, text);
}

static cli_exit print_text(const char *path, const quern_inspection *file) {
  const char *version = value_of(file, "quern.version"),
             *format = value_of(file, "quern.checkpoint");
  const quern_network *network = quern_inspection_network(file);
  const quern_file_kind kind = quern_inspection_kind(file);
  cli_print(stdout, "%s: %s, %s", path, quern_file_kind_name(kind), quern_inspection_format(file));
  print_part(", checkpoint format ", format);
  print_part(", written by quern ", version);
  putchar('\n');
  if (network != NULL) {
    printf("network: ");
    cli_print_network(stdout, network);
    putchar('\n');
  }
  if (kind == QUERN_FILE_CHECKPOINT) {
    const char *shape = value_of(file, "quern.network"), *epoch = value_of(file, "quern.epoch"),
               *step = value_of(file, "quern.step"), *updates = value_of(file, "quern.updates");
    print_part("network: ", shape);
    putchar('\n');
    print_part("epochs done: ", epoch);
    print_part(", steps of the next one: ", step);
    print_part(", updates in all: ", updates);
    putchar('\n');
  }
  if (*quern_inspection_note(file) != '\0') {
    print_part("note: ", quern_inspection_note(file));
    putchar('\n');
  }
  const cli_exit result = print_tensors(stdout, file);
  if (result == CLI_OK) print_metadata(stdout, file);
  return result;
}

static cli_exit print_json(const char *path, const quern_inspection *file) {
  cli_json json = cli_json_create();
  cli_json_text(&json, json.root, "file", path);
  cli_json_text(&json, json.root, "kind", quern_file_kind_name(quern_inspection_kind(file)));
  cli_json_text(&json, json.root, "format", quern_inspection_format(file));
  if (*quern_inspection_note(file) != '\0')
    cli_json_text(&json, json.root, "note", quern_inspection_note(file));
  if (quern_inspection_network(file) != NULL)
    cli_json_network(&json, quern_inspection_network(file));
  cJSON *metadata = cli_json_object(&json, json.root, "metadata");
  for (size_t i = 0; i < quern_inspection_metadata_count(file); i++)
    cli_json_text(&json, metadata, quern_inspection_metadata_key(file, i),
                  quern_inspection_metadata_value(file, i));
  cJSON *tensors = cli_json_list(&json, json.root, "tensors");
  for (size_t i = 0; i < quern_inspection_tensor_count(file); i++) {
    const quern_tensor_info info = quern_inspection_tensor(file, i);
    cJSON *object = cli_json_object(&json, tensors, NULL);
    cli_json_text(&json, object, "name", info.name);
    cli_json_text(&json, object, "type", info.type);
    cJSON *shape = cli_json_list(&json, object, "shape");
    for (size_t d = 0; d < info.rank; d++)
      cli_json_append_number(&json, shape, (double)info.shape[d]);
    cli_json_number(&json, object, "mean", info.mean);
    cli_json_number(&json, object, "deviation", info.deviation);
    cli_json_number(&json, object, "least", info.least);
    cli_json_number(&json, object, "most", info.most);
    cli_json_number(&json, object, "not_finite", (double)info.not_finite);
  }
  const cli_exit result = cli_json_print(&json);
  cli_json_free(&json);
  return result;
}

static cli_exit run_inspect(const cli_command *command, int argc, char **argv) {
  inspect_settings settings = {0};
  const cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  if (parsed != CLI_PARSED_RUN) return (cli_exit)cli_parsed_exit(parsed);
  const char *path = settings.file.items[0];
  quern_inspection *file;
  if (quern_inspect(path, &file) != QUERN_OK) return cli_fail_library();
  const cli_exit result = settings.json ? print_json(path, file) : print_text(path, file);
  quern_inspection_free(file);
  return result;
}

const cli_command cli_inspect = {
    .name = "inspect",
    .summary = "describe a model, a checkpoint, or a file of tensors",
    .about = "Describes a safetensors or ONNX file: a model, a checkpoint, or tensors of another "
             "program. Lists its tensors and metadata.",
    .details = "For each tensor: shape, mean, standard deviation, least and largest value. For a "
               "model its network, for a checkpoint the position of the training, with the tensors "
               "layer by layer.",
    .groups = groups,
    .operands = {.name = "FILE", .least = 1, .most = 1, .offset = offsetof(inspect_settings, file)},
    .examples = examples,
    .run = run_inspect,
};
