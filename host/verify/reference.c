/* A context on the reference. */
#include "reference.h"

#include "../device/device.h"

quern_status quern__verify_reference(quern_context **context) {
  const quern_device device = {.info = {.kind = QUERN_DEVICE_REFERENCE,
                                        .backend = "reference",
                                        .name = "reference",
                                        .platform = "quern",
                                        .version = "",
                                        .driver = ""},
                               .backend = &quern__reference_backend};
  return quern_context_create_on(&device, context);
}
