#include "profile.h"

void cli_profile_add(cli_profile *profile, const quern_epoch *epoch) {
  profile->epochs++;
  profile->train += epoch->train_seconds;
  profile->reduction += epoch->reduction_seconds;
  profile->exposed += epoch->reduction_exposed_seconds;
  if (epoch->tested && epoch->test.samples_per_second > 0)
    profile->test += (double)epoch->test.samples / epoch->test.samples_per_second;
}

static double hidden(const cli_profile *profile) {
  return profile->reduction - profile->exposed;
}

void cli_profile_print(const cli_profile *profile, FILE *out) {
  fprintf(out, "\nprofile of %zu epoch%s\n", profile->epochs, profile->epochs == 1 ? "" : "s");
  fprintf(out, "  steps           %9.3f s\n", profile->train);
  if (profile->reduction > 0)
    fprintf(out,
            "    reduction     %9.3f s  %.1f%% of the steps: the gradients' way through all ranks\n"
            "      hidden      %9.3f s  %.1f%% of it: the device was computing\n"
            "      exposed     %9.3f s\n",
            profile->reduction, 100.0 * profile->reduction / profile->train, hidden(profile),
            100.0 * hidden(profile) / profile->reduction, profile->exposed);
  fprintf(out, "  test data       %9.3f s\n", profile->test);
}

void cli_profile_json(const cli_profile *profile, cli_json *json) {
  cJSON *object = cli_json_object(json, json->root, "profile");
  cli_json_number(json, object, "epochs", (double)profile->epochs);
  cli_json_number(json, object, "train_seconds", profile->train);
  cli_json_number(json, object, "reduction_seconds", profile->reduction);
  cli_json_number(json, object, "reduction_hidden_seconds", hidden(profile));
  cli_json_number(json, object, "reduction_exposed_seconds", profile->exposed);
  cli_json_number(json, object, "test_seconds", profile->test);
}
