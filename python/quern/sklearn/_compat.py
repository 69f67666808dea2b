"""Functions whose names differ between releases of scikit-learn."""

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # before 1.6

    def validate_data(estimator, *arguments, **options):
        """Checks X, and y, and sets n_features_in_ and feature_names_in_."""
        return estimator._validate_data(*arguments, **options)


__all__ = ["validate_data"]
