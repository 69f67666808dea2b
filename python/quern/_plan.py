"""Training step by step on one device, for loops that change the optimizer between steps or train
on other data later."""

import ctypes

import numpy

from . import _arrays, _devices
from ._declarations import PLAN_MODES, Tensor, lib
from ._errors import check
from ._handle import make

_NO_WAIT, _WAIT = 0, 1
_FLOAT = 4  # bytes, which an int32 has too


class Plan:
    """A device copy of a network's parameters with optimizer state, for steps of at most `batch`
    samples."""

    def __init__(self, network, batch, optimizer, class_weights=None):
        self._network, self._batch, self._rows = network, batch, 0
        self._context = _devices.context(network._devices)
        try:
            self._create("training", optimizer)
        except NotImplementedError:  # on GPUs, which need the gradients in memory
            self._create("gradients", optimizer)
        if class_weights is not None:
            check(lib.quern_plan_set_class_weights(self._plan, _arrays.pointer(class_weights)))

    def _create(self, mode, optimizer):
        self._plan = make(
            lib.quern_plan_free,
            lib.quern_plan_create,
            self._context,
            self._network._handle,
            self._batch,
            PLAN_MODES[mode],
        )
        check(lib.quern_plan_set_optimizer(self._plan, ctypes.byref(optimizer)))

    @property
    def batch(self):
        return self._batch

    def put(self, network):
        """Uploads another network of the same shape. Keeps the optimizer state."""
        self._network = network
        check(lib.quern_plan_upload(self._plan, self._network._handle))

    def download(self):
        """Copies the trained parameters to the network."""
        check(lib.quern_plan_download(self._plan, self._network._handle))

    def release(self):
        """Frees the buffers for samples. The next train() allocates them again."""
        self._rows, self._x, self._y, self._results = 0, None, None, None

    def _reserve(self, rows, columns, width, layers):
        if rows <= self._rows:
            return
        # One loss per row and, per step, one sum per layer. A step has at least one row.
        self._x, self._y, self._results = (
            make(lib.quern_buffer_free, lib.quern_buffer_create, self._context, size * _FLOAT)
            for size in (rows * columns, rows * width, rows * (1 + layers))
        )
        self._rows = rows

    def _weights(self):
        """Yields the weights of each layer on the device."""
        weights, bias = Tensor(), Tensor()
        for index in range(lib.quern_network_layer_count(self._network._handle)):
            check(
                lib.quern_plan_layer(self._plan, index, ctypes.byref(weights), ctypes.byref(bias))
            )
            yield Tensor(weights.buffer, weights.offset, weights.rows, weights.columns)

    def train(self, x, y, batch, optimizer_of, sums_squares):
        """Runs one step per `batch` rows of x, float32 (rows, inputs), in order. y has classes,
        int32 (rows,), or targets, float32 (rows, outputs). optimizer_of(n) returns the optimizer
        for the next step, which has n rows. Returns the loss of each row before its step's update
        and, if sums_squares, each step's sum of squared weights before the update, else None."""
        weights = list(self._weights()) if sums_squares else []
        self._reserve(len(x), x.shape[1], 1 if y.ndim == 1 else y.shape[1], len(weights))
        try:
            return self._train(x, y, batch, optimizer_of, weights)
        except BaseException:  # including Ctrl-C: the device may still read x and y
            lib.quern_context_finish(self._context)
            raise

    def _train(self, x, y, batch, optimizer_of, weights):
        rows, columns = x.shape
        for buffer, array in ((self._x, x), (self._y, y)):
            data = array.ctypes.data_as(ctypes.c_void_p)
            check(lib.quern_buffer_write(buffer, 0, array.nbytes, data, _NO_WAIT))
        x_at, y_at, results = (b._as_parameter_ for b in (self._x, self._y, self._results))
        end = rows  # of the results
        for start in range(0, rows, batch):
            n = min(batch, rows - start)
            for tensor in weights:
                check(lib.quern_sum_squares(self._context, tensor, Tensor(results, end, 1, 1)))
                end += 1
            check(lib.quern_plan_set_optimizer(self._plan, ctypes.byref(optimizer_of(n))))
            samples = Tensor(x_at, start * columns, n, columns)
            losses = Tensor(results, start, 1, n)
            if y.ndim == 1:
                targets = Tensor(y_at, start, 1, n)
                check(lib.quern_plan_step(self._plan, samples, targets, losses))
            else:
                targets = Tensor(y_at, start * y.shape[1], n, y.shape[1])
                check(lib.quern_plan_step_targets(self._plan, samples, targets, losses))
        found = numpy.empty(end, numpy.float32)
        data = found.ctypes.data_as(ctypes.c_void_p)
        check(lib.quern_buffer_read(self._results, 0, found.nbytes, data, _WAIT))
        return found[:rows], found[rows:].reshape(-1, len(weights)).sum(1) if weights else None
