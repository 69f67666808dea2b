"""Encodes the targets of a classifier, in one of three ways.

"classes"   int32 (samples,), a softmax over all of them
"binary"    float32 (samples, 1), 1 for the second of two: one logistic output
"labels"    float32 (samples, labels), each 0 or 1: a logistic output for each
"""

import numpy
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import column_or_1d


def encode(estimator, y, first, incremental):
    """Sets classes_, n_outputs_ and the class weights, and returns the encoded targets."""
    y = _checked(y)
    has_labels = y.ndim == 2
    if first or not hasattr(estimator, "classes_"):
        _begin(estimator, y, has_labels, incremental)
    elif has_labels != (estimator._coding == "labels"):
        raise ValueError("y has classes where it had labels before, or the other way round")
    if has_labels:
        return _encode_labels(estimator, y)
    _check_classes(estimator, unique_labels(y), incremental)
    estimator._class_weights = _class_weights(estimator, y, incremental)
    numbers = numpy.searchsorted(estimator.classes_, y)
    if estimator._coding == "binary":
        return numbers.astype(numpy.float32).reshape(-1, 1)
    return numbers.astype(numpy.int32)


def within(second, classes):
    """Returns class numbers: 1 for samples of the second class, if there are two, else 0."""
    return numpy.minimum(second.astype(int), len(classes) - 1)


def _checked(y):
    if hasattr(y, "toarray"):
        y = y.toarray()
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    check_classification_targets(y)
    if type_of_target(y) == "multiclass-multioutput":
        raise ValueError(
            "Multioutput target data is not supported: expected a class for each sample, or "
            "columns of 0 and 1"
        )
    return y


def _begin(estimator, y, has_labels, incremental):
    given = estimator._partial_classes if incremental else None
    if incremental and given is None:
        raise ValueError("classes must be passed on the first call to partial_fit.")
    if has_labels:
        estimator.classes_ = numpy.arange(y.shape[1])
        estimator._coding, estimator.n_outputs_ = "labels", y.shape[1]
        return
    estimator.classes_ = unique_labels(y if given is None else given)
    weighs = estimator.class_weight is not None
    few = len(estimator.classes_) <= (1 if weighs else 2)
    estimator._coding = "binary" if few else "classes"
    estimator.n_outputs_ = 1 if few else len(estimator.classes_)


def _encode_labels(estimator, y):
    if estimator.class_weight is not None:
        raise ValueError("class_weight: expected None for labels, which have no classes to weigh")
    if y.shape[1] != estimator.n_outputs_:
        raise ValueError(f"y has {y.shape[1]} labels, expected {estimator.n_outputs_} as before")
    return numpy.ascontiguousarray(y, dtype=numpy.float32)


def _check_classes(estimator, classes, incremental):
    known = estimator.classes_
    given = estimator._partial_classes if incremental else None
    if given is not None and not numpy.array_equal(known, unique_labels(given)):
        raise ValueError(
            f"`classes={given!r}` is not the same as on last call to partial_fit, was: {known!r}"
        )
    if len(numpy.setdiff1d(classes, known)):
        raise ValueError(
            f"`y` has classes not in `self.classes_`. `self.classes_` has {known}. 'y' has "
            f"{classes}."
        )
    if not incremental and len(classes) != len(known):
        raise ValueError(
            "warm_start can only be used where `y` has the same classes as in the previous call "
            f"to fit. Previously got {known}, `y` has {classes}"
        )


def _class_weights(estimator, y, incremental):
    wanted = estimator.class_weight
    if wanted is None or estimator._coding == "binary":
        return None
    if incremental and isinstance(wanted, str):
        raise ValueError(
            f"class_weight: {wanted!r} is not known from a part of the data; give a dict"
        )
    weights = compute_class_weight(wanted, classes=estimator.classes_, y=y)
    return numpy.ascontiguousarray(weights, dtype=numpy.float32)
