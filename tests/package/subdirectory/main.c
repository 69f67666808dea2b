/* Links with everything that a model file needs, zlib and cJSON included, and runs. */
#include <quern/quern.h>
#include <stdio.h>

int main(void) {
  quern_network *network = NULL;
  if (quern_model_load("no-such.safetensors", NULL, &network) != QUERN_ERROR_FILE) return 1;
  puts(quern_last_error());
  return 0;
}
