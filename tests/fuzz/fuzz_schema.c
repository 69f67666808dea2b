/* Schemas: written back and read again, they must be the same text. */
#include "data/schema.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char *text = malloc(size + 1);
  fuzz_expect(text != NULL, "no memory");
  memcpy(text, bytes, size);
  text[size] = '\0';
  quern_schema *schema = NULL, *again = NULL;
  if (quern__schema_parse("fuzz", text, &schema) == QUERN_OK) {
    char *first, *second;
    fuzz_expect(quern__schema_print(schema, &first) == QUERN_OK, "schema: not written");
    fuzz_expect(quern__schema_parse("fuzz", first, &again) == QUERN_OK, "schema: not read again");
    fuzz_expect(quern__schema_print(again, &second) == QUERN_OK, "schema: not written again");
    fuzz_expect(strcmp(first, second) == 0, "schema: another one after being written and read");
    free(first);
    free(second);
  } else {
    fuzz_expect(schema == NULL && quern_last_error()[0] != '\0',
                "schema: a failure without a message");
  }
  quern__schema_free(schema);
  quern__schema_free(again);
  free(text);
  return 0;
}
