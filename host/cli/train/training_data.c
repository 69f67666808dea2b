/* Training and test data. */
#include "session.h"

#include "../data/open.h"

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

/* Opens the test data of --test, read as the training data; or prepares the test data that came
 * with the training data or was held out. */
static cli_exit prepare_test(train_session *run) {
  const train_settings *settings = run->settings;
  const quern_schema *schema = quern_dataset_schema(run->train);
  if (settings->test == NULL)
    return quern_dataset_apply(run->test, schema) == QUERN_OK ? CLI_OK : cli_fail_library();
  cli_data_settings test = settings->data;
  test.where = settings->test;
  return cli_open_test_data(&test, schema, &run->test);
}

cli_exit cli_training_open_data(train_session *run) {
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
    return cli_fail("%s has %zu values per sample, but %s has %zu", quern_dataset_source(run->test),
                    test_columns, trained, columns);
  return cli_check_labels(trained, quern_dataset_classes(run->train), run->test);
}
