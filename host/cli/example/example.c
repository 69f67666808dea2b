/* quern example: the worked example on a device, beside the values of its document. */
#include "../data/describe.h"
#include "../data/open.h"
#include "../text/text.h"
#include "example_table.h"

typedef struct example_settings {
  int loss; /* index in `losses` */
  const char *device;
  bool json;
} example_settings;

/* The two losses of the document. */
static const char *const losses[] = {"elementwise", "categorical", NULL};

static const cli_option options[] = {{.name = "loss",
                                      .value = "NAME",
                                      .kind = CLI_CHOICE,
                                      .offset = offsetof(example_settings, loss),
                                      .choices = losses,
                                      .help = "cross-entropy per output or class"},
                                     CLI_OPTION_DEVICE(example_settings),
                                     CLI_OPTION_JSON(example_settings),
                                     CLI_OPTION_END};

static const cli_option_group groups[] = {{"Options", options}, CLI_GROUPS_END};

static const char *const examples[] = {
    "quern example", "quern example --loss categorical --device reference --json", NULL};

static void print_head(FILE *out, quern_loss loss) {
  const char *formula =
      loss == QUERN_LOSS_ELEMENTWISE
          ? "E = -Σ [ y log o + (1-y) log(1-o) ], element by element over the outputs, log natural"
          : "E = -Σ y log o, categorical; the document's own loss is the element-wise one";
  fputc('\n', out);
  cli_print_wrapped(out,
                    "A network of 3-3-3-3 units, one sample, one step: x = [0.1 0.2 0.7], y = [1 0 "
                    "0], all biases 1 and frozen, learning rate 0.01.",
                    0, 0, CLI_TEXT_WIDTH);
  fprintf(out, "%s\n\n", formula);
  cli_print_wrapped(out,
                    "*  differs from the document's number when rounded to its digits; the reason "
                    "stands below it\n"
                    "~  not printed in the document, but what the factors printed there give\n"
                    "-  not in the document",
                    0, 0, CLI_TEXT_WIDTH);
  fputc('\n', out);
}

static void add_quantity(cli_json *json, example_quantity quantity, const example_values *values) {
  const example_shape *shape = &example_shapes[quantity];
  const float *cells = values->cells + example_offset(quantity);
  if (shape->rows == 1 && shape->columns == 1) {
    cli_json_number(json, json->root, shape->key, cli_json_float(cells[0]));
    return;
  }
  cJSON *list = cli_json_list(json, json->root, shape->key);
  for (size_t row = 0; row < shape->rows; row++) {
    cJSON *into = shape->rows == 1 ? list : cli_json_list(json, list, NULL);
    for (size_t column = 0; column < shape->columns; column++)
      cli_json_append_number(json, into, cli_json_float(cells[row * shape->columns + column]));
  }
}

static cli_exit print_json(const quern_context *context, const example_values *values,
                           quern_loss loss) {
  cli_json json = cli_json_create();
  cli_json_device(&json, json.root, context);
  cli_json_text(&json, json.root, "loss_name", quern_loss_name(loss));
  cli_json_number(&json, json.root, "learning_rate", cli_json_float(EXAMPLE_LEARNING_RATE));
  for (example_quantity quantity = 0; quantity < EXAMPLE_QUANTITY_COUNT; quantity++)
    if (example_shapes[quantity].key != NULL) add_quantity(&json, quantity, values);
  cli_exit result = cli_json_print(&json);
  cli_json_free(&json);
  return result;
}

static cli_exit run_example(const cli_command *command, int argc, char **argv) {
  example_settings settings = {0};
  cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  if (parsed != CLI_PARSED_RUN) return (cli_exit)cli_parsed_exit(parsed);

  FILE *out = settings.json ? stderr : stdout;
  quern_context *context = NULL;
  example_values values;
  quern_loss loss;
  if (!quern_loss_find(losses[settings.loss], &loss))
    return cli_fail("unknown loss %s", losses[settings.loss]);
  cli_exit result = cli_open_device(settings.device, out, &context);
  if (result != CLI_OK) return result;
  if (example_run(context, loss, &values) != QUERN_OK) {
    result = cli_fail_library();
  } else {
    print_head(out, loss);
    example_tally tally = example_print_table(out, &values, loss);
    fprintf(out, "\n%zu of the document's %zu numbers are what the device computed.\n", tally.same,
            tally.printed);
    if (settings.json) result = print_json(context, &values, loss);
    if (tally.unexplained > 0)
      result =
          cli_fail("%zu numbers differ from the document for no known reason", tally.unexplained);
  }
  quern_context_free(context);
  return result;
}

const cli_command cli_example = {
    .name = "example",
    .summary = "print one training step of the worked example",
    .about = "Runs the network of the worked example one step and prints each stage: the value in "
             "the document, the value of the device, and why they differ.",
    .groups = groups,
    .examples = examples,
    .run = run_example,
};
