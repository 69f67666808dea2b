"""Networks exported to ONNX by other programs' own exporters, for make_golden.py and check_live.py.

Each function of EXPORTS writes one file. It raises ImportError if the exporter is not installed.
"""

import contextlib
import io
import os
import warnings

import numpy

INPUTS, CLASSES = 5, 3


# --- PyTorch -------------------------------------------------------------------------------------


def torch_modules():
    import torch

    torch.manual_seed(7)
    return torch, torch.nn


def export_torch(model, path, shape=(2, INPUTS), dynamo=True):
    torch, _ = torch_modules()
    batch = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)}
    if dynamo:
        import onnxscript  # noqa: F401
    else:
        batch = {"dynamic_axes": {"x": {0: "batch"}}, "input_names": ["x"]}
    with contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(model.eval(), (torch.zeros(shape),), path, dynamo=dynamo, **batch)


def pytorch_default(path):
    """The default exporter. Its first weights are large enough for a file of their own."""
    _, nn = torch_modules()
    export_torch(nn.Sequential(nn.Linear(INPUTS, 60), nn.ReLU(), nn.Linear(60, CLASSES)), path)


def pytorch_image(path):
    """Images that are flattened, ReLU6, a BatchNorm after an activation, and LogSoftmax, by the
    older exporter."""
    _, nn = torch_modules()
    norm = nn.BatchNorm1d(8)
    norm.running_mean.uniform_(-1, 1)
    norm.running_var.uniform_(0.5, 2)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(6, 8), nn.ReLU6(), norm, nn.Linear(8, CLASSES), nn.LogSoftmax(1)
    )
    export_torch(model, path, (2, 2, 3), dynamo=False)


def pytorch_view(path):
    """A shape that is computed from the input's."""
    torch, nn = torch_modules()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(6, 7), nn.Linear(7, 1)

        def forward(self, x):
            x = nn.functional.hardtanh(self.first(x.view(x.size(0), -1)), -0.5, 2.0)
            return torch.sigmoid(self.second(x))

    export_torch(Net(), path, (2, 2, 3), dynamo=False)


def pytorch_standardized(path):
    """Inputs standardized and outputs rescaled in the graph."""
    torch, nn = torch_modules()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("mean", torch.rand(INPUTS))
            self.register_buffer("deviation", torch.rand(INPUTS) + 0.5)
            self.layers = nn.Sequential(nn.Linear(INPUTS, 6), nn.Hardsigmoid(), nn.Linear(6, 2))

        def forward(self, x):
            return 10 - 3 * torch.tanh(self.layers((x - self.mean) / self.deviation))

    export_torch(Net(), path)


# --- Keras ---------------------------------------------------------------------------------------


def export_keras(make, path):
    os.environ.setdefault("KERAS_BACKEND", "torch")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    keras.utils.set_random_seed(3)
    with contextlib.redirect_stdout(io.StringIO()):
        model = make(keras.Sequential, keras.layers)
        model(numpy.zeros((2, *model.inputs[0].shape[1:]), "float32"))
        model.export(path, format="onnx", verbose=False)


def keras_sequential(path):
    export_keras(
        lambda sequential, layers: sequential(
            [
                layers.Input((INPUTS,)),
                layers.Dense(6, activation="relu"),
                layers.Dropout(0.2),
                layers.Dense(CLASSES, activation="softmax"),
            ]
        ),
        path,
    )


def keras_normalized(path):
    """Normalization of the inputs, BatchNormalization before and after an activation."""

    def make(sequential, layers):
        random = numpy.random.default_rng(3)
        model = sequential(
            [
                layers.Input((INPUTS,)),
                layers.Normalization(mean=random.random(INPUTS), variance=[2.0] * INPUTS),
                layers.Dense(6),
                layers.BatchNormalization(),
                layers.ReLU(6),
                layers.BatchNormalization(),
                layers.Dense(1, activation="sigmoid"),
            ]
        )
        for layer in model.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.set_weights([random.uniform(0.5, 2, w.shape) for w in layer.get_weights()])
        return model

    export_keras(make, path)


def keras_image(path):
    export_keras(
        lambda sequential, layers: sequential(
            [
                layers.Input((2, 3)),
                layers.Rescaling(1 / 255),
                layers.Flatten(),
                layers.Dense(6, activation="silu"),
                layers.Dense(2),
            ]
        ),
        path,
    )


# --- scikit-learn --------------------------------------------------------------------------------


def export_sklearn(estimator, labels, path):
    import skl2onnx

    random = numpy.random.default_rng(5)
    x = random.standard_normal((60, INPUTS)).astype("float32")
    y = labels(random.integers(0, CLASSES, 60)) if labels else x.sum(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = skl2onnx.to_onnx(estimator.fit(x, y), x[:1])
    with open(path, "wb") as file:
        file.write(model.SerializeToString())


def perceptron(kind, activation="relu"):
    from sklearn import neural_network

    settings = {"hidden_layer_sizes": (6,), "max_iter": 20, "random_state": 0}
    return getattr(neural_network, kind)(activation=activation, **settings)


def sklearn_numbers(path):
    export_sklearn(perceptron("MLPClassifier"), lambda y: y * 10, path)


def sklearn_texts(path):
    names = numpy.array(["red", "green", "blue"])
    export_sklearn(perceptron("MLPClassifier", "tanh"), lambda y: names[y], path)


def sklearn_binary(path):
    export_sklearn(perceptron("MLPClassifier"), lambda y: numpy.where(y > 0, "yes", "no"), path)


def sklearn_regressor(path):
    export_sklearn(perceptron("MLPRegressor", "logistic"), None, path)


def sklearn_scaled(path):
    from sklearn import pipeline, preprocessing

    scaled = pipeline.make_pipeline(preprocessing.StandardScaler(), perceptron("MLPClassifier"))
    export_sklearn(scaled, lambda y: y, path)


EXPORTS = {
    function.__name__.replace("_", "-"): function
    for function in (
        pytorch_default,
        pytorch_image,
        pytorch_view,
        pytorch_standardized,
        keras_sequential,
        keras_normalized,
        keras_image,
        sklearn_numbers,
        sklearn_texts,
        sklearn_binary,
        sklearn_regressor,
        sklearn_scaled,
    )
}


# --- Running them --------------------------------------------------------------------------------


def run(path, inputs):
    """ONNX Runtime's outputs: probabilities of a classifier, else numbers."""
    import onnx
    import onnxruntime

    onnx.checker.check_model(path, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {session.get_inputs()[0].name: inputs})[-1]
    if isinstance(outputs, list):  # ZipMap: names with probabilities
        outputs = numpy.array([list(row.values()) for row in outputs], numpy.float32)
    operators = [node.op_type for node in onnx.load(path, load_external_data=False).graph.node]
    return numpy.exp(outputs) if operators[-1] == "LogSoftmax" else outputs
