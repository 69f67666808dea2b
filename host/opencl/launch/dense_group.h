/* The matrix products by work-groups: what dense.c hands on where the device's row says
 * QUERN__DENSE_GROUP. */
#ifndef QUERN_HOST_OPENCL_LAUNCH_DENSE_GROUP_H
#define QUERN_HOST_OPENCL_LAUNCH_DENSE_GROUP_H

#include "../opencl.h"

quern_status quern__cl_dense_forward_group(quern__cl *cl, const quern_dense_forward_op *op);
quern_status quern__cl_dense_backward_data_group(quern__cl *cl,
                                                 const quern_dense_backward_data_op *op);
quern_status quern__cl_dense_backward_weights_group(quern__cl *cl,
                                                    const quern_dense_backward_weights_op *op);

#endif
