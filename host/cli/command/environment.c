/* The environment variables that the command reads. */
#include "help.h"

const cli_variable cli_variables[] = {
    {"QUERN_DEVICE", "device for commands without --device",
     "Takes what --device takes for one device."},
    {"QUERN_OPENCL_LIBRARY", "OpenCL library to load instead of the system's", NULL},
    {"QUERN_CACHE", "off: do not read or write the cache folder",
     "on: keep built programs there even if the OpenCL implementation keeps its own."},
    {"QUERN_CACHE_DIR", "cache folder for tuned parameters and built programs",
     "Default: quern in XDG_CACHE_HOME or ~/.cache."},
    {"XDG_DATA_HOME", "folder with data sets by name: datasets/fashion-mnist",
     "Default: ~/.local/share."},
    {"XDG_DATA_DIRS", "more such folders, separated by colons",
     "Default: /usr/local/share and /usr/share."},
    {"NO_COLOR", "if set: no colors, images in plain characters", NULL},
    {"CLICOLOR", "0: the same", NULL},
    {"CLICOLOR_FORCE", "if set and not 0: colors without a terminal, too", NULL},
    {NULL, NULL, NULL}};
