#include "draft.h"

#include <stdarg.h>
#include <stdlib.h>

/* Makes the text `more` bytes longer, and room for them. Lines are short: each addition is an
 * allocation of its own. */
static char *extend(cli_draft *draft, size_t more) {
  char *grown = draft->failed ? NULL : realloc(draft->text, draft->length + more + 1);
  draft->failed = grown == NULL;
  if (grown == NULL) return NULL;
  draft->text = grown;
  char *end = grown + draft->length;
  draft->length += more;
  return end;
}

void cli_draft_add(cli_draft *draft, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  if (draft->stream != NULL) {
    vfprintf(draft->stream, format, arguments);
  } else {
    const int length = vsnprintf(NULL, 0, format, arguments);
    char *end = length >= 0 ? extend(draft, (size_t)length) : NULL;
    if (end != NULL) vsnprintf(end, (size_t)length + 1, format, again);
    if (length < 0) draft->failed = true;
  }
  va_end(again);
  va_end(arguments);
}

bool cli_draft_whole(cli_draft *draft) {
  if (draft->text == NULL) cli_draft_add(draft, "%s", "");
  return !draft->failed;
}

char *cli_draft_take(cli_draft *draft) {
  char *text = NULL;
  if (cli_draft_whole(draft)) {
    text = draft->text;
    draft->text = NULL;
  }
  cli_draft_free(draft);
  return text;
}

void cli_draft_free(cli_draft *draft) {
  free(draft->text);
  *draft = (cli_draft){0};
}
