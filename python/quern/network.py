"""Networks: creation, training, prediction, saving and loading."""

import ctypes
import os
import tempfile
import warnings

import numpy

from . import _arguments, _arrays, _data, _devices, _layers, _names, _tables
from ._declarations import (
    INITIALIZERS,
    Epoch,
    Layer,
    Metrics,
    ModelOptions,
    OnnxOptions,
    TrainOptions,
    lib,
)
from ._errors import check
from ._handle import make
from ._nearest import names_arguments
from ._parameters import Parameters
from ._tables import Tables
from ._training import Watch, epoch_of, metrics_of


class Network(Parameters, Tables):
    """Dense layers, their loss, and their parameters.

    inputs       the number of inputs per sample
    layers       a Dense per layer, or its number of units: then hidden layers have ReLU, and the
                 last one no activation
    loss         "categorical" (softmax and cross-entropy: one of several classes), "binary" (any
                 of several labels), "squared", "absolute" or "huber" (regression), or another of
                 quern.losses(). The last layer's activation is "identity" for losses that include
                 softmax or sigmoid
    initializer  of the weights: "default" (by activation), "he", "xavier", "uniform", "lecun"
    seed         of the weights; the same seed gives the same weights everywhere (None: the default
                 of `fit`)
    device       None for the best, or a Device, its index, "reference", "0:0", or part of a name;
                 see quern.devices(). A list trains on several devices at once, and evaluates and
                 predicts on the first; "all" is every device except emulators and the reference,
                 or the best if there is no other

    A network may be used by one thread at a time. It frees its memory.
    """

    @names_arguments
    def __init__(
        self, inputs, layers, loss="categorical", *, initializer="default", seed=None, device=None
    ):
        layers = list(layers)
        raw = (Layer * len(layers))(
            *(_layers.to_raw(layer, i == len(layers) - 1) for i, layer in enumerate(layers))
        )
        kind, delta = _names.loss_of(loss)
        self._handle = make(
            lib.quern_network_free,
            lib.quern_network_create,
            _arguments.size("inputs", inputs),
            raw,
            len(raw),
            kind,
        )
        check(lib.quern_network_set_huber_delta(self._handle, delta))
        check(
            lib.quern_network_initialize(
                self._handle,
                _arguments.choice("initializer", initializer, INITIALIZERS),
                TrainOptions.initial().seed if seed is None else _arguments.size("seed", seed),
            )
        )
        self._set_up(device)

    @classmethod
    def _of(cls, handle, device):
        network = cls.__new__(cls)
        network._handle, network.classes = handle, _tables.classes_in(handle)
        network._set_up(device)
        return network

    def _set_up(self, device):
        self._devices = _devices.names(device)
        self.history, self.shares = [], None

    @property
    def inputs(self):
        return lib.quern_network_inputs(self._handle)

    @property
    def outputs(self):
        return lib.quern_network_outputs(self._handle)

    @property
    def loss(self):
        return _names.loss_text(
            lib.quern_network_loss(self._handle), lib.quern_network_huber_delta(self._handle)
        )

    @property
    def layers(self):
        """The layers as a list of Dense."""
        return _layers.of_network(self._handle)

    @property
    def parameter_count(self):
        return lib.quern_network_parameter_count(self._handle)

    @property
    def device(self):
        """The Device on which this thread runs the network; of several, the first, which evaluates
        and predicts."""
        return _devices.describe(_devices.context(self._devices))

    @property
    def devices(self):
        """The devices on which this thread trains the network, as a list of Device."""
        return [_devices.describe(context) for context in _devices.contexts(self._devices)]

    def __repr__(self):
        layers = self.layers
        shape = "-".join(str(units) for units in [self.inputs] + [layer.units for layer in layers])
        return (
            f"<quern.Network {shape}, {layers[0].activation}, {self.loss}, "
            f"{self.parameter_count:,} parameters>"
        )

    # --- Training and prediction ------------------------------------------------------------------

    @names_arguments
    def fit(
        self,
        x,
        y,
        *,
        epochs=None,
        batch=None,
        optimizer=None,
        learning_rate=None,
        momentum=None,
        weight_decay=None,
        schedule=None,
        warmup=None,
        clip_norm=None,
        label_smoothing=None,
        class_weights=None,
        patience=None,
        seed=None,
        standardize=False,
        validation=None,
        on_epoch=None,
        checkpoint=None,
        checkpoint_every=None,
        resume=None,
        data_memory=None,
        shares=None,
    ):
        """Trains on x (samples, inputs) and y, and returns a list of Epoch. An option that is None
        has the library's default, which is also that of `quern train`: quern/train.h lists them at
        quern_train_options.

        x                 numbers of any type, or a table of pandas, Polars or Arrow, whose columns
                          predict and evaluate then find by name. More dimensions, such as images,
                          are flattened row by row. Numbers are converted to float32 without
                          scaling: scale pixels to 0 … 1 yourself, or standardize
        y                 (samples,), integers or texts: a class per sample. Texts are numbered in
                          their order, which `classes` has. For the loss "binary"
                          (samples, outputs), labels of 0 or 1, and for regressions
                          (samples, outputs), numbers; a single output may omit its dimension
        epochs            passes over the samples
        batch             samples per step; the last step of an epoch has the rest
        optimizer         one of optimizers(), with PyTorch's definitions
        learning_rate     None: one that usually suits the optimizer
        momentum          of "momentum", "nesterov" and "rmsprop"
        weight_decay      as in torch.optim for this optimizer
        schedule          of the learning rate, over all steps of all epochs: one of schedules()
        warmup            steps in which the rate first rises to its full value
        clip_norm         the largest norm of all gradients
        label_smoothing   0 … 1, for "categorical" only
        class_weights     (outputs,), a weight per class, for "categorical" only
        patience          stops after so many epochs without a lower validation loss, and keeps
                          the best weights
        seed              of the order of the samples
        standardize       computes mean and deviation of each column, and of a regression's
                          targets, from x and y, and trains on (v - mean) / deviation. The
                          network and its files keep them, so predict and evaluate use the data's
                          units. A network that has them already uses its own
        validation        (x, y) to evaluate after each epoch, or a fraction of the samples to
                          hold out, such as 0.2
        on_epoch          called with each Epoch; training ends if it returns False
        checkpoint        a file for checkpoints, written after each epoch, or every
                          `checkpoint_every` steps
        resume            a checkpoint to continue from
        data_memory       the most device memory for the data, in bytes (None: the rest of the
                          device's); larger data are streamed in chunks, with the same results
        shares            of each batch for several devices, such as [3, 1]; results differ from
                          one device's only in the order of sums. The same shares give the same
                          bits. None measures them, or, with `resume`, uses those of the
                          checkpoint; `network.shares` has the shares that were used

        If training ends early, by on_epoch, by an exception in it, or by Ctrl-C, the learned
        parameters are kept. Ctrl-C raises KeyboardInterrupt after the current step. `history`
        has the epochs; if one was stopped within, its step is less than its steps. A loss that
        is not finite raises an Error and leaves the network unchanged.
        """
        options = TrainOptions.initial()

        def set_option(name, value, checked):
            if value is not None:
                setattr(options, name, checked(name, value))

        single, size, positive = _arguments.single, _arguments.size, _arguments.positive
        set_option("epochs", epochs, size)
        set_option("batch", batch, positive)
        set_option("seed", seed, size)
        set_option("clip_norm", clip_norm, single)
        set_option("label_smoothing", label_smoothing, single)
        set_option("patience", patience, size)
        set_option("checkpoint_every", checkpoint_every, size)
        set_option("data_memory", data_memory, positive)
        _names.set_optimizer(options, optimizer, learning_rate, momentum, weight_decay)
        _names.set_schedule(options, schedule, warmup)
        weights = self._class_weights(class_weights)
        options.class_weights = None if weights is None else _arrays.pointer(weights)
        options.checkpoint = _arguments.optional_path("checkpoint", checkpoint)
        options.resume = _arguments.optional_path("resume", resume)
        watch = Watch(on_epoch)
        options.on_epoch, options.stop = watch.epoch_function, watch.stop_function
        train, test = self._training_data(x, y, validation, options.seed, standardize)
        contexts, parts = self._team(shares, train, options)
        last = Epoch()
        self.history, self.shares = watch.history, None if parts is None else list(parts)
        with watch.interrupts():
            check(
                lib.quern_train_on(
                    contexts,
                    len(contexts),
                    parts,
                    self._handle,
                    train,
                    test,
                    ctypes.byref(options),
                    ctypes.byref(last),
                )
            )
        if last.step < last.steps:
            watch.history.append(epoch_of(last))
        if watch.exception is not None:
            raise watch.exception
        return watch.history

    def _team(self, shares, train, options):
        """The library's contexts and shares; one device has no shares."""
        contexts = _devices.contexts(self._devices)
        raw, count = (
            (ctypes.c_void_p * len(contexts))(*(context._as_parameter_ for context in contexts)),
            len(contexts),
        )
        if shares is None and count == 1:
            return raw, None
        parts = (ctypes.c_uint32 * count)(
            *(() if shares is None else _arguments.shares(shares, count))
        )
        if shares is None:
            check(
                lib.quern_train_shares(
                    raw, count, self._handle, train, ctypes.byref(options), parts, None
                )
            )
        return raw, parts

    def _class_weights(self, values):
        if values is None:
            return None
        weights = _arrays.floats("class_weights", values, exact_zero=True)
        if weights.shape != (self.outputs,):
            raise ValueError(f"class_weights has shape {weights.shape}, expected ({self.outputs},)")
        return weights

    def _training_data(self, x, y, validation, seed, standardize):
        train, test = self._dataset(x, y, learns=True), None
        if isinstance(validation, (float, numpy.floating)):
            train, test = _data.split(train, validation, seed)
        elif validation is not None:
            try:
                test_x, test_y = validation
            except (TypeError, ValueError):
                raise TypeError(
                    "validation: expected a pair (x, y), or a fraction of the samples to hold out"
                ) from None
            test = self._dataset(test_x, test_y, ("validation x", "validation y"))
        if standardize and not _data.is_standardized(self._handle):
            _data.standardize(train, test)
            return train, test
        return _data.prepared(self._handle, train), None if test is None else _data.prepared(
            self._handle, test
        )

    def evaluate(self, x, y):
        """The Metrics over x (samples, inputs) and y, which is as for `fit`."""
        metrics = Metrics()
        data = _data.prepared(self._handle, self._dataset(x, y))
        check(
            lib.quern_evaluate(
                _devices.context(self._devices), self._handle, data, ctypes.byref(metrics)
            )
        )
        return metrics_of(metrics)

    def predict(self, x):
        """float32 (samples, outputs) for x (samples, inputs): probabilities, or values of a
        regression."""
        data = _data.unanswered(self._handle, _tables.samples("x", x, self.columns))
        data = _data.prepared(self._handle, data)
        outputs = numpy.empty((lib.quern_dataset_rows(data), self.outputs), numpy.float32)
        check(
            lib.quern_predict(
                _devices.context(self._devices), self._handle, data, _arrays.pointer(outputs)
            )
        )
        return outputs

    # --- Files and copies ------------------------------------------------------------------------

    def save(self, path):
        """Writes a safetensors file with PyTorch's names for the layers, or, if `path` ends in
        .onnx, an ONNX file that computes the same as `predict`. The file appears whole or not at
        all."""
        write = lib.quern_onnx_save if _is_onnx(path) else lib.quern_model_save
        check(write(self._handle, _arguments.path("path", path)))

    def __copy__(self):
        twin = type(self).__new__(type(self))
        vars(twin).update(vars(self))
        return twin

    def __getstate__(self):
        return {**vars(self), "_handle": _bytes_of(self)}

    def __setstate__(self, state):
        vars(self).update(state, _handle=_handle_of(state["_handle"]))


@names_arguments
def load(path, *, activation=None, loss=None, device=None):
    """Loads a Network from a file of Network.save, `quern train --save`, or PyTorch (safetensors
    of a Sequential's state_dict), or, if `path` ends in .onnx, from an ONNX file whose graph is a
    chain of layers.

    `activation` of the hidden layers and `loss` are for files that do not have them, such as
    PyTorch's. Without them "relu" and "categorical" are assumed, and "squared" for an ONNX file
    without Softmax or Sigmoid at its end, which leaves the outputs unchanged. A warning says what
    was assumed, and which tensors were left out.
    """
    if _is_onnx(path):
        options = OnnxOptions(
            ctypes.sizeof(OnnxOptions),
            _names.loss_of("squared" if loss is None else loss)[0],
            loss is not None,
        )
        read = lib.quern_onnx_load
    else:
        kind, delta = _names.loss_of("categorical" if loss is None else loss)
        options = ModelOptions(
            ctypes.sizeof(ModelOptions),
            _names.activation_of("relu" if activation is None else activation),
            kind,
            delta,
            activation is not None,
            loss is not None,
        )
        read = lib.quern_model_load
    made = make(lib.quern_network_free, read, _arguments.path("path", path), ctypes.byref(options))
    note = lib.quern_network_note(made)
    if note:
        warnings.warn(f"{os.fsdecode(path)}: {note.decode()}", stacklevel=3)
    return Network._of(made, device)


def _bytes_of(network):
    """The network as a model file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.safetensors")
        network.save(path)
        with open(path, "rb") as file:
            return file.read()


def _handle_of(content):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.safetensors")
        with open(path, "wb") as file:
            file.write(content)
        return load(path)._handle


def _is_onnx(path):
    return _arguments.path("path", path).lower().endswith(b".onnx")
