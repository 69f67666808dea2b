#include "training_files.h"

#include "../data/target.h"

typedef struct option_file {
  const char *option;
  const char *path; /* NULL: not given */
} option_file;

/* --test and --data may share files: reading twice is harmless. */
static cli_exit check_inputs(const train_settings *settings, const option_file *target) {
  const option_file data[] = {{"--data", settings->data.where}, {"--test", settings->test}},
                    files[] = {{"--config", settings->config}, {"--resume", settings->resume}};
  cli_exit result = CLI_OK;
  for (size_t i = 0; i < sizeof data / sizeof *data && result == CLI_OK; i++)
    if (data[i].path != NULL)
      result = cli_check_data_spared(target->path, data[i].path, data[i].option);
  for (size_t i = 0; i < sizeof files / sizeof *files && result == CLI_OK; i++)
    if (files[i].path != NULL &&
        !(files[i].path == settings->resume && target->path == settings->checkpoint))
      result = cli_check_spared(target->path, files[i].path, files[i].option);
  return result;
}

cli_exit cli_training_check_files(const train_settings *settings) {
  const option_file targets[] = {{"--save", settings->save},
                                 {"--checkpoint", settings->checkpoint},
                                 {"--log", settings->log},
                                 {"--write-config", settings->write_config}};
  cli_exit result = CLI_OK;
  for (size_t i = 0; i < sizeof targets / sizeof *targets && result == CLI_OK; i++) {
    if (targets[i].path == NULL) continue;
    result = cli_check_target(targets[i].path);
    if (result == CLI_OK) result = check_inputs(settings, &targets[i]);
    for (size_t j = 0; j < i && result == CLI_OK; j++)
      if (targets[j].path != NULL)
        result = cli_check_apart(targets[i].path, targets[j].path, targets[j].option);
  }
  return result;
}
