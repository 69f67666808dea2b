/* Options of `quern train`: data, devices, files and output. */
#include "train_options.h"

#define FIELD(name) offsetof(train_settings, name)

const cli_option cli_train_data_options[] = {
    CLI_OPTION_DATA(train_settings),
    {.name = "test",
     .value = "WHERE",
     .kind = CLI_TEXT,
     .offset = FIELD(test),
     .help = "data to test on after each epoch",
     .otherwise = "from --data",
     .details = "Default: the test set that comes with the data; else a fifth of the data, "
                "selected by the seed and held out, of each class alike."},
    CLI_OPTION_TABLE(train_settings),
    CLI_OPTION_PREPARE(train_settings),
    CLI_OPTION_END};

const cli_option cli_train_device_options[] = {
    {.name = "device",
     .value = "DEVICE",
     .kind = CLI_TEXT,
     .offset = FIELD(device),
     .help = "devices, separated by commas, or all",
     .otherwise = "auto",
     .details = "Default: QUERN_DEVICE, else auto. Several devices train together, each on its "
                "share of every batch; `all` is every GPU and CPU, without emulators and the "
                "reference. Name each device once. Under `mpirun` each rank has one device: the "
                "ranks of a host take those of the list, or the best ones, in turn."},
    {.name = "shares",
     .value = "N,N…",
     .kind = CLI_COUNTS,
     .offset = FIELD(shares),
     .most = UINT32_MAX,
     .help = "share of each batch per device",
     .otherwise = "measured",
     .details = "Default: the shares of the checkpoint that is resumed, else those of a short "
                "measurement. The same shares give the same weights bit for bit; measured shares "
                "may differ between runs. A device with a share of 0 trains nothing."},
    {.name = "data-memory",
     .value = "SIZE",
     .kind = CLI_SIZE,
     .offset = FIELD(data_memory),
     .least = 1,
     .help = "device memory for data: 64K, 500M, 2G",
     .otherwise = "all",
     .details =
         "Data larger than this is streamed in chunks from the host's memory, with the same "
         "results bit for bit. Each of several devices or ranks may take as much, and receives its "
         "own samples only. Default: what the device has left, less an eighth."},
    {.name = "share-device",
     .kind = CLI_FLAG,
     .offset = FIELD(share_device),
     .help = "mpirun: let ranks share a device or its cores",
     .details = "This is slow."},
    {.name = "rank-timeout",
     .value = "F",
     .kind = CLI_NUMBER,
     .offset = FIELD(rank_timeout),
     .most = 1000000000,
     .help = "mpirun: seconds a rank waits, 0: forever",
     .details = "A rank that waits longer fails, and all ranks with it."},
    CLI_OPTION_END};

const cli_option cli_train_file_options[] = {
    {.name = "save",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = FIELD(save),
     .help = "save the model: ONNX (.onnx) or safetensors",
     .details = "Written at the end, or when training is interrupted."},
    {.name = "checkpoint",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = FIELD(checkpoint),
     .help = "keep a checkpoint for --resume",
     .details = "Written after each epoch, at the end, and when training is interrupted. The file "
                "is whole at any moment, also if quern is killed or the disk is full."},
    {.name = "checkpoint-every",
     .value = "N",
     .kind = CLI_COUNT,
     .offset = FIELD(checkpoint_every),
     .least = 1,
     .most = INT32_MAX,
     .help = "steps between checkpoints",
     .otherwise = "an epoch"},
    {.name = "resume",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = FIELD(resume),
     .help = "continue from a checkpoint",
     .details = "All other options must be the same, except that `--epochs` may be more with the "
                "schedules `constant` and `step`. The weights become those of an uninterrupted "
                "training, bit for bit on the same devices. On devices of different kinds this "
                "holds for a checkpoint at the end of an epoch; inside of one the weights are "
                "close. A checkpoint of other data or options is refused with the difference."},
    {.name = "log",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = FIELD(log),
     .help = "write a row per epoch: .csv or .jsonl",
     .details = "A row has the epoch, the step, the losses, the test metrics, the learning rate, "
                "samples per second, and the seconds since the beginning. It is written before the "
                "next epoch begins. A resumed training continues the file, without the rows of "
                "epochs that it repeats."},
    CLI_OPTION_CONFIG(train_settings),
    CLI_OPTION_END};

const cli_option cli_train_output_options[] = {
    {.name = "profile",
     .kind = CLI_FLAG,
     .offset = FIELD(profile),
     .help = "report where the time was spent",
     .details = "The parts are steps, test data and, with several devices or ranks, the reduction "
                "of gradients, with the share of it that was hidden behind the backward pass. The "
                "report is rank 0's."},
    CLI_OPTION_JSON(train_settings),
    CLI_OPTION_END};
