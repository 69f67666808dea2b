/* Data sets that are known by a name, in the folders where systems keep such things: of the XDG
 * Base Directory Specification. */
#include "../base/error.h"
#include "data.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEM_FOLDERS                                                                             \
  "/usr/local/share:/usr/share" /* the specification's, where XDG_DATA_DIRS is not set */

/* A name, and how to get what it names. */
static const struct {
  const char *name, *advice;
} known[] = {
    {"fashion-mnist", "Debian and Ubuntu have it as dataset-fashion-mnist"},
};

static const char *environment(const char *name) {
  const char *value = getenv(name);
  return value != NULL && *value ? value : NULL;
}

/* Folders between colons, the one of the user first. The caller frees *folders. */
static quern_status list_folders(char **folders) {
  const char *system = environment("XDG_DATA_DIRS"), *own = environment("XDG_DATA_HOME");
  const char *home = environment("HOME");
  if (system == NULL) system = SYSTEM_FOLDERS;
  const int length = own != NULL    ? asprintf(folders, "%s:%s", own, system)
                     : home != NULL ? asprintf(folders, "%s/.local/share:%s", home, system)
                                    : asprintf(folders, "%s", system);
  return length < 0 ? quern__fail_memory("a path", strlen(system)) : QUERN_OK;
}

/* The first folder that has datasets/`name`; *path is NULL where none has. */
static quern_status find_named(char *folders, const char *name, char **path) {
  struct stat about;
  *path = NULL;
  for (char *folder; (folder = strsep(&folders, ":")) != NULL;) {
    if (*folder != '/') continue; /* the specification wants others ignored */
    char *candidate;
    if (asprintf(&candidate, "%s/datasets/%s", folder, name) < 0)
      return quern__fail_memory("a path", strlen(folder));
    if (stat(candidate, &about) == 0 && S_ISDIR(about.st_mode)) {
      *path = candidate;
      return QUERN_OK;
    }
    free(candidate);
  }
  return QUERN_OK;
}

quern_status quern__named_folder(const char *name, char **path) {
  size_t i = 0;
  *path = NULL;
  while (i < sizeof known / sizeof *known && strcmp(known[i].name, name) != 0) i++;
  if (i == sizeof known / sizeof *known) return QUERN_OK;
  char *folders;
  QUERN__FORWARD(list_folders(&folders));
  char *searched = strdup(folders);
  quern_status status = QUERN_OK;
  if (searched == NULL)
    status = quern__fail_memory("a path", strlen(folders));
  else
    status = find_named(folders, name, path);
  if (status == QUERN_OK && *path == NULL) {
    status = quern__fail(
        QUERN_ERROR_FILE,
        "%s: there is no folder datasets/%s in %s; %s, or name the folder that has its files", name,
        name, searched, known[i].advice);
  }
  free(searched);
  free(folders);
  return status;
}
