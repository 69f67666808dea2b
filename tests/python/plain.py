"""Options of `fit` that the numbers of tests rely on, whatever the library's defaults are."""


def plain(**options):
    return {
        "epochs": 10,
        "batch": 32,
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "schedule": "constant",
        "seed": 0,
        **options,
    }
