/* Text put together in memory before it is printed or written. A stream of open_memstream is not
 * used: it silently drops text if memory is out. */
#ifndef QUERN_CLI_TEXT_DRAFT_H
#define QUERN_CLI_TEXT_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct cli_draft {
  FILE *stream; /* to print to; NULL once finished */
  char *text;   /* owned; once finished, what was printed and a 0 */
  size_t length, room;
} cli_draft;

/* Returns false if memory is out. *draft must stay at its address until it is freed. */
__attribute__((warn_unused_result)) bool cli_draft_open(cli_draft *draft);

/* Ends the printing. Returns false if memory was out at any time. */
__attribute__((warn_unused_result)) bool cli_draft_finish(cli_draft *draft);

/* Finishes and frees the draft. Returns its text, which the caller frees; NULL if memory was out.
 */
__attribute__((warn_unused_result)) char *cli_draft_take(cli_draft *draft);

void cli_draft_free(cli_draft *draft);

#endif
