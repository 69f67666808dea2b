/* Tuning files: a row that was read can be used, and a refused one leaves the defaults. */
#include "fuzz.h"
#include "opencl/tuning_text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const quern_device_info info = {.kind = QUERN_DEVICE_CPU,
                                  .name = "device",
                                  .platform = "platform",
                                  .driver = "1",
                                  .version = ""};
  const quern__cl_limits limits = {.work_group = 1024, .local_memory = 65536};
  const quern__cl_tuning defaults = *quern__cl_tuning_find(&info, limits);
  quern__cl_tuning row = defaults;
  char *text = malloc(size + 1);
  if (text == NULL) return 0;
  if (size > 0) memcpy(text, bytes, size);
  text[size] = '\0';
  if (quern__tuning_parse("fuzz", text, size, &info, limits, &row) == QUERN_OK)
    fuzz_expect(quern__tuning_check(&row, limits) == QUERN_OK, "tuning: a row that cannot be used");
  else
    fuzz_expect(memcmp(&row, &defaults, sizeof row) == 0, "tuning: a refused file changed the row");
  free(text);
  return 0;
}
