/* Finds well-known data sets by name in the data folders of the XDG Base Directory
 * Specification. */
#include "../base/error.h"
#include "data.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The specification's default of XDG_DATA_DIRS. */
#define SYSTEM_FOLDERS "/usr/local/share:/usr/share"

/* Known names, and how to get their data. */
static const struct {
  const char *name, *advice;
} known[] = {
    {"fashion-mnist", "Debian and Ubuntu have it as dataset-fashion-mnist"},
};

static const char *environment_value(const char *name) {
  const char *value = getenv(name);
  return value != NULL && *value ? value : NULL;
}

/* Lists the folders, separated by colons, the user's first. The caller frees *folders. */
static quern_status list_folders(char **folders) {
  const char *system = environment_value("XDG_DATA_DIRS"),
             *own = environment_value("XDG_DATA_HOME");
  const char *home = environment_value("HOME");
  if (system == NULL) system = SYSTEM_FOLDERS;
  const int length = own != NULL    ? asprintf(folders, "%s:%s", own, system)
                     : home != NULL ? asprintf(folders, "%s/.local/share:%s", home, system)
                                    : asprintf(folders, "%s", system);
  return length < 0 ? quern__fail_memory("a path", strlen(system)) : QUERN_OK;
}

/* Returns the first datasets/`name` in the folders; *path is NULL if there is none. */
static quern_status find_named(char *folders, const char *name, char **path) {
  struct stat about;
  *path = NULL;
  for (char *folder; (folder = strsep(&folders, ":")) != NULL;) {
    if (*folder != '/') continue; /* the specification ignores relative paths */
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
        "%s: there is no folder datasets/%s in %s; %s, or give the folder that has its files", name,
        name, searched, known[i].advice);
  }
  free(searched);
  free(folders);
  return status;
}
