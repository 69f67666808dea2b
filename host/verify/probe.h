/* Finds properties of a device that it does not report, by running ops on it. */
#ifndef QUERN_HOST_VERIFY_PROBE_H
#define QUERN_HOST_VERIFY_PROBE_H

#include "../device/variants.h"

/* Reports each finding. */
quern_status quern__probe(quern_context *context, quern__fact_sink tell, void *user);

#endif
