/* Text put together in memory that grows, before it is printed. A stream of open_memstream is
 * not used, since it drops what its memory has no room for in silence. */
#ifndef QUERN_CLI_TEXT_DRAFT_H
#define QUERN_CLI_TEXT_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct cli_draft {
  FILE *stream; /* not NULL: what is added is printed there at once, and nothing is kept */
  char *text;   /* owned; ends with a 0; NULL while nothing was added */
  size_t length;
  bool failed; /* memory was out, and what is added is dropped */
} cli_draft;

__attribute__((format(printf, 2, 3))) void cli_draft_add(cli_draft *draft, const char *format, ...);

/* Whether everything that was added is in `text`, which is then "" at least. */
__attribute__((warn_unused_result)) bool cli_draft_whole(cli_draft *draft);

/* The text of a whole draft, the caller's to free; else NULL. Either way the draft is empty. */
__attribute__((warn_unused_result)) char *cli_draft_take(cli_draft *draft);

void cli_draft_free(cli_draft *draft);

#endif
