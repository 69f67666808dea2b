/* quern trains multilayer perceptrons on any OpenCL device.
 *
 *   simple     train.h, dataset.h, network.h, model.h, onnx.h, inspect.h: open data, describe a network, train,
 *              evaluate, predict, save
 *   context    context.h, device.h: choose what it runs on; verify.h: see that it computes what it should;
 *              tune.h: make it faster there
 *   advanced   plan.h: a step at a time; ops.h: the primitives, for a loop of one's own; staging.h: data on their way to
 *              the device while it computes
 *
 * Two headers are not part of this one: opencl.h, which shares OpenCL objects and needs OpenCL's headers, and
 * backend.h, for a backend of one's own. A program that trains and predicts is in examples/train_and_predict.c. */
#ifndef QUERN_QUERN_H
#define QUERN_QUERN_H

#include <quern/activation.h>
#include <quern/collective.h>
#include <quern/context.h>
#include <quern/dataset.h>
#include <quern/device.h>
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
