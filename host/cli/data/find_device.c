#include "find_device.h"

#include "../text/nearest.h"

#include <stdlib.h>
#include <string.h>

/* Splits a copy of the name into words, and offers each. The caller frees the copy after the
 * search. */
static char *offer_words(cli_nearest *nearest, const char *name) {
  char *copy = strdup(name), *rest = copy;
  if (copy == NULL) return NULL;
  for (char *word; (word = strsep(&rest, " ()-")) != NULL;) cli_nearest_offer(nearest, word);
  return copy;
}

static cli_hint hint_for(const quern_device_list *list, const char *text) {
  cli_nearest nearest = cli_nearest_to(text);
  cli_nearest_offer(&nearest, "auto");
  cli_nearest_offer(&nearest, "reference");
  const size_t count = quern_device_list_count(list);
  char **copies = calloc(count, 2 * sizeof *copies);
  for (size_t i = 0; copies != NULL && i < count; i++) {
    quern_device_info info;
    quern_device_describe(quern_device_list_at(list, i), &info);
    copies[2 * i] = offer_words(&nearest, info.name);
    copies[2 * i + 1] = offer_words(&nearest, info.platform);
  }
  const cli_hint hint = cli_nearest_hint(&nearest, "");
  for (size_t i = 0; copies != NULL && i < 2 * count; i++) free(copies[i]);
  free(copies);
  return hint;
}

static cli_exit fail(const quern_device_list *list, const char *text, quern_status status) {
  if (text == NULL || *text == '\0') text = getenv("QUERN_DEVICE");
  if (status != QUERN_ERROR_NO_DEVICE || text == NULL) return cli_fail_library();
  return cli_fail("%s%s", quern_last_error(), hint_for(list, text).text);
}

cli_exit cli_find_device(const quern_device_list *list, const char *text,
                         const quern_device **device) {
  const quern_status status = quern_device_list_find(list, text, device);
  return status == QUERN_OK ? CLI_OK : fail(list, text, status);
}

cli_exit cli_find_devices(const quern_device_list *list, const char *text,
                          const quern_device ***devices, size_t *count) {
  *devices = calloc(quern_device_list_count(list), sizeof **devices);
  if (*devices == NULL) return cli_fail_memory();
  const quern_status status = quern_device_list_find_all(list, text, *devices, count);
  return status == QUERN_OK ? CLI_OK : fail(list, text, status);
}
