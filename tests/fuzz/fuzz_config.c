/* Configuration files of quern train: what is read is written, and read again as the same. */
#include "cli/command/config.h"
#include "cli/train/training.h"
#include "fuzz.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *field(train_settings *settings, const cli_option *option) {
  return (char *)settings + option->offset;
}

/* Nothing is set that a file would not set. */
static train_settings unset(void) {
  train_settings settings;
  memset(&settings, 0, sizeof settings);
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(&cli_train, i)) != NULL; i++) {
    if (option->kind == CLI_NUMBER) *(double *)field(&settings, option) = (double)NAN;
    if (option->kind == CLI_LOSS)
      ((cli_loss *)field(&settings, option))->kind = (quern_loss)CLI_UNSET;
  }
  return settings;
}

static void drop(train_settings *settings) {
  free(settings->hidden.items);
  free(settings->shares.items);
  free(settings->class_weights.items);
}

static cli_parsed read_config(const char *path, train_settings *settings) {
  bool *seen = calloc(cli_option_count(&cli_train) + 1, sizeof *seen);
  fuzz_expect(seen != NULL, "no memory");
  *settings = unset();
  const cli_parsed parsed = cli_config_read(&cli_train, path, seen, settings);
  free(seen);
  return parsed;
}

/* The text that is written of the settings. */
static char *written(const train_settings *settings) {
  const char *path = fuzz_path("config");
  fuzz_expect(cli_config_write(&cli_train, path, settings) == CLI_OK, "config: not written");
  FILE *file = fopen(path, "r");
  char *text = NULL;
  size_t room = 0;
  fuzz_expect(file != NULL && getdelim(&text, &room, '\0', file) > 0, "config: nothing is written");
  fclose(file);
  return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  fuzz_file file = fuzz_file_create(bytes, size);
  train_settings settings, again;
  fuzz_capture();
  const cli_parsed parsed = read_config(file.path, &settings);
  fuzz_check_captured(parsed == CLI_PARSED_BAD);
  fuzz_expect(parsed == CLI_PARSED_BAD || parsed == CLI_PARSED_RUN,
              "config: neither read nor refused");
  if (parsed == CLI_PARSED_RUN) {
    char *first = written(&settings);
    fuzz_expect(read_config(fuzz_path("config"), &again) == CLI_PARSED_RUN,
                "config: not read again");
    char *second = written(&again);
    fuzz_expect(strcmp(first, second) == 0, "config: another one after being written and read");
    free(first);
    free(second);
    drop(&again);
  }
  drop(&settings);
  cli_config_forget();
  fuzz_file_close(&file);
  return 0;
}
