/* Options as tables: what they are called, what they take, where the value goes. One parser and one
 * help serve all. */
#ifndef QUERN_CLI_COMMAND_OPTIONS_H
#define QUERN_CLI_COMMAND_OPTIONS_H

#include <quern/activation.h>
#include <quern/loss.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum cli_kind {
  CLI_FLAG,  /* bool, no value */
  CLI_TEXT,  /* const char *, not empty */
  CLI_COUNT, /* size_t, least … most */
  /* size_t of bytes, least …, with K, M, G or T behind it for powers of 1024; 0 while it is not
   * set */
  CLI_SIZE,
  CLI_COUNTS, /* cli_counts, each least … most, separated by commas; "" or "none" for no one */
  CLI_SEED,   /* uint64_t, any */
  /* double, finite, at least 0, and not 0 where least is 1; at most `most`, where that is not 0;
   * NaN while it is not set */
  CLI_NUMBER,
  CLI_REALS, /* cli_reals, each a CLI_NUMBER, separated by commas; or the one word in `choices` */
  /* int, the place of the text in `choices`; CLI_UNSET where it is not given and has no default */
  CLI_CHOICE,
  /* quern_activation, see quern_activation_parse; `choices` are the names; kind CLI_UNSET as
   * above */
  CLI_ACTIVATION,
  CLI_LOSS,  /* cli_loss, see quern_loss_parse; `choices` are the names; kind CLI_UNSET as above */
  CLI_CONFIG /* const char *, a file of options that is read before the line is: see config.h */
} cli_kind;

enum { CLI_UNSET = -1 };

typedef struct cli_option {
  const char *name;  /* without the dashes */
  const char *value; /* what the help calls the value; NULL for a flag */
  const char *help;
  cli_kind kind;
  size_t offset; /* of the value in the command's settings */
  bool required;
  uint64_t least, most;
  const char *const *choices; /* ends with NULL */
  char letter;                /* -o beside --output, which the help text says; '\0' for none */
} cli_option;

/* What a command takes beside its options. */
typedef struct cli_operands {
  char *const *items; /* of the command line */
  size_t count;
} cli_operands;

typedef struct cli_operand_rule {
  const char *name; /* what the help calls them: "LOG..." */
  size_t least, most;
  size_t offset; /* of a cli_operands in the command's settings; unused where most is 0 */
} cli_operand_rule;

typedef struct cli_counts {
  size_t *items; /* owned */
  size_t count;
} cli_counts;

typedef struct cli_reals {
  double *items; /* owned; NULL for none */
  size_t count;
  bool word; /* it was the word */
} cli_reals;

typedef struct cli_loss {
  quern_loss kind;
  float delta;
} cli_loss;

struct cli_command;

QUERN_EXTENSION typedef enum QUERN_CHECKED cli_parsed {
  CLI_PARSED_RUN,
  CLI_PARSED_HELP,
  CLI_PARSED_BAD,
  CLI_PARSED_NO_MEMORY
} cli_parsed;

size_t cli_option_count(const cli_option *options);

/* Reads argv[1…] into `settings`, which holds the defaults, by the command's options, operands and
 * --help. Only CLI_PARSED_RUN goes on; the others have said what they had to. */
cli_parsed cli_parse(const struct cli_command *command, int argc, char **argv, void *settings);

/* What a command returns for anything but CLI_PARSED_RUN. */
int cli_parsed_exit(cli_parsed parsed);

/* `quern --help` and `quern NAME --help`, on stdout. */
void cli_help(void);
void cli_help_command(const struct cli_command *command);

/* Names of activations and losses, in the order of their enumerations, then NULL. */
extern const char *const cli_activations[];
extern const char *const cli_losses[];
extern const char *const cli_optimizers[];
extern const char *const cli_schedules[];
extern const char *const cli_switches[]; /* "on", "off" */

/* --- Options that several commands have; their settings have fields of these names
 * ---------------------- */

#define CLI_OPTION_DEVICE(settings)                                                                \
  {                                                                                                \
    .name = "device", .value = "DEVICE", .kind = CLI_TEXT, .offset = offsetof(settings, device),   \
    .help = "auto, reference, an index or platform:device from \"quern devices\", or part of a "   \
            "name (default: the environment's QUERN_DEVICE, else auto, the best there is)"         \
  }

#define CLI_OPTION_MODEL(settings)                                                                 \
  {.name = "model",                                                                                \
   .value = "FILE",                                                                                \
   .kind = CLI_TEXT,                                                                               \
   .offset = offsetof(settings, model.path),                                                       \
   .required = true,                                                                               \
   .help = "the model: safetensors, from \"quern train --save\" or from PyTorch's state_dict, or " \
           "ONNX"},                                                                                \
      {.name = "activation",                                                                       \
       .value = "NAME",                                                                            \
       .kind = CLI_ACTIVATION,                                                                     \
       .offset = offsetof(settings, model.activation),                                             \
       .choices = cli_activations,                                                                 \
       .help = "of a model file that does not say: the hidden layers' activation (default relu)"}, \
  {                                                                                                \
    .name = "loss", .value = "NAME", .kind = CLI_LOSS, .offset = offsetof(settings, model.loss),   \
    .choices = cli_losses,                                                                         \
    .help = "of a model file that does not say: the loss (default categorical)"                    \
  }

#define CLI_OPTION_CONFIG(settings)                                                                \
  {.name = "config",                                                                               \
   .value = "FILE",                                                                                \
   .kind = CLI_CONFIG,                                                                             \
   .offset = offsetof(settings, config),                                                           \
   .help = "read options from a file: lines such as \"epochs = 40\", and comments behind a #. "    \
           "What is given here wins"},                                                             \
  {                                                                                                \
    .name = "write-config", .value = "FILE", .kind = CLI_TEXT,                                     \
    .offset = offsetof(settings, write_config),                                                    \
    .help = "write every option of this run there, for --config to read"                           \
  }

#define CLI_OPTION_JSON(settings)                                                                  \
  {                                                                                                \
    .name = "json", .kind = CLI_FLAG, .offset = offsetof(settings, json),                          \
    .help = "print one JSON object on stdout, and everything for people on stderr"                 \
  }

#define CLI_OPTION_END                                                                             \
  { .name = NULL }

#endif
