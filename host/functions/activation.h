/* What the checks of ops and networks ask about an activation. */
#ifndef QUERN_HOST_FUNCTIONS_ACTIVATION_H
#define QUERN_HOST_FUNCTIONS_ACTIVATION_H

#include <quern/activation.h>

/* Whether the slope is a number that the activation can have: any, where it takes none. */
bool quern__activation_slope_is_good(quern_activation activation);

#endif
