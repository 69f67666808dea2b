"""scikit-learn's MLPClassifier and MLPRegressor, trained by quern: the same parameters, attributes
and methods, and `device`.

    from quern.sklearn import MLPClassifier
    MLPClassifier(hidden_layer_sizes=(64,), random_state=0).fit(x, y).score(x_test, y_test)

Requires scikit-learn 1.2 or newer.
"""

try:
    import sklearn as _sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "quern.sklearn needs scikit-learn: pip install scikit-learn, or Debian's python3-sklearn"
    ) from error

from ._classifier import MLPClassifier
from ._regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
