/* What a training prints before and after. */
#include "session.h"

#include "../base/interrupt.h"
#include "../data/describe.h"
#include "../parallel/ranks.h"
#include "../text/text.h"
#include "recipe.h"
#include "stopped.h"

#include <math.h>

void cli_training_announce(const train_session *run) {
  cli_print(run->out, "data: %s, ", quern_dataset_source(run->train));
  cli_print_data(run->out, run->train);
  const char *note = quern_dataset_note(run->train);
  if (*note != '\0') fprintf(run->out, "\nnote: %s", note);
  cli_print(run->out, "\ntest: %s, ", quern_dataset_source(run->test));
  cli_print_data(run->out, run->test);
  cli_print(run->out, "%s\nnetwork: ", run->held_out ? ", held out" : "");
  cli_print_network(run->out, run->network);
  const size_t classes = quern_network_outputs(run->network);
  for (size_t c = 0; run->class_weights != NULL && c < classes; c++)
    fprintf(run->out, c == 0 ? "\nclass weights: %.4g" : ", %.4g", (double)run->class_weights[c]);
  fputc('\n', run->out);
}

cli_exit cli_training_report_stopped(const train_session *run) {
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
  cli_device_set_json(json, &run->devices, run->residency.list);
  cli_json_network(json, run->network);
  cli_json_text(json, json->root, "data", quern_dataset_source(run->train));
  cli_json_number(json, json->root, "train_samples", (double)quern_dataset_rows(run->train));
  cli_json_number(json, json->root, "test_samples", (double)quern_dataset_rows(run->test));
  cli_residency_json(json, json->root, &run->residency.list[0]);
  cli_json_number(json, json->root, "batch", (double)run->batch);
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

/* Samples per second over the measured epochs; NaN if there are none. */
static double speed(const train_session *run) {
  if (run->measured < 2) return run->last.train_samples_per_second;
  return (double)(run->measured - 1) / run->seconds_a_sample;
}

/* Says what helps if a regression is worse than the mean of the targets. */
static void print_advice(const train_session *run) {
  const bool scaled = run->settings->data.standardize;
  if (run->last.test.task != QUERN_TASK_REGRESSION || !(run->last.test.r_squared < 0.0)) return;
  fprintf(run->out, "note: R² below 0 is worse than predicting the mean of the targets: give %s\n",
          scaled ? "a lower --lr or more --epochs" : "--standardize, or a lower --lr");
}

cli_exit cli_training_conclude(train_session *run) {
  const train_settings *settings = run->settings;
  const double samples_per_second = speed(run);
  if (run->measured == 0)
    cli_print(run->out, "%s has all epochs%s: nothing left to train\n", settings->resume,
              run->last.out_of_patience ? " that its patience allows" : "");
  if (run->saved != NULL) cli_print(run->out, "\nsaved %s\n", run->saved);
  const cli_headline score = cli_headline_of(&run->last.test);
  if (settings->save == NULL) fputc('\n', run->out);
  print_advice(run);
  cli_print(run->out, "test %s %s after %zu epoch%s", score.name, cli_figure(score.value).text,
            run->last.epoch, run->last.epoch == 1 ? "" : "s");
  if (run->last.best_epoch > 0)
    fprintf(run->out, ", the weights of epoch %zu", run->last.best_epoch);
  if (run->measured > 0)
    cli_print(run->out, ", %s samples/s", cli_grouped(samples_per_second).text);
  fprintf(run->out, "\n");
  if (settings->profile) cli_profile_print(&run->profile, run->out);
  return settings->json ? print_json(run, samples_per_second) : CLI_OK;
}
