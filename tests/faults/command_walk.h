/* Walks a subcommand: makes each of its allocations fail, each in a process of its own, and checks
 * the outcome. The command runs in the folder `run`; beside it, `in` has its inputs, and `clean`
 * its outputs without faults. */
#ifndef QUERN_TESTS_FAULTS_COMMAND_WALK_H
#define QUERN_TESTS_FAULTS_COMMAND_WALK_H

#include "../data/temporary.h"
#include "test.h"

enum { MOST_FILES = 8 };

/* A file that the command writes in its folder. */
typedef struct written {
  const char *name;
  /* Its content before; NULL if it does not exist. In ../in, as are the next. */
  const char *start;
  /* Also allowed after a failure. */
  const char *others[3];
  bool rows; /* and then the first lines of the right content */
} written;

typedef struct command_walk {
  const char *const *arguments;
  written files[MOST_FILES]; /* ends with a NULL name */
  bool reports;              /* an error may be part of the result on stdout */
} command_walk;

#define COMMAND(...) ((const char *const[]){"quern", __VA_ARGS__, NULL})

/* Creates the folders and enters `run`; removes all of them, and prints how many allocations
 * failed. */
bool command_walk_begin(void);
bool command_walk_end(void);

/* Runs the command without a fault to make a file of ../in; it must succeed. */
void command_walk_make(const char *const *arguments);

void walk_command(const command_walk *walk);

#endif
