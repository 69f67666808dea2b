/* quern trains multilayer perceptrons on any OpenCL device.
 *
 * Levels. A header includes only headers of its own level and of those above it in this list:
 *
 *   values     names, options and records that the other levels share
 *   context    choose a device, check its results, tune its speed
 *   simple     open data, describe a network, train, evaluate, predict, save
 *   advanced   own training loops, devices and ways of communication
 *
 * Rules for every call, unless its own comment differs:
 *
 *   NULL       A call that returns a status returns QUERN_ERROR_ARGUMENT for a NULL that it
 *              cannot use. Other calls require valid objects. A call that frees accepts NULL.
 *   results    A call that creates objects (its last arguments point to pointers) sets each
 *              result to NULL first, and to the object on success, so a result can be freed after
 *              a failure too. The variable's old value is not freed: do not pass the only pointer
 *              to an object. Two results need two variables; the same one twice is
 *              QUERN_ERROR_ARGUMENT, and nothing is written. Other results, such as figures, are
 *              defined on success only.
 *   ownership  The caller frees an owned object once, with the call named for it. Use after
 *              that, or freeing twice, is undefined, as with free.
 *   strings    Text is UTF-8 and ends with a zero byte. Strings that are passed in may be freed
 *              after the call, unless its comment says otherwise.
 *   waiting    A call waits for a device only if its comment says so.
 *   errors     Comments name the statuses that have a meaning of their own. Besides, any call may
 *              return QUERN_ERROR_OUT_OF_MEMORY, and one that uses a device what context.h
 *              describes: QUERN_ERROR_OPENCL, QUERN_ERROR_DEVICE_LOST, QUERN_ERROR_BUSY,
 *              QUERN_ERROR_FORKED. quern_last_error has the message.
 *   callbacks  A callback in an options struct is only called before the call that received it
 *              returns. It may use and free other objects. train.h lists what else a training's
 *              callbacks may do.
 *
 * Not included: opencl.h and mpi.h, which need the headers of OpenCL and MPI, and backend.h, for
 * custom backends: all advanced. examples/train_and_predict.c is a program that trains and
 * predicts. */
#ifndef QUERN_QUERN_H
#define QUERN_QUERN_H

/* Values */
#include <quern/activation.h>
#include <quern/initializer.h>
#include <quern/loss.h>
#include <quern/normalization.h>
#include <quern/optimizer.h>
#include <quern/schema.h>
#include <quern/status.h>
#include <quern/types.h>
#include <quern/version.h>

/* Context */
#include <quern/context.h>
#include <quern/device.h>
#include <quern/tune.h>
#include <quern/verify.h>

/* Simple */
#include <quern/dataset.h>
#include <quern/file.h>
#include <quern/inspect.h>
#include <quern/model.h>
#include <quern/network.h>
#include <quern/onnx.h>
#include <quern/train.h>

/* Advanced */
#include <quern/collective.h>
#include <quern/ops.h>
#include <quern/plan.h>
#include <quern/staging.h>

#endif
