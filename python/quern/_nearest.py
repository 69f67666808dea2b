"""Suggestions for unknown names, which people often bring from other libraries."""

import difflib
import functools
import inspect

# Names in other libraries, and quern's name or a remark.
_VALUES = {
    "loss": {
        "mse": "squared",
        "mean-squared-error": "squared",
        "squared-error": "squared",
        "mseloss": "squared",
        "l2": "squared",
        "mae": "absolute",
        "mean-absolute-error": "absolute",
        "absolute-error": "absolute",
        "l1": "absolute",
        "l1loss": "absolute",
        "smooth-l1": "huber",
        "bce": "binary",
        "binary-crossentropy": "binary",
        "bcewithlogitsloss": "binary",
        "sigmoid": "binary",
        "crossentropy": "categorical",
        "cross-entropy": "categorical",
        "categorical-crossentropy": "categorical",
        "crossentropyloss": "categorical",
        "log-loss": "categorical",
        "nll": "categorical",
        "softmax": "categorical",
        "sparse-categorical-crossentropy": "categorical",
    },
    "activation": {
        "linear": "identity",
        "none": "identity",
        "logistic": "sigmoid",
        "swish": "silu",
        "lrelu": "leaky-relu",
        "softmax": "identity with the loss categorical, which has the softmax",
    },
    "optimizer": {"adam-w": "adamw", "nag": "nesterov"},
    "schedule": {"onecycle": "one-cycle", "onecyclelr": "one-cycle", "cosineannealinglr": "cosine"},
    "initializer": {"glorot": "xavier", "kaiming": "he", "torch": "uniform", "random": "uniform"},
    "normalize": {"batchnorm1d": "batch", "bn": "batch", "layernorm": "layer", "ln": "layer"},
    "solver": {"nesterov": "sgd"},
}
_ARGUMENTS = {
    "lr": "learning_rate",
    "learning_rate_init": "learning_rate",
    "eta": "learning_rate",
    "batch_size": "batch",
    "minibatch": "batch",
    "max_iter": "epochs",
    "n_iter": "epochs",
    "alpha": "weight_decay",
    "l2": "weight_decay",
    "solver": "optimizer",
    "optim": "optimizer",
    "lr_scheduler": "schedule",
    "scheduler": "schedule",
    "random_state": "seed",
    "early_stopping": "patience",
    "n_iter_no_change": "patience",
    "validation_data": "validation",
    "validation_split": "validation",
    "validation_fraction": "validation",
    "eval_set": "validation",
    "test": "validation",
    "class_weight": "class_weights",
    "weights": "class_weights",
    "verbose": "on_epoch=print",
    "callbacks": "on_epoch",
    "callback": "on_epoch",
    "max_norm": "clip_norm",
    "scale": "standardize",
    "normalize": "standardize",
    "hidden": "layers",
    "hidden_layer_sizes": "layers",
    "units": "layers",
    "input_dim": "inputs",
    "input_size": "inputs",
    "n_inputs": "inputs",
    "in_features": "inputs",
    "criterion": "loss",
    "init": "initializer",
    "sep": "delimiter",
    "usecols": "inputs",
    "columns": "inputs",
    "y": "target",
}


def _plain(text):
    return text.lower().replace("_", "-").replace(" ", "-")


def hint(what, text, names):
    """Returns "; did you mean …?", or "" if no name is similar."""
    plain = _plain(text)
    known = _VALUES.get(what, {}).get(plain)
    if known is not None and known.split(" ")[0] in names:
        return f"; did you mean {known}?"
    near = difflib.get_close_matches(plain, [_plain(name) for name in names], 1)
    matches = [name for name in names if _plain(name) in near]
    return f"; did you mean {matches[0]}?" if matches else ""


def none_of(what, text, names):
    """Returns the message for an unknown name."""
    return f"{what}: {text!r}, expected one of {', '.join(names)}{hint(what, text, names)}"


def _argument_hint(name, parameters):
    known = _ARGUMENTS.get(name.lower())
    if known is not None and known.split("=")[0] in parameters:
        return f"; did you mean {known}?"
    near = difflib.get_close_matches(name.lower(), parameters, 1)
    return f"; did you mean {near[0]}?" if near else f"; expected one of {', '.join(parameters)}"


def names_arguments(function):
    """Decorates a function so that its error for an unknown argument suggests a known one."""
    parameters = [name for name in inspect.signature(function).parameters if name != "self"]

    @functools.wraps(function)
    def checked(*arguments, **options):
        for name in options:
            if name not in parameters:
                raise TypeError(
                    f"{function.__qualname__} has no argument {name!r}"
                    f"{_argument_hint(name, parameters)}"
                )
        return function(*arguments, **options)

    return checked
