/* quern train: trains a network on data, tells how it goes, and saves it. */
#include "../command/config.h"
#include "../parallel/ranks.h"
#include "recipe.h"
#include "training_files.h"

#include <math.h>
#include <quern/activation.h>
#include <quern/normalization.h>
#include <stdlib.h>

enum { DEFAULT_HIDDEN = 256 };

#define FIELD(name) offsetof(train_settings, name)

static const char *const balanced[] = {"balanced", NULL};

#define NAME_OF(name, text) text,
static const char *const normalizations[] = {QUERN_NORMALIZATIONS(NAME_OF) NULL};

static const cli_option options[] = {
    CLI_OPTION_DATA(train_settings),
    {.name = "test",
     .value = "WHERE",
     .kind = CLI_TEXT,
     .offset = FIELD(test),
     .help = "the data to test on after each epoch (default: what comes with the data; else a "
             "fifth of the data, dealt by the seed and held out)"},
    {.name = "hidden",
     .value = "N,N…",
     .kind = CLI_COUNTS,
     .offset = FIELD(hidden),
     .least = 1,
     .most = INT32_MAX,
     .help = "units of the hidden layers, or none (default 256)"},
    {.name = "activation",
     .value = "NAME",
     .kind = CLI_ACTIVATION,
     .offset = FIELD(activation),
     .choices = cli_activations,
     .help = "of the hidden layers (default relu); leaky-relu:F and elu:F set the slope just below "
             "0 (default 0.01 and 1)"},
    {.name = "normalize",
     .value = "NAME",
     .kind = CLI_CHOICE,
     .offset = FIELD(normalization),
     .choices = normalizations,
     .help = "what is normalized before the activation of a hidden layer: each unit over the batch "
             "(batch), each sample over the units of the layer (layer), or nothing (none, the "
             "default)"},
    {.name = "dropout",
     .value = "P",
     .kind = CLI_NUMBER,
     .offset = FIELD(dropout),
     .most = 1,
     .help = "the probability that training drops an output of a hidden layer, less than 1 "
             "(default 0); a model drops nothing when it is asked"},
    {.name = "loss",
     .value = "NAME",
     .kind = CLI_LOSS,
     .offset = FIELD(loss),
     .choices = cli_training_losses,
     .help = "what training makes small (default auto: categorical for classes, binary for labels, "
             "squared for a regression); huber:F sets where it turns from squared to absolute "
             "(default 1)"},
    {.name = "label-smoothing",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(label_smoothing),
     .most = 1,
     .help = "of the categorical loss: the share of each label that all classes get alike (default "
             "0); what is measured on the test data is the loss without it"},
    {.name = "class-weights",
     .value = "F,F…|balanced",
     .kind = CLI_REALS,
     .offset = FIELD(class_weights),
     .choices = balanced,
     .help = "of the categorical loss: what a sample of each class counts; balanced makes all "
             "classes count alike, however many samples they have; what is measured on the test "
             "data is the loss without them"},
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
     .help =
         "samples a step (default 64, or as few as make 20 steps an epoch of a small data set)"},
    {.name = "optimizer",
     .value = "NAME",
     .kind = CLI_CHOICE,
     .offset = FIELD(optimizer),
     .choices = cli_optimizers,
     .help = "what makes steps of gradients: sgd, momentum, nesterov, adam, adamw or rmsprop, with "
             "PyTorch's definitions (default adam)"},
    {.name = "lr",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(learning_rate),
     .least = 1,
     .help = "learning rate, the largest where it changes (default 0.1 for sgd, 0.02 for momentum "
             "and nesterov, 0.002 for adam and adamw, 0.001 for rmsprop)"},
    {.name = "momentum",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(momentum),
     .help = "of momentum and nesterov (default 0.9) and of rmsprop (default 0)"},
    {.name = "beta1",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(beta1),
     .help = "of adam and adamw: how slowly the mean of the gradients follows (default 0.9)"},
    {.name = "beta2",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(beta2),
     .help = "of adam and adamw: how slowly the mean of their squares follows (default 0.999)"},
    {.name = "alpha",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(alpha),
     .help = "of rmsprop: the same (default 0.99)"},
    {.name = "epsilon",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(epsilon),
     .help = "of adam, adamw and rmsprop: added to the root of that mean (default 1e-8)"},
    {.name = "weight-decay",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(weight_decay),
     .help = "share of each parameter added to its gradient, or, by adamw, taken from it (default "
             "0, and 0.01 for adamw)"},
    {.name = "decay-bias",
     .value = "on|off",
     .kind = CLI_CHOICE,
     .offset = FIELD(decay_bias),
     .choices = cli_switches,
     .help = "whether biases, and what normalizations scale and shift by, decay too (default on, "
             "as in PyTorch)"},
    {.name = "schedule",
     .value = "NAME",
     .kind = CLI_CHOICE,
     .offset = FIELD(schedule),
     .choices = cli_schedules,
     .help = "how the learning rate goes over all steps: constant, step, cosine or one-cycle "
             "(default one-cycle)"},
    {.name = "warmup",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(warmup),
     .help = "epochs, or a part of one, in which it rises from a third of --lr to all of it, "
             "before the schedule (default 0)"},
    {.name = "step-epochs",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(step_epochs),
     .least = 1,
     .help = "of the schedule step: epochs between two steps down (default 10)"},
    {.name = "gamma",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(gamma),
     .help = "of the schedule step: what each multiplies the rate by (default 0.1)"},
    {.name = "patience",
     .value = "N",
     .kind = CLI_COUNT,
     .offset = FIELD(patience),
     .least = 1,
     .most = INT32_MAX,
     .help = "stop after N epochs without a lower test loss, and keep the weights of the epoch "
             "with the lowest (default: all epochs, and the last weights)"},
    {.name = "clip-norm",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(clip_norm),
     .least = 1,
     .help = "scale the gradients of a step down where their norm, all parameters taken together, "
             "is more (default: never)"},
    {.name = "data-memory",
     .value = "SIZE",
     .kind = CLI_SIZE,
     .offset = FIELD(data_memory),
     .least = 1,
     .help = "the most memory of the device for the data, in bytes or as 64K, 500M, 2G; data that "
             "are longer are streamed in chunks, with the same results (default: what the device "
             "has left)"},
    {.name = "seed",
     .value = "N",
     .kind = CLI_SEED,
     .offset = FIELD(seed),
     .help = "of the first weights, the order of the samples, what dropout drops, and what is held "
             "out (default 1)"},
    {.name = "device",
     .value = "DEVICE",
     .kind = CLI_TEXT,
     .offset = FIELD(device),
     .help = "auto, reference, an index or platform:device from \"quern devices\", or part of a "
             "name (default: the environment's QUERN_DEVICE, else auto, the best there is); "
             "several, separated by commas, or all, every device but emulators and the reference, "
             "train together, each with a share of every batch; under mpirun the ranks of a host "
             "take them in turn, one each"},
    {.name = "shares",
     .value = "N,N…",
     .kind = CLI_COUNTS,
     .offset = FIELD(shares),
     .most = UINT32_MAX,
     .help = "of several devices: how each batch is divided among them (default: those of the "
             "checkpoint that is resumed, else measured). The weights are the same bit for bit "
             "from run to run with the same shares"},
    {.name = "share-device",
     .kind = CLI_FLAG,
     .offset = FIELD(share_device),
     .help = "under mpirun: let ranks have the same device, or the same cores of a CPU device, "
             "which is slow"},
    {.name = "rank-timeout",
     .value = "SECONDS",
     .kind = CLI_NUMBER,
     .offset = FIELD(rank_timeout),
     .most = 1000000000,
     .help = "under mpirun: how long a rank waits for another before it fails; 0: for ever "
             "(default 60)"},
    {.name = "save",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = FIELD(save),
     .help = "write the model there when done, or interrupted: ONNX where the name ends with "
             ".onnx, else safetensors, which PyTorch can load"},
    {.name = "checkpoint",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = FIELD(checkpoint),
     .help = "keep there what it takes to go on with the training: written after each epoch, at "
             "the end, and when it is interrupted"},
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
     .help = "go on from a checkpoint, with the other options as they were (--epochs may be more "
             "under the schedules constant and step, which are the same whatever it is): the "
             "weights become those of training that never stopped, bit for bit"},
    {.name = "profile",
     .kind = CLI_FLAG,
     .offset = FIELD(profile),
     .help = "when done, tell where the time went, and how much of what gradients take on their "
             "way through ranks or devices was hidden behind the computing"},
    {.name = "log",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = FIELD(log),
     .help = "write a row for each epoch there, as CSV (.csv) or JSON lines (.jsonl), for \"quern "
             "plot\" and others; a resumed training goes on in it"},
    CLI_OPTION_TABLE(train_settings),
    CLI_OPTION_PREPARE(train_settings),
    CLI_OPTION_CONFIG(train_settings),
    CLI_OPTION_JSON(train_settings),
    CLI_OPTION_END};

const char *const cli_training_losses[] = {"auto", QUERN_LOSSES(NAME_OF) NULL};

static const char *const examples[] = {
    "quern train --data digits --hidden 64,32 --epochs 40 --save digits.safetensors",
    "quern train --data fashion-mnist --hidden 128 --epochs 20",
    "quern train --data iris.csv --standardize --save iris.safetensors",
    "quern train --data houses.csv --target price --task regression --standardize --one-hot "
    "--missing mean",
    "quern train --data digits --epochs 1000 --checkpoint digits.checkpoint",
    "quern train --data fashion-mnist --hidden 1024,1024 --device 0,1",
    "quern train --config digits.conf --lr 0.05 --log digits.csv",
    "mpirun -n 4 quern train --data fashion-mnist --hidden 1024,1024 --batch 256",
    "quern train --data iris.csv --test iris-test.csv --hidden none --loss squared --lr 0.01",
    NULL};

static bool changes_labels(const train_settings *settings) {
  return settings->label_smoothing > 0 || settings->class_weights.count > 0 ||
         settings->class_weights.word;
}

/* Where no loss is given the task decides, which is not known yet. */
static bool refuses_labels(const train_settings *settings) {
  return (int)settings->loss.kind != CLI_UNSET && settings->loss.kind != QUERN_LOSS_CATEGORICAL &&
         changes_labels(settings);
}

static cli_exit run_train(const cli_command *command, int argc, char **argv) {
  train_settings settings = {.activation = quern_activation_of(QUERN_ACTIVATION_RELU),
                             .loss = {(quern_loss)CLI_UNSET, QUERN_HUBER_DELTA},
                             .dropout = NAN,
                             .label_smoothing = NAN,
                             .epochs = 20,
                             .optimizer = QUERN_OPTIMIZER_ADAM,
                             .schedule = QUERN_SCHEDULE_ONE_CYCLE,
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
                            settings.label_smoothing > 0 ? "label-smoothing" : "class-weights");
  if (parsed == CLI_PARSED_RUN && result == CLI_OK) result = cli_recipe_check(command, &settings);
  if (parsed == CLI_PARSED_RUN && result == CLI_OK && cli_ranks_is_first())
    result = cli_training_check_files(&settings);
  if (parsed == CLI_PARSED_RUN && result == CLI_OK && settings.write_config != NULL &&
      cli_ranks_is_first())
    result = cli_config_write(command, settings.write_config, &settings);
  result = cli_ranks_agree(result);
  if (parsed == CLI_PARSED_RUN && result == CLI_OK) result = cli_run_training(&settings);
  free(settings.class_weights.items);
  free(settings.shares.items);
  free(settings.hidden.items);
  return result;
}

const cli_command cli_train = {
    .name = "train",
    .summary = "train a network on data, and save it",
    .about =
        "Trains a multilayer perceptron by gradient descent. The data give the number of inputs "
        "and of classes. The same seed gives the same weights on the same device, bit for bit. The "
        "speed in the last line leaves out the first of several epochs, in which kernels may be "
        "built. Ctrl-C finishes the step, writes the checkpoint and the model that were asked for, "
        "and prints the command that goes on; a second one leaves at once. SIGTERM, a hangup, an "
        "output that nobody reads and a file that reaches the limit on its size do the same. Under "
        "mpirun, where quern was built with MPI, all ranks train one network: each takes its part "
        "of every batch, on a device of its own, and rank 0 prints and saves.",
    .options = options,
    .examples = examples,
    .run = run_train,
    .joins_ranks = true,
};
