/* Walks a subcommand: makes each allocation of it fail, in a process of its own, and checks what
 * became of it. The command runs in the folder `run` of three beside each other: `in` has what it
 * reads, `clean` what it writes undisturbed. */
#ifndef QUERN_TESTS_FAULTS_COMMAND_WALK_H
#define QUERN_TESTS_FAULTS_COMMAND_WALK_H

#include "../data/temporary.h"
#include "test.h"

enum { MOST_FILES = 8 };

/* A file that the command writes in the folder it runs in. */
typedef struct written {
  const char *name;
  /* What is there before; NULL for nothing. In ../in, as are the next. */
  const char *start;
  /* What may be there after a failure, besides what was before and what success writes. */
  const char *others[3];
  bool rows; /* and then the first lines of what success writes as well */
} written;

typedef struct command_walk {
  const char *const *arguments;
  written files[MOST_FILES]; /* ends with a NULL name */
  bool reports;              /* what went wrong may be told on stdout, as a part of the result */
} command_walk;

#define COMMAND(...) ((const char *const[]){"quern", __VA_ARGS__, NULL})

/* Makes the folders and goes into `run`; empties and removes all of them, and prints how many
 * allocations failed. */
bool command_walk_begin(void);
bool command_walk_end(void);

/* Runs the command without a fault, for a file of ../in; it has to succeed. */
void command_walk_make(const char *const *arguments);

void walk_command(const command_walk *walk);

#endif
