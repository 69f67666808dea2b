#!/usr/bin/env python3
"""Runs networks that quern writes with ONNX Runtime, and other networks with quern, and compares.

    check_live.py QUERN FOLDER

QUERN is the command, FOLDER the folder for files. Exits with 77, which ctest reports as a skipped
test, if onnx, onnxruntime or numpy are not installed.
"""

import pathlib
import re
import subprocess
import sys

try:
    import networks
    import numpy
    import onnx
    import onnxruntime
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TOLERANCE = 1e-5
QUERN, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])


def quern(*arguments, may_fail_with=None):
    done = subprocess.run([QUERN, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0 and may_fail_with is not None and may_fail_with in done.stderr:
        return None
    if done.returncode != 0:
        sys.exit(f"quern {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def predict(model, data, *options):
    """quern's predictions for a CSV file's samples."""
    lines = quern(
        "predict", "--model", model, "--data", data, "--device", "reference", *options
    ).splitlines()
    return numpy.array([[float(number) for number in line.split(",")[1:]] for line in lines[1:]])


def run(model, inputs):
    onnx.checker.check_model(onnx.load(model), full_check=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: inputs})[0]


def write_csv(path, inputs):
    with open(path, "w") as file:
        for row in inputs.reshape(len(inputs), -1):
            file.write(",".join(f"{number:.9g}" for number in row) + ",0\n")


def activations():
    """All of quern's, two of them with a slope of their own."""
    header = (pathlib.Path(__file__).parents[2] / "include/quern/activation.h").read_text()
    (rows,) = re.findall(r"define QUERN_ACTIVATIONS\(X\)(.*?)\n\n", header, re.DOTALL)
    slopes = {"leaky-relu": "leaky-relu:0.2", "elu": "elu:1.5"}
    return [slopes.get(name, name) for name in re.findall(r'"(.*?)"', rows)]


def agree(what, ours, theirs):
    worst = numpy.max(numpy.abs(ours - theirs)) if ours.shape == theirs.shape else numpy.inf
    print(f"{what}: worst difference {worst:.2g}")
    if not worst <= TOLERANCE:
        sys.exit(f"{what}: quern and ONNX Runtime differ by more than {TOLERANCE}")


def main():
    random = numpy.random.default_rng()
    data = FOLDER / "data.csv"
    digits = random.random((50, 64), dtype=numpy.float32)
    for loss in "categorical", "elementwise", "binary", "squared":
        for activation in activations():
            model = FOLDER / f"{loss}-{activation}.safetensors"
            quern(
                "train",
                "--data",
                "digits",
                "--hidden",
                "20,12",
                "--activation",
                activation,
                "--loss",
                loss,
                "--epochs",
                "2",
                "--save",
                model,
                "--device",
                "reference",
            )
            converted = model.with_suffix(".onnx")
            if quern("convert", model, converted, may_fail_with="no operator for") is None:
                print(f"not written: {activation} has no ONNX operator")
                continue
            write_csv(data, digits)
            agree(
                f"written: {loss}, {activation}",
                predict(model, data),
                run(converted, digits),
            )
    for normalization in "batch", "layer":
        model = FOLDER / f"{normalization}.safetensors"
        quern(
            "train",
            "--data",
            "digits",
            "--hidden",
            "20,12",
            "--normalize",
            normalization,
            "--dropout",
            "0.1",
            "--epochs",
            "2",
            "--save",
            model,
            "--device",
            "reference",
        )
        quern("convert", model, model.with_suffix(".onnx"))
        write_csv(data, digits)
        agree(
            f"written: {normalization} normalization",
            predict(model, data),
            run(model.with_suffix(".onnx"), digits),
        )
    for name, made in {**networks.make(random), **networks.make_normalized(random)}.items():
        model = FOLDER / f"{name}.onnx"
        onnx.save(made, model)
        shape = [size.dim_value or 50 for size in made.graph.input[0].type.tensor_type.shape.dim]
        inputs = random.standard_normal(shape).astype(numpy.float32)
        write_csv(data, inputs)
        agree(f"read: {name}", predict(model, data), run(model, inputs))


if __name__ == "__main__":
    main()
