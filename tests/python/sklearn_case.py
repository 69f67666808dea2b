"""What the tests of quern.sklearn share."""

import importlib.util
import unittest
import warnings

MISSING = importlib.util.find_spec("sklearn") is None
if not MISSING:
    from sklearn.exceptions import ConvergenceWarning


@unittest.skipIf(MISSING, "scikit-learn is missing (Debian: python3-sklearn)")
class SklearnCase(unittest.TestCase):
    def setUp(self):
        catcher = warnings.catch_warnings()
        catcher.__enter__()
        self.addCleanup(catcher.__exit__, None, None, None)
        warnings.simplefilter("ignore", ConvergenceWarning)
