/* quern train: trains a network on data, tells how it goes, and saves it. */
#include "config.h"
#include "training.h"

#include <quern/activation.h>
#include <stdlib.h>

enum { DEFAULT_HIDDEN = 128 };

#define FIELD(name) offsetof(train_settings, name)

static const char *const balanced[] = {"balanced", NULL};

static const cli_option options[] = {
    CLI_OPTION_DATA(train_settings),
    {.name = "test",
     .value = "WHERE",
     .kind = CLI_TEXT,
     .offset = FIELD(test),
     .help = "the data to test on after each epoch (default: what comes with the data; else a fifth of the "
             "data, dealt "
             "by the seed and held out)"},
    {.name = "hidden",
     .value = "N,N…",
     .kind = CLI_COUNTS,
     .offset = FIELD(hidden),
     .least = 1,
     .most = INT32_MAX,
     .help = "units of the hidden layers, or none (default 128)"},
    {.name = "activation",
     .value = "NAME",
     .kind = CLI_ACTIVATION,
     .offset = FIELD(activation),
     .choices = cli_activations,
     .help =
         "of the hidden layers (default relu); leaky-relu:F and elu:F set the slope just below 0 (default "
         "0.01 and 1)"},
    {.name = "loss",
     .value = "NAME",
     .kind = CLI_LOSS,
     .offset = FIELD(loss),
     .choices = cli_training_losses,
     .help = "what training makes small (default auto: categorical for classes, binary for labels, squared "
             "for a regression); huber:F sets where it turns from squared to absolute (default 1)"},
    {.name = "label-smoothing",
     .value = "F",
     .kind = CLI_REAL,
     .offset = FIELD(label_smoothing),
     .most = 1,
     .help = "of the categorical loss: the share of each label that all classes get alike (default 0); "
             "what is measured on the test data is the loss without it"},
    {.name = "class-weights",
     .value = "F,F…|balanced",
     .kind = CLI_REALS,
     .offset = FIELD(class_weights),
     .choices = balanced,
     .help =
         "of the categorical loss: what a sample of each class counts; balanced makes all classes count "
         "alike, however many samples they have; what is measured on the test data is the loss without them"},
    {.name = "epochs",
     .value = "N",
     .kind = CLI_COUNT,
     .offset = FIELD(epochs),
     .least = 1,
     .most = 1000000000,
     .help = "times through the data (default 20)"},
    {.name = "batch",
     .value = "N",
     .kind = CLI_COUNT,
     .offset = FIELD(batch),
     .least = 1,
     .most = INT32_MAX,
     .help = "samples a step (default 32)"},
    {.name = "lr",
     .value = "F",
     .kind = CLI_REAL,
     .offset = FIELD(learning_rate),
     .least = 1,
     .help = "learning rate (default 0.1)"},
    {.name = "weight-decay",
     .value = "F",
     .kind = CLI_REAL,
     .offset = FIELD(weight_decay),
     .help = "share of each parameter added to its gradient (default 0)"},
    {.name = "clip-norm",
     .value = "F",
     .kind = CLI_REAL,
     .offset = FIELD(clip_norm),
     .least = 1,
     .help = "scale the gradients of a step down where their norm, all parameters taken together, is more "
             "(default: never)"},
    {.name = "seed",
     .value = "N",
     .kind = CLI_SEED,
     .offset = FIELD(seed),
     .help = "of the first weights, the order of the samples, and what is held out (default 1)"},
    CLI_OPTION_DEVICE(train_settings),
    {.name = "save",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = FIELD(save),
     .help = "write the model there when done, as safetensors that PyTorch can load"},
    {.name = "checkpoint",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = FIELD(checkpoint),
     .help = "keep there what it takes to go on with the training: written after each epoch, at the end, and "
             "when it is interrupted"},
    {.name = "checkpoint-every",
     .value = "N",
     .kind = CLI_COUNT,
     .offset = FIELD(checkpoint_every),
     .least = 1,
     .most = INT32_MAX,
     .help = "write --checkpoint every N steps instead of after each epoch"},
    {.name = "resume",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = FIELD(resume),
     .help = "go on from a checkpoint, with the other options as they were (--epochs may be more): the "
             "weights become those of training that never stopped, bit for bit"},
    {.name = "log",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = FIELD(log),
     .help = "write a row for each epoch there, as CSV (.csv) or JSON lines (.jsonl), for \"quern plot\" and "
             "others; a resumed training goes on in it"},
    CLI_OPTION_TABLE(train_settings),
    CLI_OPTION_PREPARE(train_settings),
    CLI_OPTION_CONFIG(train_settings),
    CLI_OPTION_JSON(train_settings),
    CLI_OPTION_END};

#define NAME_OF(name, text) text,
const char *const cli_training_losses[] = {"auto", QUERN_LOSSES(NAME_OF) NULL};

static const char *const examples[] = {
    "quern train --data digits --hidden 64,32 --epochs 40 --save digits.safetensors",
    "quern train --data fashion-mnist --hidden 128 --epochs 20",
    "quern train --data iris.csv --standardize --save iris.safetensors",
    "quern train --data houses.csv --target price --task regression --standardize --one-hot --missing mean",
    "quern train --data digits --epochs 1000 --checkpoint digits.checkpoint",
    "quern train --config digits.conf --lr 0.05 --log digits.csv",
    "quern train --data iris.csv --test iris-test.csv --hidden none --loss squared --lr 0.01",
    NULL};

static bool changes_labels(const train_settings *settings) {
  return settings->label_smoothing > 0.0f || settings->class_weights.count > 0 ||
         settings->class_weights.word;
}

/* Where no loss is given the task decides, which is not known yet. */
static bool refuses_labels(const train_settings *settings) {
  return (int)settings->loss.kind != CLI_UNSET && settings->loss.kind != QUERN_CATEGORICAL &&
         changes_labels(settings);
}

static cli_exit run(const cli_command *command, int argc, char **argv) {
  train_settings settings = {.activation = quern_activation_of(QUERN_RELU),
                             .loss = {(quern_loss)CLI_UNSET, QUERN_HUBER_DELTA},
                             .epochs = 20,
                             .batch = 32,
                             .learning_rate = 0.1f,
                             .seed = 1};
  settings.hidden.items = malloc(sizeof *settings.hidden.items);
  if (settings.hidden.items == NULL) return cli_fail_memory();
  settings.hidden.items[0] = DEFAULT_HIDDEN;
  settings.hidden.count = 1;
  cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  settings.arguments = argv + 1;
  cli_exit result = (cli_exit)cli_parsed_exit(parsed);
  if (parsed == CLI_PARSED_RUN && settings.checkpoint_every > 0 && settings.checkpoint == NULL)
    result = cli_fail_usage(command, "--checkpoint-every needs --checkpoint");
  else if (parsed == CLI_PARSED_RUN && refuses_labels(&settings))
    result = cli_fail_usage(command, "--%s needs --loss categorical",
                            settings.label_smoothing > 0.0f ? "label-smoothing" : "class-weights");
  else if (parsed == CLI_PARSED_RUN && settings.write_config != NULL)
    result = cli_config_write(command, settings.write_config, &settings);
  if (parsed == CLI_PARSED_RUN && result == CLI_OK) result = cli_run_training(&settings);
  free(settings.class_weights.items);
  free(settings.hidden.items);
  return result;
}

const cli_command cli_train = {
    .name = "train",
    .summary = "train a network on data, and save it",
    .about = "Trains a multilayer perceptron by stochastic gradient descent. The data give the number of "
             "inputs and of "
             "classes. The same seed gives the same weights on the same device, bit for bit. The speed in "
             "the last line leaves out the first of several epochs, in which kernels may be built. Ctrl-C "
             "finishes the step, writes the checkpoint that was asked for, and prints the command that goes "
             "on from it; a second one leaves at once.",
    .options = options,
    .examples = examples,
    .run = run,
};
