/* Finds, creates and checks the user's cache folder. */
#include "cache_folder.h"
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

quern__cache_mode quern__cache_mode_wanted(void) {
  const char *wanted = getenv("QUERN_CACHE");
  if (wanted == NULL) return QUERN__CACHE_DEFAULT;
  if (strcmp(wanted, "off") == 0) return QUERN__CACHE_OFF;
  return strcmp(wanted, "on") == 0 ? QUERN__CACHE_ON : QUERN__CACHE_DEFAULT;
}

/* Builds the path from environment variables; *path stays NULL if none is set. */
static quern_status name_folder(char **path) {
  static const struct {
    const char *variable, *inside;
    /* the XDG base directory specification ignores a relative path here */
    bool absolute;
  } places[] = {
      {"QUERN_CACHE_DIR", "", false},
      {"XDG_CACHE_HOME", "/quern", true},
      {"HOME", "/.cache/quern", true},
  };
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    const char *value = getenv(places[i].variable);
    if (value == NULL || *value == '\0' || (places[i].absolute && *value != '/')) continue;
    if (asprintf(path, "%s%s", value, places[i].inside) >= 0) return QUERN_OK;
    *path = NULL;
    return quern__fail_memory(places[i].variable, strlen(value) + strlen(places[i].inside) + 1);
  }
  return QUERN_OK;
}

/* mkdir -p. Ends the path after each component in turn, then restores the slash. */
static quern_status make_folders(char *path) {
  for (char *end = path + 1;; end++) {
    if (*end != '/' && *end != '\0') continue;
    const char ended = *end;
    *end = '\0';
    const int error = mkdir(path, 0700) == 0 ? 0 : errno;
    struct stat about;
    /* mkdir may also fail for an existing folder with EROFS or EACCES, so test for existence. */
    const bool exists = error == 0 || (stat(path, &about) == 0 && S_ISDIR(about.st_mode));
    *end = ended;
    if (!exists)
      return quern__fail(QUERN_ERROR_FILE, "%s: the cache folder cannot be made: %s", path,
                         strerror(error));
    if (ended == '\0') return QUERN_OK;
  }
}

static quern_status check_folder(const char *path) {
  struct stat about;
  if (stat(path, &about) != 0)
    return quern__fail(QUERN_ERROR_FILE, "%s: the cache folder cannot be read: %s", path,
                       strerror(errno));
  if (about.st_uid != geteuid())
    return quern__fail(QUERN_ERROR_FILE,
                       "%s: the cache folder belongs to user %ju, not to user %ju", path,
                       (uintmax_t)about.st_uid, (uintmax_t)geteuid());
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return quern__fail(QUERN_ERROR_FILE,
                       "%s: the cache folder has mode %03o: others may write there", path,
                       (unsigned)about.st_mode & 0777);
  return QUERN_OK;
}

quern_status quern__cache_folder(char **path) {
  *path = NULL;
  if (quern__cache_mode_wanted() == QUERN__CACHE_OFF) return QUERN_OK;
  char *named = NULL;
  QUERN__FORWARD(name_folder(&named));
  if (named == NULL) return QUERN_OK;
  quern_status status = QUERN_OK;
  QUERN__TRY(make_folders(named));
  QUERN__TRY(check_folder(named));
  *path = named;
  named = NULL;

cleanup:
  free(named);
  return status;
}
