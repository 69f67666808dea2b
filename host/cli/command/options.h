/* Options as tables: names, values, and where a value is stored. The parser, the help, the manual
 * page and the shells' completion read them. */
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
  /* size_t of bytes, least …, with an optional K, M, G or T for powers of 1024; 0: not set */
  CLI_SIZE,
  CLI_COUNTS, /* cli_counts, each least … most, separated by commas; "" or "none": empty */
  CLI_SEED,   /* uint64_t, any */
  /* double, finite, at least 0, above 0 if least is 1, at most `most` unless that is 0; NaN: not
   * set */
  CLI_NUMBER,
  CLI_REALS, /* cli_reals, each a CLI_NUMBER, separated by commas; or the one word in `choices` */
  /* int, the index of the text in `choices`; CLI_UNSET: not set, no default */
  CLI_CHOICE,
  /* quern_activation, see quern_activation_parse; `choices` are the names; kind CLI_UNSET: not
   * set */
  CLI_ACTIVATION,
  CLI_LOSS,  /* cli_loss, see quern_loss_parse; `choices` are the names; kind CLI_UNSET: not set */
  CLI_CONFIG /* const char *, a file of options read before the command line: see config.h */
} cli_kind;

enum { CLI_UNSET = -1 };

typedef struct cli_option {
  const char *name;  /* without the dashes */
  const char *value; /* the placeholder of the value; NULL for a flag */
  /* For --help: a phrase that leaves the line with the flag and the default below 80 columns. */
  const char *help;
  /* The default, if the settings hold none: "measured". NULL: theirs. */
  const char *otherwise;
  /* For the manual page, behind `help`: whole sentences, `literal` text in backquotes; or NULL. */
  const char *details;
  cli_kind kind;
  size_t offset; /* of the value in the command's settings */
  bool required;
  uint64_t least, most;
  const char *const *choices; /* ends with NULL */
  char letter;                /* -o beside --output; '\0' for none */
} cli_option;

/* Options under one heading of the help. */
typedef struct cli_option_group {
  const char *title;
  const cli_option *options; /* ends with a NULL name */
} cli_option_group;

/* The arguments of a command line beside its options. */
typedef struct cli_operands {
  char *const *items; /* owned by the command line */
  size_t count;
} cli_operands;

typedef struct cli_operand_rule {
  const char *name; /* their placeholder: "LOG..." */
  bool words;       /* names, which the command checks; else files, which shells complete */
  size_t least, most;
  size_t offset; /* of a cli_operands in the command's settings; unused if most is 0 */
} cli_operand_rule;

#define CLI_GROUPS_END                                                                             \
  { NULL, NULL }

typedef struct cli_counts {
  size_t *items; /* owned */
  size_t count;
} cli_counts;

typedef struct cli_reals {
  double *items; /* owned; NULL for none */
  size_t count;
  bool word; /* the word was given in place of numbers */
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

/* The command's options, group after group; NULL past the last. */
const cli_option *cli_option_at(const struct cli_command *command, size_t index);
size_t cli_option_count(const struct cli_command *command);

/* Reads argv[1…] into `settings`, which holds the defaults. CLI_PARSED_RUN: run the command. Else
 * the help, or the error, was printed. */
cli_parsed cli_parse(const struct cli_command *command, int argc, char **argv, void *settings);

/* The exit code for anything but CLI_PARSED_RUN. */
int cli_parsed_exit(cli_parsed parsed);

/* Names of activations and losses, in the order of their enumerations, then NULL. */
extern const char *const cli_activations[];
extern const char *const cli_losses[];
extern const char *const cli_optimizers[];
extern const char *const cli_schedules[];
extern const char *const cli_switches[]; /* "on", "off" */

/* --- Options of several commands, whose settings have fields of these names --- */

#define CLI_OPTION_DEVICE(settings)                                                                \
  {                                                                                                \
    .name = "device", .value = "DEVICE", .kind = CLI_TEXT, .offset = offsetof(settings, device),   \
    .help = "device to run on", .otherwise = "QUERN_DEVICE, else auto"                             \
  }

#define CLI_OPTION_MODEL(settings)                                                                 \
  {.name = "model",                                                                                \
   .value = "FILE",                                                                                \
   .kind = CLI_TEXT,                                                                               \
   .offset = offsetof(settings, model.path),                                                       \
   .required = true,                                                                               \
   .help = "model file: safetensors or ONNX (.onnx)",                                              \
   .details = "A safetensors file is from `quern train --save` or a PyTorch state_dict."},         \
      {.name = "activation",                                                                       \
       .value = "NAME",                                                                            \
       .kind = CLI_ACTIVATION,                                                                     \
       .offset = offsetof(settings, model.activation),                                             \
       .choices = cli_activations,                                                                 \
       .help = "hidden activation, if not in the file",                                            \
       .otherwise = "relu"},                                                                       \
  {                                                                                                \
    .name = "loss", .value = "NAME", .kind = CLI_LOSS, .offset = offsetof(settings, model.loss),   \
    .choices = cli_losses, .help = "loss, if not in the file", .otherwise = "categorical"          \
  }

#define CLI_OPTION_CONFIG(settings)                                                                \
  {.name = "config",                                                                               \
   .value = "FILE",                                                                                \
   .kind = CLI_CONFIG,                                                                             \
   .offset = offsetof(settings, config),                                                           \
   .help = "read options from a file",                                                             \
   .details = "See CONFIGURATION FILES. Options on the command line take precedence."},            \
  {                                                                                                \
    .name = "write-config", .value = "FILE", .kind = CLI_TEXT,                                     \
    .offset = offsetof(settings, write_config),                                                    \
    .help = "write this run's options to a file for --config"                                      \
  }

#define CLI_OPTION_JSON(settings)                                                                  \
  {                                                                                                \
    .name = "json", .kind = CLI_FLAG, .offset = offsetof(settings, json),                          \
    .help = "print one JSON object; text goes to stderr"                                           \
  }

#define CLI_OPTION_END                                                                             \
  { .name = NULL }

#endif
