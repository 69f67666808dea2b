#!/usr/bin/env python3
"""Makes the files for test_onnx.c in files/, with the outputs of ONNX Runtime.

    make_golden.py QUERN [TORCH]
    make_golden.py --exports

QUERN is the command; TORCH a Python that has torch, for pytorch-*.onnx (else the stored ones
stay). Needs onnx, onnxruntime and numpy; the test needs none of them. --exports makes those of
exports.py, which need its exporters, and of networks.make_folded.

  NAME.onnx             networks made by hand as other programs make them (networks.py), and some
                        by torch.onnx
  quern-NAME.*          networks of quern's, as safetensors and as `quern convert` writes them as
                        ONNX
  golden.json           versions; for every ONNX file inputs, and ONNX Runtime's outputs for them
  normalization.json    the same of those with normalizations
  exports.json          the same of exports/
"""

import json
import pathlib
import struct
import subprocess
import sys
import zlib

import exports
import networks
import numpy
import onnx
import onnxruntime

FOLDER = pathlib.Path(__file__).resolve().parent / "files"
SAMPLES = 7

# Networks that quern writes: loss, activations, units.
QUERN = {
    "categorical": ("categorical", ["relu", "tanh", "identity"], [5, 7, 6, 3]),
    "elementwise": ("elementwise", ["sigmoid", "identity"], [5, 4, 2]),
    "binary": ("binary", ["leaky-relu:0.3", "identity"], [5, 4, 3]),
    "squared": ("squared", ["identity", "tanh"], [5, 4, 1]),
    "logits": ("squared", ["identity"], [5, 2]),
    "rare": (
        "squared",
        ["gelu", "gelu-tanh", "silu", "elu:1.5", "selu", "softplus", "gelu", "identity"],
        [5, 6, 6, 5, 5, 4, 4, 3, 2],
    ),
}

# The same with normalizations, one per layer.
NORMALIZED = {
    "batch-normalized": ("categorical", ["relu", "identity"], [5, 6, 3], ["batch:0.001", "none"]),
    "normalized": (
        "squared",
        ["sigmoid", "identity", "identity"],
        [5, 4, 3, 2],
        ["layer", "batch", "none"],
    ),
}

# Two files: FOLDER/pytorch-softmax.onnx and FOLDER/pytorch-activations.onnx.
TORCH = """
import sys, torch
from torch import nn
torch.manual_seed(3)
def export(model, name):
    batch = {0: "batch"}
    torch.onnx.export(model.eval(), torch.zeros(1, 5), sys.argv[1] + "/pytorch-" + name + ".onnx",
                      opset_version=13, input_names=["x"], output_names=["y"],
                      dynamic_axes={"x": batch, "y": batch})
export(nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 6), nn.Tanh(),
                     nn.Linear(6, 3), nn.Softmax(dim=1)), "softmax")
export(nn.Sequential(nn.Linear(5, 6), nn.GELU(), nn.Linear(6, 6), nn.GELU(approximate="tanh"),
                     nn.Linear(6, 5), nn.SiLU(), nn.Linear(5, 5), nn.ELU(1.3), nn.Linear(5, 4),
                     nn.SELU(), nn.Linear(4, 4), nn.Softplus(), nn.Linear(4, 4), nn.LeakyReLU(0.2),
                     nn.Linear(4, 3), nn.Sigmoid(), nn.Linear(3, 2), nn.GELU()), "activations")
"""


def write_safetensors(path, random, loss, activations, units, normalizations=None):
    tensors, place = [], 0
    for i, activation in enumerate(activations):
        outputs = units[i + 1]
        tensors.append((f"{place}.weight", random.standard_normal((outputs, units[i]))))
        tensors.append((f"{place}.bias", random.standard_normal(outputs)))
        kind = normalizations[i].partition(":")[0] if normalizations else "none"
        place += 1
        for name in {
            "none": [],
            "layer": ["weight", "bias"],
            "batch": ["weight", "bias", "running_mean"],
        }[kind]:
            tensors.append((f"{place}.{name}", random.standard_normal(outputs)))
        if kind == "batch":
            tensors.append((f"{place}.running_var", random.uniform(0.1, 3, outputs)))
        place += (kind != "none") + (activation != "identity")
    header = {"__metadata__": {"quern.activations": ",".join(activations), "quern.loss": loss}}
    if normalizations:
        header["__metadata__"]["quern.normalization"] = ",".join(normalizations)
    tensors = [(name, values.astype("<f4")) for name, values in tensors]
    at = 0
    for name, values in tensors:
        header[name] = {
            "dtype": "F32",
            "shape": list(values.shape),
            "data_offsets": [at, at + values.nbytes],
        }
        at += values.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(
        struct.pack("<Q", len(text)) + text + b"".join(values.tobytes() for _, values in tensors)
    )


def make(random, by_hand, of_quern):
    """Writes networks, and returns the names of their ONNX files."""
    for name, model in by_hand.items():
        onnx.save(model, FOLDER / f"{name}.onnx")
    for name, settings in of_quern.items():
        path = FOLDER / f"quern-{name}.safetensors"
        write_safetensors(path, random, *settings)
        subprocess.run([sys.argv[1], "convert", path, path.with_suffix(".onnx")], check=True)
    return {f"{name}.onnx" for name in by_hand} | {f"quern-{name}.onnx" for name in of_quern}


def ask(names, answers):
    """Writes the outputs of ONNX Runtime for the files."""
    files = {}
    for path in sorted(FOLDER / name for name in names):
        graph = onnx.load(path, load_external_data=False).graph
        shape = [size.dim_value for size in graph.input[0].type.tensor_type.shape.dim]
        random = numpy.random.default_rng([networks.SEED, zlib.crc32(path.name.encode())])
        x = random.standard_normal([SAMPLES, *shape[1:]]).astype(numpy.float32)
        y = exports.run(str(path), x)
        files[path.name] = {"inputs": x.reshape(SAMPLES, -1).tolist(), "outputs": y.tolist()}
    versions = json.dumps({"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__})
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in files.items()
    )
    (FOLDER / answers).write_text(f'{versions[:-1]}, "files": {{\n{lines}\n}}}}\n')


def make_plain():
    # Appending to a list does not change the files of earlier entries.
    by_hand = networks.make(numpy.random.default_rng(networks.SEED))
    names = make(numpy.random.default_rng([networks.SEED, 1]), by_hand, QUERN)
    if len(sys.argv) > 2:
        subprocess.run([sys.argv[2], "-c", TORCH, FOLDER], check=True)
    ask(names | {"pytorch-softmax.onnx", "pytorch-activations.onnx"}, "golden.json")


def make_normalized():
    by_hand = networks.make_normalized(numpy.random.default_rng([networks.SEED, 2]))
    ask(
        make(numpy.random.default_rng([networks.SEED, 3]), by_hand, NORMALIZED),
        "normalization.json",
    )


def strip(path):
    """Removes what describes the exporter's machine, such as stack traces."""
    model = onnx.load(path, load_external_data=False)
    del model.metadata_props[:], model.graph.metadata_props[:]
    for part in (
        *model.graph.node,
        *model.graph.initializer,
        *model.graph.value_info,
        *model.graph.input,
        *model.graph.output,
    ):
        del part.metadata_props[:]
        part.doc_string = ""
    del model.graph.value_info[:]
    path.write_bytes(model.SerializeToString())
    data = path.with_name(path.name + ".data")
    if data.exists() and data.stat().st_size == 0:
        data.unlink()


def make_exports():
    for name, export in exports.EXPORTS.items():
        path = FOLDER / "exports" / f"{name}.onnx"
        export(str(path))
        strip(path)
    for name, model in networks.make_refused(numpy.random.default_rng(networks.SEED)).items():
        onnx.save(model, FOLDER / f"{name}.onnx")
    by_hand = networks.make_folded(numpy.random.default_rng([networks.SEED, 4]))
    names = {f"exports/{name}.onnx" for name in exports.EXPORTS}
    ask(names | make(None, by_hand, {}), "exports.json")


if __name__ == "__main__" and sys.argv[1] == "--exports":
    make_exports()
elif __name__ == "__main__":
    make_plain()
    make_normalized()
