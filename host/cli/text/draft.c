#include "draft.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Doubles, so that a text of n bytes takes about 2 n of copying. */
static char *grow(cli_draft *draft, size_t more) {
  size_t room = draft->room > 0 ? draft->room : 256;
  while (room - draft->length < more && room <= SIZE_MAX / 2) room *= 2;
  char *text = room - draft->length < more ? NULL : realloc(draft->text, room);
  if (text == NULL) return NULL;
  draft->text = text;
  draft->room = room;
  return text;
}

/* Writes for the stream. 0 is a failure, which ferror and fclose report. */
static ssize_t keep(void *cookie, const char *bytes, size_t size) {
  cli_draft *draft = cookie;
  if (size > SIZE_MAX - draft->length) return 0;
  if (draft->room - draft->length < size && grow(draft, size) == NULL) return 0;
  memcpy(draft->text + draft->length, bytes, size);
  draft->length += size;
  return (ssize_t)size;
}

bool cli_draft_open(cli_draft *draft) {
  *draft = (cli_draft){0};
  draft->stream = fopencookie(draft, "w", (cookie_io_functions_t){.write = keep});
  return draft->stream != NULL;
}

bool cli_draft_finish(cli_draft *draft) {
  if (draft->stream == NULL) return false;
  const bool printed = ferror(draft->stream) == 0;
  const bool closed = fclose(draft->stream) == 0;
  draft->stream = NULL;
  if (!printed || !closed || keep(draft, "", 1) != 1) return false;
  draft->length--; /* the 0 */
  return true;
}

char *cli_draft_take(cli_draft *draft) {
  char *text = NULL;
  if (cli_draft_finish(draft)) {
    text = draft->text;
    draft->text = NULL;
  }
  cli_draft_free(draft);
  return text;
}

void cli_draft_free(cli_draft *draft) {
  if (draft->stream != NULL) fclose(draft->stream);
  free(draft->text);
  *draft = (cli_draft){0};
}
