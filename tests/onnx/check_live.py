#!/usr/bin/env python3
"""Runs networks that quern writes with ONNX Runtime, and other networks with quern, and compares:
those of networks.py, and those of exports.py whose exporters are installed.

    check_live.py QUERN FOLDER

QUERN is the command, FOLDER the folder for files. Exits with 77, which ctest reports as a skipped
test, if onnx, onnxruntime or numpy are not installed.
"""

import pathlib
import re
import subprocess
import sys

try:
    import exports
    import networks
    import numpy
    import onnx
    import onnxruntime  # noqa: F401
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


def predict(model, data, outputs):
    """quern's predictions for a CSV file's samples: the last columns of each line."""
    lines = quern("predict", "--model", model, "--data", data, "--device", "reference").splitlines()
    return numpy.array([[float(n) for n in line.split(",")[-outputs:]] for line in lines[1:]])


def write_csv(path, inputs):
    with open(path, "w") as file:
        for row in inputs.reshape(len(inputs), -1):
            file.write(",".join(f"{number:.9g}" for number in row) + "\n")


def activations():
    """All of quern's, two of them with a slope of their own."""
    header = (pathlib.Path(__file__).parents[2] / "include/quern/activation.h").read_text()
    (rows,) = re.findall(r"define QUERN_ACTIVATIONS\(X\)(.*?)\n\n", header, re.DOTALL)
    slopes = {"leaky-relu": "leaky-relu:0.2", "elu": "elu:1.5"}
    return [slopes.get(name, name) for name in re.findall(r'"(.*?)"', rows)]


def agree(what, model, data, inputs, onnx_model=None):
    theirs = exports.run(onnx_model or model, inputs)
    ours = predict(model, data, theirs.shape[1])
    # Float32 rounds relative to the size of a number.
    worst = (
        numpy.max(numpy.abs(ours - theirs) / numpy.maximum(1, numpy.abs(theirs)))
        if ours.shape == theirs.shape
        else numpy.inf
    )
    print(f"{what}: worst difference {worst:.2g}")
    if not worst <= TOLERANCE:
        sys.exit(f"{what}: quern and ONNX Runtime differ by more than {TOLERANCE}")


def check_read(name, model, data, random):
    graph = onnx.load(model, load_external_data=False).graph
    shape = [size.dim_value or 50 for size in graph.input[0].type.tensor_type.shape.dim]
    inputs = random.standard_normal([50, *shape[1:]]).astype(numpy.float32)
    write_csv(data, inputs)
    agree(f"read: {name}", model, data, inputs)


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
            agree(f"written: {loss}, {activation}", model, data, digits, converted)
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
            model,
            data,
            digits,
            model.with_suffix(".onnx"),
        )
    for name, made in {
        **networks.make(random),
        **networks.make_normalized(random),
        **networks.make_folded(random),
    }.items():
        model = FOLDER / f"{name}.onnx"
        onnx.save(made, model)
        check_read(name, model, data, random)
    for name, export in exports.EXPORTS.items():
        model = FOLDER / f"{name}.onnx"
        try:
            export(str(model))
        except ImportError as missing:
            print(f"not made: {name}: {missing}")
            continue
        check_read(name, model, data, random)


if __name__ == "__main__":
    main()
