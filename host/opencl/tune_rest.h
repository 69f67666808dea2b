/* The ops that are no products: built for a vector width too, and so verified before a width is chosen. */
#ifndef QUERN_HOST_OPENCL_TUNE_REST_H
#define QUERN_HOST_OPENCL_TUNE_REST_H

#include "opencl.h"

/* Runs them once with the context's row and holds them to the reference: QUERN_ERROR_DATA names the first that is wrong. */
quern_status quern__tune_rest_verify(quern__cl *cl);

#endif
