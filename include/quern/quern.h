/* quern trains multilayer perceptrons on any OpenCL device.
 *
 *   simple     train.h, dataset.h, network.h, model.h, onnx.h, inspect.h, file.h: open data,
 *              describe a network, train, evaluate, predict, save
 *   context    context.h, device.h: choose what it runs on; verify.h: see that it computes what it
 *              should; tune.h: make it faster there
 *   advanced   plan.h: a step at a time; ops.h: the primitives, for a loop of one's own; staging.h:
 *              data on their way to the device while it computes
 *
 * What holds for every call, unless its own comment says otherwise:
 *
 *   NULL       A call that returns a status refuses a NULL that it has no use for:
 *              QUERN_ERROR_ARGUMENT. Other calls expect objects that are there. A call that frees
 *              accepts NULL.
 *   results    A call that makes something (its last arguments point to pointers) sets each result
 *              to NULL first, and to what it made when it succeeds: freeing a result is right after
 *              a failure too. What the variable held before is not freed, so a variable that holds
 *              the only pointer to something is not to be given. Two results need two variables:
 *              one given twice is QUERN_ERROR_ARGUMENT, and nothing is written. Other results, such
 *              as figures, are defined when the call succeeds.
 *   ownership  What the caller owns is freed once, by the call that is named for it. Using it after
 *              that, or freeing it twice, is undefined, as with free.
 *   callbacks  A function of some options is called before the call that was given it returns. It
 *              may use and free other objects. train.h says what else a function of a training may.
 *
 * Two headers are not part of this one: opencl.h, which shares OpenCL objects and needs OpenCL's
 * headers, and backend.h, for a backend of one's own. A program that trains and predicts is in
 * examples/train_and_predict.c. */
#ifndef QUERN_QUERN_H
#define QUERN_QUERN_H

#include <quern/activation.h>
#include <quern/collective.h>
#include <quern/context.h>
#include <quern/dataset.h>
#include <quern/device.h>
#include <quern/file.h>
#include <quern/inspect.h>
#include <quern/model.h>
#include <quern/network.h>
#include <quern/normalization.h>
#include <quern/onnx.h>
#include <quern/ops.h>
#include <quern/optimizer.h>
#include <quern/plan.h>
#include <quern/schema.h>
#include <quern/staging.h>
#include <quern/status.h>
#include <quern/train.h>
#include <quern/tune.h>
#include <quern/verify.h>
#include <quern/version.h>

#endif
