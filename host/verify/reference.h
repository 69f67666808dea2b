/* A context on the reference, created without listing devices. */
#ifndef QUERN_HOST_VERIFY_REFERENCE_H
#define QUERN_HOST_VERIFY_REFERENCE_H

#include <quern/context.h>

quern_status quern__verify_reference(quern_context **context);

#endif
