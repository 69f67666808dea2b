#include "training.h"

#include "../base/interrupt.h"
#include "../data/describe.h"
#include "../data/format.h"
#include "../data/open.h"
#include "../log/log.h"
#include "../parallel/ranks.h"
#include "../parallel/residency.h"
#include "../text/text.h"
#include "profile.h"
#include "progress.h"
#include "recipe.h"
#include "stopped.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Everything a run opens; freed together. */
typedef struct train_session {
  const train_settings *settings;
  FILE *out;
  quern_dataset *train, *test;
  quern_network *network;
  cli_device_set team;
  cli_json json;
  cJSON *epochs;
  quern_epoch last;
  cli_progress progress;
  cli_profile profile;
  cli_log log;
  float *class_weights; /* of the training's; NULL for none */
  quern_optimizer optimizer;
  quern_schedule schedule;
  cli_residency placement;
  bool done;               /* it was not interrupted */
  const char *saved;       /* where the model is, or NULL */
  bool held_out;           /* the test samples are some of the data's */
  size_t measured;         /* epochs that this run has trained */
  double seconds_a_sample; /* summed over them but the first, in which kernels may be built */
} train_session;

static cli_exit hold_out(train_session *run) {
  quern_dataset *all = run->train;
  quern_status status = quern_dataset_split(all, 0.2, run->settings->seed, &run->train, &run->test);
  if (status != QUERN_OK) {
    run->train = all;
    return cli_fail_library();
  }
  quern_dataset_free(all);
  run->held_out = true;
  return CLI_OK;
}

/* The test data: those that are named, read as the training data were; or those that came with
 * them, or a part of them, prepared like them. */
static cli_exit prepare_test(train_session *run) {
  const train_settings *settings = run->settings;
  const quern_schema *schema = quern_dataset_schema(run->train);
  if (settings->test == NULL)
    return quern_dataset_apply(run->test, schema) == QUERN_OK ? CLI_OK : cli_fail_library();
  cli_data_settings test = settings->data;
  test.where = settings->test;
  return cli_open_test_data(&test, schema, &run->test);
}

/* Opens the training and the test data, and prepares both by what the training data show. */
static cli_exit open_data(train_session *run) {
  const train_settings *settings = run->settings;
  cli_exit result =
      cli_open_data(&settings->data, NULL, &run->train, settings->test == NULL ? &run->test : NULL);
  if (result != CLI_OK) return result;
  const char *trained = quern_dataset_source(run->train);
  if (quern_dataset_task(run->train) == QUERN_TASK_NONE)
    return cli_fail("%s has nothing to learn: it has no labels or targets", trained);
  if (settings->test == NULL && run->test == NULL) result = hold_out(run);
  if (result != CLI_OK) return result;
  if (quern_dataset_fit(run->train, settings->data.standardize) != QUERN_OK)
    return cli_fail_library();
  trained = quern_dataset_source(run->train);
  result = prepare_test(run);
  if (result != CLI_OK) return result;
  const size_t columns = quern_dataset_columns(run->train),
               test_columns = quern_dataset_columns(run->test);
  if (test_columns != columns)
    return cli_fail("%s has %zu values a sample, but %s has %zu", quern_dataset_source(run->test),
                    test_columns, trained, columns);
  return cli_check_labels(trained, quern_dataset_classes(run->train), run->test);
}

/* The loss that was asked for, or the usual one of the task. */
static quern_loss loss_of(const train_session *run) {
  if ((int)run->settings->loss.kind != CLI_UNSET) return run->settings->loss.kind;
  switch (quern_dataset_task(run->train)) {
  case QUERN_TASK_LABELS:
    return QUERN_LOSS_BINARY;
  case QUERN_TASK_REGRESSION:
    return QUERN_LOSS_SQUARED;
  case QUERN_TASK_NONE:
  case QUERN_TASK_CLASSES:
    break;
  }
  return QUERN_LOSS_CATEGORICAL;
}

/* A weight for each class, as given, or n / (k n_c), so that each counts as much: as scikit-learn's
 * "balanced". A class without samples has no say. */
static cli_exit weigh_classes(train_session *run) {
  const cli_reals *given = &run->settings->class_weights;
  if (given->count == 0 && !given->word) return CLI_OK;
  if (loss_of(run) != QUERN_LOSS_CATEGORICAL)
    return cli_fail("--class-weights needs the categorical loss, but that of %s is %s",
                    quern_dataset_source(run->train), quern_loss_name(loss_of(run)));
  const size_t classes = quern_dataset_outputs(run->train);
  if (given->count > 0 && given->count != classes)
    return cli_fail("--class-weights has %zu weights, but %s has %zu classes", given->count,
                    quern_dataset_source(run->train), classes);
  run->class_weights = calloc(classes, sizeof *run->class_weights);
  size_t *counts = calloc(classes, sizeof *counts);
  const size_t rows = quern_dataset_rows(run->train);
  const bool good = run->class_weights != NULL && counts != NULL;
  for (size_t row = 0; good && row < rows; row++) counts[quern_dataset_label(run->train, row)]++;
  for (size_t c = 0; good && c < classes; c++) {
    const double each = (double)classes * (double)counts[c];
    run->class_weights[c] = given->count > 0 ? (float)given->items[c]
                            : counts[c] == 0 ? 0.0f
                                             : (float)((double)rows / each);
  }
  free(counts);
  return good ? CLI_OK : cli_fail_memory();
}

static cli_exit make_network(train_session *run) {
  const train_settings *settings = run->settings;
  size_t count = settings->hidden.count;
  quern_layer *layers = calloc(count + 1, sizeof *layers);
  if (layers == NULL) return cli_fail_memory();
  for (size_t i = 0; i < count; i++) {
    layers[i] = quern_dense(settings->hidden.items[i], settings->activation.kind);
    layers[i].activation = settings->activation;
    layers[i].normalization =
        quern_normalization_of((quern_normalization_kind)settings->normalization);
    layers[i].dropout = isnan(settings->dropout) ? 0.0f : (float)settings->dropout;
  }
  layers[count] = quern_dense(quern_dataset_outputs(run->train), QUERN_ACTIVATION_IDENTITY);
  quern_status status = quern_network_create(quern_dataset_columns(run->train), layers, count + 1,
                                             loss_of(run), &run->network);
  free(layers);
  if (status == QUERN_OK)
    status = quern_network_set_huber_delta(run->network, settings->loss.delta);
  return status == QUERN_OK ? CLI_OK : cli_fail_library();
}

/* The first weights, once it is known that there is memory to train them in: only then are they
 * written. Of several devices, which divide the batch, each says so by itself. */
static cli_exit initialize(const train_session *run, const quern_train_options *training) {
  quern_data_residency placement = quern_data_residency_default();
  if (run->team.count == 1 &&
      quern_trainer_residency(run->team.contexts[0], run->network, run->train, run->test, training,
                              &placement) != QUERN_OK)
    return cli_fail_library();
  return quern_network_initialize(run->network, QUERN_INITIALIZER_DEFAULT, run->settings->seed) ==
                 QUERN_OK
             ? CLI_OK
             : cli_fail_library();
}

static void add_epoch(train_session *run, const quern_epoch *epoch) {
  cJSON *object = cli_json_object(&run->json, run->epochs, NULL);
  cli_json_number(&run->json, object, "epoch", (double)epoch->epoch);
  cli_json_number(&run->json, object, "train_loss", epoch->train_loss);
  cli_json_metrics(&run->json, object, "test_", &epoch->test);
  cli_json_number(&run->json, object, "samples_per_second", epoch->train_samples_per_second);
}

static bool on_epoch(const quern_epoch *epoch, void *user) {
  train_session *run = user;
  if (run->measured++ > 0) run->seconds_a_sample += 1.0 / epoch->train_samples_per_second;
  cli_profile_add(&run->profile, epoch);
  cli_progress_epoch(&run->progress, epoch);
  /* The rate of the epoch's last step. */
  const quern_optimizer current =
      quern_schedule_at(&run->schedule, &run->optimizer, (uint64_t)epoch->epoch * epoch->steps - 1);
  /* A row that is lost is said at once, and makes the command fail at its end. */
  (void)cli_log_epoch(&run->log, epoch, current.learning_rate);
  if (run->settings->json) add_epoch(run, epoch);
  return true;
}

static void on_progress(const quern_progress *current, void *user) {
  train_session *run = user;
  cli_progress_show(&run->progress, current);
}

static bool is_interrupted(void *user) {
  (void)user;
  cli_interrupt_watch_again();
  return cli_interrupt_signal() != 0;
}

static quern_train_options options_of(train_session *run) {
  const train_settings *settings = run->settings;
  quern_train_options training = quern_train_options_default();
  training.epochs = settings->epochs;
  const size_t rows = quern_dataset_rows(run->train), batch = cli_recipe_batch(settings, rows),
               steps = rows / batch + (rows % batch != 0);
  training.batch = batch;
  run->optimizer = cli_recipe_optimizer(settings);
  run->schedule = cli_recipe_schedule(settings, steps);
  /* What quern_train makes of 0, so that the log can tell the rate. */
  const uint64_t all = (uint64_t)settings->epochs * steps;
  run->schedule.steps = all > run->schedule.warmup ? all - run->schedule.warmup : 1;
  training.optimizer = run->optimizer;
  training.schedule = run->schedule;
  training.patience = settings->patience;
  training.seed = settings->seed;
  training.on_epoch = on_epoch;
  training.user = run;
  training.stop = is_interrupted;
  training.clip_norm = isnan(settings->clip_norm) ? 0.0f : (float)settings->clip_norm;
  training.checkpoint = settings->checkpoint;
  training.checkpoint_every = settings->checkpoint_every;
  training.resume = settings->resume;
  training.data_memory = settings->data_memory;
  if (!isnan(settings->label_smoothing))
    training.label_smoothing = (float)settings->label_smoothing;
  training.class_weights = run->class_weights;
  training.collective = cli_ranks_collective();
  return training;
}

static void announce(const train_session *run) {
  cli_print(run->out, "data: %s, ", quern_dataset_source(run->train));
  cli_print_data(run->out, run->train);
  cli_print(run->out, "\ntest: %s, ", quern_dataset_source(run->test));
  cli_print_data(run->out, run->test);
  cli_print(run->out, "%s\nnetwork: ", run->held_out ? ", held out" : "");
  cli_print_network(run->out, run->network);
  const size_t classes = quern_network_outputs(run->network);
  for (size_t c = 0; run->class_weights != NULL && c < classes; c++)
    fprintf(run->out, c == 0 ? "\nclass weights: %.4g" : ", %.4g", (double)run->class_weights[c]);
  fputc('\n', run->out);
}

static cli_exit train(train_session *run, quern_train_options *training) {
  cli_progress_begin(&run->progress, run->out, quern_dataset_rows(run->train));
  /* A launcher gives its ranks a terminal, wherever it passes on what they say. */
  if (cli_ranks_are_launched()) run->progress.live = false;
  if (run->progress.live) training->on_progress = on_progress;
  cli_interrupt_watch();
  const cli_device_set *team = &run->team;
  const quern_status status =
      team->count == 1 ? quern_train(team->contexts[0], run->network, run->train, run->test,
                                     training, &run->last)
                       : quern_train_on(team->contexts, team->count, team->shares, run->network,
                                        run->train, run->test, training, &run->last);
  cli_progress_end(&run->progress);
  if (status != QUERN_OK) return cli_fail_library();
  run->done = (run->last.epoch == run->last.epochs || run->last.out_of_patience) &&
              run->last.step == run->last.steps;
  return CLI_OK;
}

/* An interrupted training saves what it has learned; before its first step that is nothing, and an
 * older model stays. */
static cli_exit save(train_session *run) {
  const char *path = run->settings->save;
  const bool learned = run->last.epoch > 1 || run->last.step > 0;
  if (path == NULL || !learned || !cli_ranks_is_first()) return CLI_OK;
  if (cli_format_save(run->network, path) != QUERN_OK) return cli_fail_library();
  run->saved = path;
  return CLI_OK;
}

static cli_exit report_stopped(const train_session *run) {
  const train_settings *settings = run->settings;
  const cli_stopped stopped = {.epoch = &run->last,
                               .signal = cli_ranks_most(cli_interrupt_signal()),
                               .model = run->saved,
                               .checkpoint = settings->checkpoint,
                               .arguments = settings->arguments};
  return cli_ranks_is_first() ? cli_report_stopped(&stopped)
                              : (cli_exit)(CLI_SIGNAL + stopped.signal);
}

static void add_class_weights(train_session *run) {
  cli_json *json = &run->json;
  if (run->class_weights == NULL) {
    cli_json_null(json, json->root, "class_weights");
    return;
  }
  cJSON *list = cli_json_list(json, json->root, "class_weights");
  for (size_t c = 0; c < quern_network_outputs(run->network); c++)
    cli_json_append_number(json, list, cli_json_float(run->class_weights[c]));
}

static cli_exit print_json(train_session *run, double samples_per_second) {
  const train_settings *settings = run->settings;
  cli_json *json = &run->json;
  cli_json_metrics(json, json->root, "test_", &run->last.test);
  cli_json_number(json, json->root, "train_loss", run->last.train_loss);
  cli_json_number(json, json->root, "samples_per_second", samples_per_second);
  cli_device_set_json(json, &run->team, run->placement.placement);
  cli_json_network(json, run->network);
  cli_json_text(json, json->root, "data", quern_dataset_source(run->train));
  cli_json_number(json, json->root, "train_samples", (double)quern_dataset_rows(run->train));
  cli_json_number(json, json->root, "test_samples", (double)quern_dataset_rows(run->test));
  cli_residency_json(json, json->root, &run->placement.placement[0]);
  cli_json_number(json, json->root, "batch",
                  (double)cli_recipe_batch(settings, quern_dataset_rows(run->train)));
  cli_json_text(json, json->root, "optimizer", quern_optimizer_name(run->optimizer.kind));
  cli_json_text(json, json->root, "schedule", quern_schedule_name(run->schedule.kind));
  cli_json_number(json, json->root, "learning_rate", run->optimizer.learning_rate);
  cli_json_number(json, json->root, "weight_decay", run->optimizer.weight_decay);
  if (!isnan(settings->clip_norm))
    cli_json_number(json, json->root, "clip_norm", settings->clip_norm);
  else
    cli_json_null(json, json->root, "clip_norm");
  cli_json_number(json, json->root, "label_smoothing",
                  isnan(settings->label_smoothing) ? 0 : settings->label_smoothing);
  add_class_weights(run);
  cli_json_whole(json, json->root, "seed", settings->seed);
  cli_json_number(json, json->root, "ranks", (double)cli_ranks_count());
  if (settings->save != NULL)
    cli_json_text(json, json->root, "saved", settings->save);
  else
    cli_json_null(json, json->root, "saved");
  if (settings->profile) cli_profile_json(&run->profile, json);
  return cli_json_print(json);
}

/* Samples a second of the epochs that were measured; NaN where there are none. */
static double speed(const train_session *run) {
  if (run->measured < 2) return run->last.train_samples_per_second;
  return (double)(run->measured - 1) / run->seconds_a_sample;
}

static cli_exit conclude(train_session *run) {
  const train_settings *settings = run->settings;
  const double samples_per_second = speed(run);
  if (run->measured == 0)
    cli_print(run->out, "%s has all epochs%s: nothing was left to train\n", settings->resume,
              run->last.out_of_patience ? " that its patience allows" : "");
  if (run->saved != NULL) cli_print(run->out, "\nsaved %s\n", run->saved);
  const cli_headline score = cli_headline_of(&run->last.test);
  if (settings->save == NULL) fputc('\n', run->out);
  cli_print(run->out, "test %s %.4f after %zu epoch%s", score.name, score.value, run->last.epoch,
            run->last.epoch == 1 ? "" : "s");
  if (run->last.best_epoch > 0)
    fprintf(run->out, ", the weights of epoch %zu", run->last.best_epoch);
  if (run->measured > 0)
    cli_print(run->out, ", %s samples/s", cli_grouped(samples_per_second).text);
  fprintf(run->out, "\n");
  if (settings->profile) cli_profile_print(&run->profile, run->out);
  return settings->json ? print_json(run, samples_per_second) : CLI_OK;
}

/* Whether the checkpoint and the log, which are read or written later, can be, as far as that is
 * known. */
static cli_exit check_files(train_session *run) {
  const train_settings *settings = run->settings;
  if (!cli_ranks_is_first()) return CLI_OK;
  if (settings->resume != NULL && access(settings->resume, R_OK) != 0)
    return cli_fail("cannot resume from %s: %s", settings->resume, strerror(errno));
  if (settings->log == NULL) return CLI_OK;
  return cli_log_open(settings->log, settings->resume != NULL, &run->log);
}

/* Whether the format of --save has a form for the network. */
static cli_exit check_format(const train_session *run) {
  const char *save = run->settings->save;
  if (save == NULL || !cli_ranks_is_first()) return CLI_OK;
  return cli_format_check(run->network, save) == QUERN_OK ? CLI_OK : cli_fail_library();
}

static cli_exit run_session(train_session *run) {
  const train_settings *settings = run->settings;
  cli_exit result = cli_ranks_connect(settings->rank_timeout);
  if (result != CLI_OK) return result;
  result = check_files(run);
  if (result == CLI_OK) result = open_data(run);
  if (result == CLI_OK) result = weigh_classes(run);
  if (result == CLI_OK) result = make_network(run);
  if (result == CLI_OK) result = check_format(run);
  result = cli_ranks_agree(result);
  if (result == CLI_OK)
    result = cli_device_set_open(settings->device, settings->share_device, run->out, &run->team);
  result = cli_ranks_agree(result);
  if (result != CLI_OK) return result;
  quern_train_options training = options_of(run);
  announce(run);
  result = cli_ranks_agree(initialize(run, &training));
  if (result != CLI_OK) return result;
  result = cli_device_set_share(&run->team, &settings->shares, run->network, run->train, &training,
                                run->out);
  result = cli_ranks_agree(result);
  if (result == CLI_OK)
    result = cli_ranks_agree(cli_residency_find(&run->team, run->network, run->train, run->test,
                                                &training, &run->placement));
  if (result != CLI_OK) return result;
  cli_residency_print(&run->placement, run->out);
  fputc('\n', run->out);
  fflush(run->out);
  result = cli_ranks_agree(train(run, &training));
  if (result == CLI_OK) result = cli_ranks_agree(save(run));
  cli_interrupt_unwatch();
  if (result != CLI_OK) return result;
  return cli_ranks_agree(run->done ? conclude(run) : report_stopped(run));
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
  cli_residency_free(&session.placement);
  cli_device_set_close(&session.team);
  quern_network_free(session.network);
  quern_dataset_free(session.test);
  quern_dataset_free(session.train);
  return result;
}
