/* CSV: the first byte chooses the options, the rest is the file. */
#include "data/data.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size < 1) return 0;
  quern_dataset_options options = quern_dataset_options_default();
  unsigned choice = bytes[0];
  options.header = (quern_csv_header)(choice % 3);
  options.label = (quern_csv_label)(choice / 3 % 2);
  options.missing = (quern_missing)(choice / 6 % 3);
  options.text = (quern_text)(choice / 18 % 2);
  options.task = choice / 36 % 3 == 1   ? QUERN_TASK_LABELS
                 : choice / 36 % 3 == 2 ? QUERN_TASK_REGRESSION
                                        : QUERN_TASK_NONE;
  options.target = choice >= 108 ? "1,b" : NULL;
  if (choice >= 216) {
    options.target = NULL;
    options.decimal = choice % 2 == 0 ? ',' : '.';
    options.exclude = choice % 3 == 0 ? "2" : NULL;
    options.missing_values = "x,-9";
  }
  quern__stream stream;
  quern_dataset *dataset = NULL;
  quern__stream_open_memory("fuzz.csv", bytes + 1, size - 1, &stream);
  if (quern__csv_read(&stream, &options, &dataset) != QUERN_OK) {
    fuzz_expect(dataset == NULL && quern_last_error()[0] != '\0',
                "CSV: a failure without a message");
  } else if (quern_dataset_fit(dataset, true) == QUERN_OK) {
    /* Read again with the same schema: the file has as many columns. */
    quern_dataset *again = NULL;
    options.schema = quern_dataset_schema(dataset);
    quern__stream_close(&stream);
    quern__stream_open_memory("fuzz.csv", bytes + 1, size - 1, &stream);
    if (quern__csv_read(&stream, &options, &again) == QUERN_OK)
      fuzz_expect(quern_dataset_columns(again) == quern_dataset_columns(dataset) &&
                      quern_dataset_rows(again) == quern_dataset_rows(dataset),
                  "CSV: another size by its own schema");
    quern_dataset_free(again);
  }
  quern_dataset_free(dataset);
  quern__stream_close(&stream);
  return 0;
}
