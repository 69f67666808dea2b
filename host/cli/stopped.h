/* What is said of training that was interrupted. */
#ifndef QUERN_CLI_STOPPED_H
#define QUERN_CLI_STOPPED_H

#include "cli.h"

#include <quern/quern.h>

/* Says where training stood, and the command that goes on from `checkpoint`: this program, "train", the arguments (which
 * end with NULL) without any --resume, and --resume `checkpoint`, each as a shell reads it. checkpoint NULL: nothing was
 * asked to be saved. Returns the exit code for `signal`. */
cli_exit cli_report_stopped(const quern_epoch *at, char *const *arguments, const char *checkpoint,
                            int signal);

#endif
