#include "training.h"

#include "../base/interrupt.h"
#include "../data/format.h"
#include "../parallel/ranks.h"
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static cli_exit train(train_session *run, quern_train_options *training) {
  cli_progress_begin(&run->progress, run->out, quern_dataset_rows(run->train));
  /* A launcher may give ranks a terminal whose lines go elsewhere. */
  if (cli_ranks_are_launched()) run->progress.live = false;
  if (run->progress.live) training->on_progress = cli_training_on_progress;
  cli_interrupt_watch();
  const cli_device_set *set = &run->devices;
  const quern_status status =
      set->count == 1
          ? quern_train(set->contexts[0], run->network, run->train, run->test, training, &run->last)
          : quern_train_on(set->contexts, set->count, set->shares, run->network, run->train,
                           run->test, training, &run->last);
  cli_progress_end(&run->progress);
  if (status != QUERN_OK) return cli_fail_library();
  run->done = (run->last.epoch == run->last.epochs || run->last.out_of_patience) &&
              run->last.step == run->last.steps;
  return CLI_OK;
}

/* Saves the model, also after an interruption. Before the first step nothing is saved, and an older
 * model is kept. */
static cli_exit save(train_session *run) {
  const char *path = run->settings->save;
  const bool learned = run->last.epoch > 1 || run->last.step > 0;
  if (path == NULL || !learned || !cli_ranks_is_first()) return CLI_OK;
  if (cli_format_save(run->network, path) != QUERN_OK) return cli_fail_library();
  run->saved = path;
  return CLI_OK;
}

/* Checks the checkpoint and opens the log, before the data is read. */
static cli_exit check_files(train_session *run) {
  const train_settings *settings = run->settings;
  if (!cli_ranks_is_first()) return CLI_OK;
  if (settings->resume != NULL && access(settings->resume, R_OK) != 0)
    return cli_fail("cannot resume from %s: %s", settings->resume, strerror(errno));
  if (settings->log == NULL) return CLI_OK;
  return cli_log_open(settings->log, settings->resume != NULL, &run->log);
}

/* Checks that the format of --save can hold the network. */
static cli_exit check_format(const train_session *run) {
  const char *save = run->settings->save;
  if (save == NULL || !cli_ranks_is_first()) return CLI_OK;
  return cli_format_check(run->network, save) == QUERN_OK ? CLI_OK : cli_fail_library();
}

static cli_exit open_inputs(train_session *run) {
  cli_exit result = check_files(run);
  if (result == CLI_OK) result = cli_training_open_data(run);
  if (result == CLI_OK) result = cli_training_weigh_classes(run);
  if (result == CLI_OK) result = cli_training_make_network(run);
  if (result == CLI_OK) result = check_format(run);
  return result;
}

/* Divides the batch among the devices, and decides which data each streams. */
static cli_exit place(train_session *run, const quern_train_options *training) {
  cli_exit result = cli_ranks_agree(cli_training_initialize(run, training));
  if (result != CLI_OK) return result;
  result = cli_ranks_agree(cli_device_set_share(&run->devices, &run->settings->shares, run->network,
                                                run->train, training, run->out));
  if (result != CLI_OK) return result;
  return cli_ranks_agree(cli_residency_find(&run->devices, run->network, run->train, run->test,
                                            training, &run->residency));
}

static cli_exit run_session(train_session *run) {
  const train_settings *settings = run->settings;
  cli_exit result = cli_ranks_connect(settings->rank_timeout);
  if (result != CLI_OK) return result;
  result = cli_ranks_agree(open_inputs(run));
  if (result != CLI_OK) return result;
  result = cli_ranks_agree(
      cli_device_set_open(settings->device, settings->share_device, run->out, &run->devices));
  if (result != CLI_OK) return result;
  quern_train_options training = cli_training_options(run);
  cli_training_announce(run);
  result = place(run, &training);
  if (result != CLI_OK) return result;
  cli_residency_print(&run->residency, run->out);
  fputc('\n', run->out);
  fflush(run->out);
  result = cli_ranks_agree(train(run, &training));
  if (result == CLI_OK) result = cli_ranks_agree(save(run));
  cli_interrupt_unwatch();
  if (result != CLI_OK) return result;
  return cli_ranks_agree(run->done ? cli_training_conclude(run) : cli_training_report_stopped(run));
}

cli_exit cli_run_training(const train_settings *settings) {
  train_session session = {.settings = settings,
                           .out = settings->json && cli_ranks_is_first() ? stderr : stdout,
                           .json = cli_json_create()};
  session.epochs = cli_json_list(&session.json, session.json.root, "epochs");
  cli_exit result = run_session(&session);
  const cli_exit logged = cli_log_close(&session.log);
  if (result == CLI_OK) result = logged;
  cli_json_free(&session.json);
  free(session.class_weights);
  cli_residency_free(&session.residency);
  cli_device_set_close(&session.devices);
  quern_network_free(session.network);
  quern_dataset_free(session.test);
  quern_dataset_free(session.train);
  return result;
}
