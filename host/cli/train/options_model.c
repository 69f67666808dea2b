/* Options of `quern train`: the network, its loss, and regularization. */
#include "train_options.h"

#include <quern/normalization.h>

#define FIELD(name) offsetof(train_settings, name)

#define NAME_OF(name, text) text,
static const char *const normalizations[] = {QUERN_NORMALIZATIONS(NAME_OF) NULL};
static const char *const losses[] = {"auto", QUERN_LOSSES(NAME_OF) NULL};
static const char *const initializers[] = {"default", "he", "xavier", "uniform", "lecun", NULL};
static const char *const balanced[] = {"balanced", NULL};

const cli_option cli_train_model_options[] = {
    {.name = "hidden",
     .value = "N,N…",
     .kind = CLI_COUNTS,
     .offset = FIELD(hidden),
     .least = 1,
     .most = INT32_MAX,
     .help = "units of the hidden layers, or none",
     .details = "In the order from the inputs on, separated by commas."},
    {.name = "activation",
     .value = "NAME",
     .kind = CLI_ACTIVATION,
     .offset = FIELD(activation),
     .choices = cli_activations,
     .help = "activation of the hidden layers",
     .details = "`leaky-relu` and `elu` take their slope just below 0 behind a colon, as in "
                "`elu:1.5`; 0.01 and 1 without it."},
    {.name = "normalize",
     .value = "NAME",
     .kind = CLI_CHOICE,
     .offset = FIELD(normalization),
     .choices = normalizations,
     .help = "normalization before the activation",
     .details =
         "`batch`: each unit over the samples of a step in training, by running statistics in "
         "prediction. `layer`: each sample over the units of the layer. With `batch` a step needs "
         "two samples: a batch size that leaves one for the last step is refused."},
    {.name = "loss",
     .value = "NAME",
     .kind = CLI_LOSS,
     .offset = FIELD(loss),
     .choices = losses,
     .help = "the loss function",
     .details = "`auto`: categorical for classes, binary for labels, squared for a regression. "
                "`huber` takes the error at which it turns from squared to absolute behind a "
                "colon, as in `huber:0.5`; 1 without it."},
    {.name = "initializer",
     .value = "NAME",
     .kind = CLI_CHOICE,
     .offset = FIELD(initializer),
     .choices = initializers,
     .help = "how the first weights are drawn",
     .details = "Uniformly, from -b to b, for a layer of n inputs and m outputs. `he`: b = √(6/n); "
                "`xavier`: √(6/(n+m)); `lecun`: √(3/n); `uniform`: √(1/n), as PyTorch's Linear. "
                "`default`: by activation, lecun for selu, he for relu and its like, else xavier."},
    CLI_OPTION_END};

const cli_option cli_train_regularization_options[] = {
    {.name = "dropout",
     .value = "P",
     .kind = CLI_NUMBER,
     .offset = FIELD(dropout),
     .most = 1,
     .help = "probability to drop a hidden output",
     .otherwise = "0",
     .details = "Less than 1. The outputs that are kept are scaled up accordingly. The choice "
                "depends on the seed alone. Prediction drops nothing."},
    {.name = "label-smoothing",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(label_smoothing),
     .most = 1,
     .help = "share of a label spread over the classes",
     .otherwise = "0",
     .details = "For the categorical loss. The loss on the test data is measured without it."},
    {.name = "class-weights",
     .value = "F,F…",
     .kind = CLI_REALS,
     .offset = FIELD(class_weights),
     .choices = balanced,
     .help = "weight of each class, or balanced",
     .details = "For the categorical loss. `balanced` gives all classes the same total weight. The "
                "loss on the test data is measured without them."},
    {.name = "weight-decay",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(weight_decay),
     .help = "weight decay",
     .otherwise = "0; adamw 0.01",
     .details = "This share of each parameter is added to its gradient, or, by adamw, subtracted "
                "from it."},
    {.name = "decay-bias",
     .value = "on|off",
     .kind = CLI_CHOICE,
     .offset = FIELD(decay_bias),
     .choices = cli_switches,
     .help = "decay biases and normalizations too",
     .details = "On is what PyTorch does."},
    {.name = "clip-norm",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(clip_norm),
     .least = 1,
     .help = "largest norm of the gradients of a step",
     .otherwise = "none",
     .details = "Over all parameters together. Larger gradients are scaled down."},
    {.name = "patience",
     .value = "N",
     .kind = CLI_COUNT,
     .offset = FIELD(patience),
     .least = 1,
     .most = INT32_MAX,
     .help = "epochs to wait for a lower test loss",
     .otherwise = "no limit",
     .details = "Training stops after so many epochs without a lower test loss and keeps the "
                "weights of the best."},
    CLI_OPTION_END};
