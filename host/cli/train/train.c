/* quern train: trains a network on data and saves it. */
#include "../command/config.h"
#include "../parallel/ranks.h"
#include "recipe.h"
#include "train_options.h"
#include "training.h"
#include "training_files.h"

#include <math.h>
#include <quern/activation.h>
#include <quern/normalization.h>
#include <quern/train.h>
#include <stdlib.h>

enum { DEFAULT_HIDDEN = 256 };

static const cli_option_group groups[] = {
    {"Data", cli_train_data_options},         {"Model", cli_train_model_options},
    {"Training", cli_train_training_options}, {"Regularization", cli_train_regularization_options},
    {"Devices", cli_train_device_options},    {"Files", cli_train_file_options},
    {"Output", cli_train_output_options},     CLI_GROUPS_END};

static const char *const examples[] = {
    "quern train --data digits --hidden 64,32 --save digits.safetensors",
    "quern train --data houses.csv --target price --task regression --standardize", NULL};

static bool changes_labels(const train_settings *settings) {
  return settings->label_smoothing > 0 || settings->class_weights.count > 0 ||
         settings->class_weights.word;
}

/* Without --loss the task decides, which is not known yet. */
static bool refuses_labels(const train_settings *settings) {
  return (int)settings->loss.kind != CLI_UNSET && settings->loss.kind != QUERN_LOSS_CATEGORICAL &&
         changes_labels(settings);
}

/* Checks the options, and writes the configuration if asked for. */
static cli_exit check(const cli_command *command, const train_settings *settings) {
  if (settings->checkpoint_every > 0 && settings->checkpoint == NULL)
    return cli_fail_usage(command, "--checkpoint-every needs --checkpoint");
  if (refuses_labels(settings))
    return cli_fail_usage(command, "--%s needs --loss categorical",
                          settings->label_smoothing > 0 ? "label-smoothing" : "class-weights");
  cli_exit result = cli_recipe_check(command, settings);
  if (!cli_ranks_is_first()) return result;
  if (result == CLI_OK) result = cli_training_check_files(settings);
  if (result == CLI_OK && settings->write_config != NULL)
    result = cli_config_write(command, settings->write_config, settings);
  return result;
}

static cli_exit run_train(const cli_command *command, int argc, char **argv) {
  const quern_train_options usual = quern_train_options_default();
  train_settings settings = {.activation = quern_activation_of(QUERN_ACTIVATION_RELU),
                             .loss = {(quern_loss)CLI_UNSET, QUERN_HUBER_DELTA},
                             .dropout = NAN,
                             .label_smoothing = NAN,
                             .epochs = usual.epochs,
                             .batch = usual.batch,
                             .optimizer = (int)usual.optimizer.kind,
                             .schedule = (int)usual.schedule.kind,
                             .learning_rate = NAN,
                             .momentum = NAN,
                             .beta1 = NAN,
                             .beta2 = NAN,
                             .alpha = NAN,
                             .epsilon = NAN,
                             .weight_decay = NAN,
                             .warmup = NAN,
                             .step_epochs = NAN,
                             .gamma = NAN,
                             .clip_norm = NAN,
                             .rank_timeout = 60,
                             .seed = usual.seed};
  settings.hidden.items = malloc(sizeof *settings.hidden.items);
  if (settings.hidden.items == NULL) return cli_fail_memory();
  settings.hidden.items[0] = DEFAULT_HIDDEN;
  settings.hidden.count = 1;
  cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  settings.arguments = argv + 1;
  cli_exit result = (cli_exit)cli_parsed_exit(parsed);
  if (parsed == CLI_PARSED_RUN) result = check(command, &settings);
  result = cli_ranks_agree(result);
  if (parsed == CLI_PARSED_RUN && result == CLI_OK) result = cli_run_training(&settings);
  free(settings.class_weights.items);
  free(settings.shares.items);
  free(settings.hidden.items);
  return result;
}

const cli_command cli_train = {
    .name = "train",
    .summary = "train a network on data",
    .about = "Trains a multilayer perceptron by gradient descent. The data determines the number "
             "of inputs and outputs.",
    .details = "The same seed gives the same weights on the same device, bit for bit.",
    .notes =
        "On a terminal a line within each epoch shows the progress, the loss so far, the test "
        "score after the last epoch, the speed, and the time left. The speed in the last line "
        "excludes the first of several epochs, in which kernels may be built.\nCtrl-C and SIGTERM "
        "finish the step, write the checkpoint and the model, and print the command that continues "
        "from the checkpoint. A second one ends the program at once. SIGHUP, SIGPIPE and SIGXFSZ "
        "(the limit on a file's size) do the same as the first, however often they come. A signal "
        "that was ignored at first, as under `nohup`, stays ignored.\nThe files to write are "
        "checked before anything is read. One that is not a regular file, cannot be written, would "
        "overwrite an input, or is named twice is refused.\nA loss that is infinite or not a "
        "number ends training with the step and the layer in which that began. Such numbers are "
        "never saved.\nUnder `mpirun`, if quern was built with MPI, all ranks train one network: "
        "each takes its part of every batch on a device of its own, and rank 0 prints and saves.",
    .groups = groups,
    .examples = examples,
    .run = run_train,
    .joins_ranks = true,
};
