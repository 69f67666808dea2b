"""Checks the parameters of the estimators when they are used, as scikit-learn does."""

import math
import numbers

import numpy

from .. import _arguments, _devices

_MAX_FUN = 15000  # scikit-learn's default


def _number(name, value, least, most, above=False, below=False):
    number = _arguments.real(name, value)
    if not least <= number <= most or (above and number == least) or (below and number == most):
        low = "above" if above else "at least"
        high = f" and {'less than' if below else 'at most'} {most:g}" if most < math.inf else ""
        raise ValueError(f"{name}: {value}, expected a number {low} {least:g}{high}")
    return number


def _flag(name, value):
    if not isinstance(value, (bool, numpy.bool_)):
        raise ValueError(f"{name}: {value!r}, expected True or False")


def _whole(name, value, least=1):
    return _arguments.whole(name, value, least, 2**63 - 1)


def hidden_sizes(value):
    """Returns hidden_layer_sizes, one number or several or none, as a list."""
    sizes = list(value) if numpy.iterable(value) and not isinstance(value, str) else [value]
    return [_arguments.whole("hidden_layer_sizes", size, 1, 2**31 - 1) for size in sizes]


def _check_device(device):
    if isinstance(device, _devices.Device):
        raise ValueError(f"device: {device.name} as a Device, expected its index or its name")
    if len(_devices.names(device)) > 1 or device == "all":
        raise ValueError(
            f"device: {device!r}, expected one device; quern.Network trains on several"
        )


def _check_solver(name, estimator):
    if estimator.solver == "lbfgs":
        raise ValueError(
            "solver: 'lbfgs', which quern does not have; expected 'adam' or 'sgd', or "
            f"sklearn.neural_network.{name}"
        )
    _arguments.choice("solver", estimator.solver, {"adam": 0, "sgd": 0})
    if estimator.max_fun != _MAX_FUN:
        raise ValueError(
            f"max_fun: {estimator.max_fun!r} only affects solver='lbfgs', which quern does "
            "not have; max_iter limits the epochs"
        )


def check(estimator):
    """Raises an error for a parameter outside its range."""
    name = type(estimator).__name__
    hidden_sizes(estimator.hidden_layer_sizes)
    _arguments.choice(
        "activation", estimator.activation, dict.fromkeys(("identity", "logistic", "tanh", "relu"))
    )
    _check_solver(name, estimator)
    _check_device(estimator.device)
    _arguments.choice(
        "learning_rate",
        estimator.learning_rate,
        dict.fromkeys(("constant", "invscaling", "adaptive")),
    )
    if not (isinstance(estimator.batch_size, str) and estimator.batch_size == "auto"):
        if isinstance(estimator.batch_size, str):
            raise ValueError(f"batch_size: {estimator.batch_size!r}, expected 'auto' or a number")
        _whole("batch_size", estimator.batch_size)
    _whole("max_iter", estimator.max_iter)
    if estimator.n_iter_no_change != math.inf:
        _whole("n_iter_no_change", estimator.n_iter_no_change)
    for field in ("shuffle", "warm_start", "nesterovs_momentum", "early_stopping"):
        _flag(field, getattr(estimator, field))
    if not isinstance(estimator.verbose, (bool, numpy.bool_, numbers.Integral)):
        raise ValueError(f"verbose: {estimator.verbose!r}, expected True or False")
    for field, most, options in (
        ("alpha", math.inf, {}),
        ("learning_rate_init", math.inf, {"above": True}),
        ("power_t", math.inf, {}),
        ("tol", math.inf, {}),
        ("momentum", 1, {}),
        ("validation_fraction", 1, {"below": True}),
        ("beta_1", 1, {"below": True}),
        ("beta_2", 1, {"below": True}),
        ("epsilon", math.inf, {"above": True}),
    ):
        _number(field, getattr(estimator, field), 0, most, **options)
