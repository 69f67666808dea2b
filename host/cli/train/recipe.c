#include "recipe.h"

#include <math.h>
#include <quern/normalization.h>

/* The optimizers that read a number, as bits. */
#define BIT(kind) (1u << (kind))
enum {
  MOMENTUMS =
      BIT(QUERN_OPTIMIZER_MOMENTUM) | BIT(QUERN_OPTIMIZER_NESTEROV) | BIT(QUERN_OPTIMIZER_RMSPROP),
  ADAMS = BIT(QUERN_OPTIMIZER_ADAM) | BIT(QUERN_OPTIMIZER_ADAMW),
  RMSPROPS = BIT(QUERN_OPTIMIZER_RMSPROP)
};

static cli_exit refuse(const cli_command *command, const char *option, const char *readers) {
  return cli_fail_usage(command, "--%s is for %s", option, readers);
}

cli_exit cli_recipe_check(const cli_command *command, const train_settings *settings) {
  const struct {
    const char *option;
    double value;
    unsigned readers;
    const char *names;
  } numbers[] = {
      {"momentum", settings->momentum, MOMENTUMS, "--optimizer momentum, nesterov or rmsprop"},
      {"beta1", settings->beta1, ADAMS, "--optimizer adam or adamw"},
      {"beta2", settings->beta2, ADAMS, "--optimizer adam or adamw"},
      {"alpha", settings->alpha, RMSPROPS, "--optimizer rmsprop"},
      {"epsilon", settings->epsilon, ADAMS | RMSPROPS, "--optimizer adam, adamw or rmsprop"},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (!isnan(numbers[i].value) && !(numbers[i].readers & BIT(settings->optimizer)))
      return refuse(command, numbers[i].option, numbers[i].names);
  const bool steps = settings->schedule == QUERN_SCHEDULE_STEP;
  if (!steps && !isnan(settings->step_epochs))
    return refuse(command, "step-epochs", "--schedule step");
  if (!steps && !isnan(settings->gamma)) return refuse(command, "gamma", "--schedule step");
  if (settings->beta1 >= 1.0 || settings->beta2 >= 1.0)
    return cli_fail_usage(command, "--beta1 and --beta2 take numbers below 1");
  if (settings->normalization != QUERN_NORMALIZATION_NONE && settings->hidden.count == 0)
    return cli_fail_usage(command, "--normalize needs a hidden layer");
  if (settings->dropout >= 1.0) return cli_fail_usage(command, "--dropout takes a number below 1");
  if (settings->dropout > 0.0 && settings->hidden.count == 0)
    return cli_fail_usage(command, "--dropout needs a hidden layer");
  if (settings->alpha > 1.0) return cli_fail_usage(command, "--alpha takes a number from 0 to 1");
  return CLI_OK;
}

static void set(double *field, double value) {
  if (!isnan(value)) *field = value;
}

quern_optimizer cli_recipe_optimizer(const train_settings *settings) {
  const quern_optimizer_kind kind = (quern_optimizer_kind)settings->optimizer;
  quern_optimizer optimizer = quern_optimizer_of(kind, quern_optimizer_usual_rate(kind));
  set(&optimizer.learning_rate, settings->learning_rate);
  set(&optimizer.momentum, settings->momentum);
  set(&optimizer.beta1, settings->beta1);
  set(&optimizer.beta2, settings->beta2);
  set(&optimizer.alpha, settings->alpha);
  set(&optimizer.epsilon, settings->epsilon);
  set(&optimizer.weight_decay, settings->weight_decay);
  optimizer.decay_bias = settings->decay_bias == 0; /* cli_switches: "on", "off" */
  return optimizer;
}

/* At least one; bounded, so that it fits. */
static uint64_t steps_of(double epochs, size_t steps_per_epoch) {
  const double steps = floor(epochs * (double)steps_per_epoch + 0.5), most = 0x1p62;
  return steps < 1.0 ? 1 : (uint64_t)(steps < most ? steps : most);
}

quern_schedule cli_recipe_schedule(const train_settings *settings, size_t steps_per_epoch) {
  quern_schedule schedule = quern_schedule_of((quern_schedule_kind)settings->schedule);
  if (settings->warmup > 0.0) schedule.warmup = steps_of(settings->warmup, steps_per_epoch);
  if (!isnan(settings->step_epochs))
    schedule.period = steps_of(settings->step_epochs, steps_per_epoch);
  set(&schedule.gamma, settings->gamma);
  return schedule;
}
