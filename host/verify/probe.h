/* What a device does that it does not say of itself, found out by running ops on it. */
#ifndef QUERN_HOST_VERIFY_PROBE_H
#define QUERN_HOST_VERIFY_PROBE_H

#include "../device/variants.h"

/* Tells each finding. */
quern_status quern__probe(quern_context *context, quern__fact_sink tell, void *user);

#endif
