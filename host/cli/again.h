/* The command line that takes training up where it was left. */
#ifndef QUERN_CLI_AGAIN_H
#define QUERN_CLI_AGAIN_H

#include <stdio.h>

/* Prints this program, "train", the arguments (which end with NULL) without any --resume, and --resume `checkpoint`, each
 * as a shell reads it. */
void cli_print_again(FILE *stream, char *const *arguments, const char *checkpoint);

#endif
