"""ONNX files made by hand, as other programs write them, for make_golden.py and check_live.py."""

import math

import numpy
from onnx import TensorProto, helper, numpy_helper

SEED = 5
INPUTS = 5


def tensor(name, values):
    """An initializer with raw bytes."""
    return numpy_helper.from_array(numpy.asarray(values), name)


def plain(name, values, kind=TensorProto.FLOAT):
    """An initializer with a list of numbers."""
    values = numpy.asarray(values)
    return helper.make_tensor(name, kind, values.shape, values.ravel().tolist())


def model(nodes, initializers, opset=13, shape=("batch", INPUTS)):
    """A graph from "x" to "y"."""
    graph = helper.make_graph(
        nodes,
        "hand-made",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("batch", "outputs"))],
        initializers,
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=7 if opset < 17 else 8 if opset < 20 else 10,
    )


def layers(numbers, *units):
    """w0, b0, w1 … of dense layers."""
    made = []
    for i, (inputs, outputs) in enumerate(zip(units, units[1:])):
        made += [tensor(f"w{i}", numbers(inputs, outputs)), tensor(f"b{i}", numbers(outputs))]
    return made


def make(random):
    """Every network by its name, with random numbers from `random`."""

    def numbers(*shape):
        return random.standard_normal(shape).astype(numpy.float32)

    node = helper.make_node
    return {
        # As torch.onnx writes Linear: B transposed.
        "gemm-softmax": model(
            [
                node("Gemm", ["x", "w0", "b0"], ["z0"], name="first", transB=1),
                node("Relu", ["z0"], ["h0"]),
                node("Gemm", ["h0", "w1", "b1"], ["z1"], alpha=0.5, beta=2.0),
                node("Softmax", ["z1"], ["y"], axis=1),
            ],
            [
                tensor("w0", numbers(4, INPUTS)),
                tensor("b0", numbers(4)),
                tensor("w1", numbers(4, 3)),
                plain("b1", numbers(1, 3)),
            ],
        ),
        # As Keras' converter writes it, with the bias on the left of the second sum.
        "matmul-add-sigmoid": model(
            [
                node("MatMul", ["x", "w0"], ["m0"]),
                node("Add", ["m0", "b0"], ["z0"]),
                node("Tanh", ["z0"], ["h0"]),
                node("MatMul", ["h0", "w1"], ["m1"]),
                node("Add", ["b1", "m1"], ["z1"]),
                node("Sigmoid", ["z1"], ["y"]),
            ],
            [
                plain("w0", numbers(INPUTS, 6)),
                tensor("b0", numbers(6)),
                tensor("w1", numbers(6, 2)),
                tensor("b1", numbers(2)),
            ],
        ),
        # No bias, a slope, a sum of one number, and plain outputs.
        "no-bias-plain": model(
            [
                node("MatMul", ["x", "w0"], ["z0"]),
                node("LeakyRelu", ["z0"], ["h0"], alpha=0.2),
                node("Gemm", ["h0", "w1"], ["z1"]),
                node("Add", ["z1", "b1"], ["y"]),
            ],
            [
                tensor("w0", numbers(INPUTS, 3)),
                tensor("w1", numbers(3, 2)),
                tensor("b1", numbers(1)),
            ],
        ),
        # Constant nodes, nodes without effect, an activation at the end, an older opset.
        "constants-relu": model(
            [
                node("Constant", [], ["w0"], value=tensor("v", numbers(INPUTS, 4))),
                node("Constant", [], ["b0"], value=tensor("v", numbers(4))),
                node("Identity", ["x"], ["i"]),
                node("Gemm", ["i", "w0", "b0"], ["z0"]),
                node("Dropout", ["z0"], ["d"]),
                node("Relu", ["d"], ["y"]),
            ],
            [],
            opset=11,
        ),
        # An image, flattened.
        "flatten-softmax": model(
            [
                node("Flatten", ["x"], ["f"], axis=1),
                node("Gemm", ["f", "w0", "b0"], ["z0"]),
                node("Softmax", ["z0"], ["y"]),
            ],
            [tensor("w0", numbers(6, 3)), tensor("b0", numbers(3))],
            shape=("batch", 1, 2, 3),
        ),
        # The other activations with an operator of their own.
        "elu-selu-softplus": model(
            [
                node("Gemm", ["x", "w0", "b0"], ["z0"]),
                node("Elu", ["z0"], ["h0"], alpha=1.3),
                node("Gemm", ["h0", "w1", "b1"], ["z1"]),
                node("Selu", ["z1"], ["h1"]),
                node("Gemm", ["h1", "w2", "b2"], ["z2"]),
                node("Softplus", ["z2"], ["h2"]),
                node("Gemm", ["h2", "w3", "b3"], ["z3"]),
                node("LeakyRelu", ["z3"], ["h3"]),
                node("Gemm", ["h3", "w4"], ["y"]),
            ],
            layers(numbers, INPUTS, 6, 5, 4, 4, 2)[:-1],
        ),
        # GELU as an operator, from opset 20 on.
        "gelu-20": model(
            [
                node("Gemm", ["x", "w0", "b0"], ["z0"]),
                node("Gelu", ["z0"], ["h0"]),
                node("Gemm", ["h0", "w1", "b1"], ["z1"]),
                node("Gelu", ["z1"], ["h1"], approximate="tanh"),
                node("Gemm", ["h1", "w2", "b2"], ["y"]),
            ],
            layers(numbers, INPUTS, 6, 5, 2),
            opset=20,
        ),
        # Both forms of GELU and SiLU, written out differently from torch.onnx: a product instead of
        # a quotient, a power, exchanged operands, an expanded sum, the half first, and an unused
        # node.
        "gelu-otherwise": model(
            [
                node("MatMul", ["x", "w0"], ["m0"]),
                node("Add", ["m0", "b0"], ["z0"]),
                node("Mul", ["half", "z0"], ["a0"]),
                node("Mul", ["z0", "root_half"], ["a1"]),
                node("Erf", ["a1"], ["a2"]),
                node("Mul", ["a2", "a0"], ["a3"]),
                node("Add", ["a0", "a3"], ["h0"]),
                node("Gemm", ["h0", "w1", "b1"], ["z1"]),
                node("Pow", ["z1", "three"], ["c0"]),
                node("Div", ["c0", "inverse_cube"], ["c1"]),
                node("Add", ["c1", "z1"], ["c2"]),
                node("Mul", ["c2", "root_two_by_pi"], ["c3"]),
                node("Tanh", ["c3"], ["c4"]),
                node("Add", ["c4", "one"], ["c5"]),
                node("Mul", ["c5", "half"], ["c6"]),
                node("Mul", ["c6", "z1"], ["h1"]),
                node("Gemm", ["h1", "w2", "b2"], ["z2"]),
                node("Sigmoid", ["z2"], ["s0"]),
                node("Mul", ["z2", "half"], ["dead"]),
                node("Mul", ["s0", "z2"], ["y"]),
            ],
            layers(numbers, INPUTS, 6, 5, 3)
            + [
                plain("half", 0.5),
                plain("one", [1.0]),
                tensor("three", numpy.float32(3)),
                tensor("root_half", numpy.float32(math.sqrt(0.5))),
                tensor("inverse_cube", numpy.float32(1 / 0.044715)),
                tensor("root_two_by_pi", numpy.float32(math.sqrt(2 / math.pi))),
            ],
        ),
    }


def make_normalized(random):
    """The same with normalizations."""

    def numbers(*shape):
        return random.standard_normal(shape).astype(numpy.float32)

    def positive(*shape):
        return random.uniform(0.1, 3, shape).astype(numpy.float32)

    node = helper.make_node
    return {
        # As torch.onnx writes BatchNorm1d and Dropout in evaluation, with another epsilon.
        "batch-normalization": model(
            [
                node("Gemm", ["x", "w0", "b0"], ["z0"], transB=1),
                node(
                    "BatchNormalization",
                    ["z0", "s0", "t0", "m0", "v0"],
                    ["n0"],
                    epsilon=0.001,
                    momentum=0.8,
                ),
                node("Relu", ["n0"], ["h0"]),
                node("Dropout", ["h0"], ["d0"]),
                node("MatMul", ["d0", "w1"], ["z1"]),
                node("BatchNormalization", ["z1", "s1", "t1", "m1", "v1"], ["n1"]),
                node("Softmax", ["n1"], ["y"], axis=1),
            ],
            [
                tensor("w0", numbers(4, INPUTS)),
                tensor("b0", numbers(4)),
                tensor("s0", numbers(4)),
                plain("t0", numbers(4)),
                tensor("m0", numbers(4)),
                tensor("v0", positive(4)),
                tensor("w1", numbers(4, 3)),
                tensor("s1", numbers(3)),
                tensor("t1", numbers(3)),
                tensor("m1", numbers(3)),
                tensor("v1", positive(3)),
            ],
        ),
        "layer-normalization": model(
            [
                node("Gemm", ["x", "w0", "b0"], ["z0"]),
                node("LayerNormalization", ["z0", "s0", "t0"], ["n0"], axis=1, epsilon=0.01),
                node("Tanh", ["n0"], ["h0"]),
                node("Gemm", ["h0", "w1", "b1"], ["z1"]),
                node("LayerNormalization", ["z1", "s1"], ["y"]),
            ],
            [
                tensor("w0", numbers(INPUTS, 6)),
                tensor("b0", numbers(6)),
                tensor("s0", numbers(6)),
                tensor("t0", numbers(6)),
                tensor("w1", numbers(6, 3)),
                tensor("b1", numbers(3)),
                tensor("s1", numbers(3)),
            ],
            opset=17,
        ),
    }


def make_folded(random):
    """Networks with nodes that become part of layers."""

    def numbers(*shape):
        return random.standard_normal(shape).astype(numpy.float32)

    def positive(*shape):
        return random.uniform(0.5, 2, shape).astype(numpy.float32)

    node = helper.make_node
    return {
        # Factors and summands before a layer, after one, after an activation, and at the end.
        "folded-arithmetic": model(
            [
                node("Sub", ["x", "two"], ["a0"]),
                node("Mul", ["row", "a0"], ["a1"]),
                node("Div", ["a1", "two"], ["a2"]),
                node("Gemm", ["a2", "w0", "b0"], ["z0"]),
                node("Mul", ["z0", "factors"], ["z1"]),
                node("Sub", ["summands", "z1"], ["z2"]),
                node("Tanh", ["z2"], ["h0"]),
                node("Sub", ["two", "h0"], ["h1"]),
                node("MatMul", ["h1", "w1"], ["m1"]),
                node("Mul", ["m1", "two_thirds"], ["z3"]),
                node("Tanh", ["z3"], ["h2"]),
                node("Mul", ["h2", "two"], ["h3"]),
                node("Add", ["h3", "b1"], ["y"]),
            ],
            layers(numbers, INPUTS, 4, 3)
            + [
                plain("two", 2.0),
                plain("two_thirds", [2 / 3]),
                tensor("row", positive(1, INPUTS)),
                tensor("factors", numbers(4)),
                tensor("summands", numbers(4)),
            ],
        ),
        # Limits of all kinds.
        "folded-limits": model(
            [
                node("Gemm", ["x", "w0", "b0"], ["z0"]),
                node("Clip", ["z0", "zero", "six"], ["h0"]),
                node("Gemm", ["h0", "w1", "b1"], ["z1"]),
                node("Clip", ["z1", "quarter"], ["h1"]),
                node("Gemm", ["h1", "w2", "b2"], ["z2"]),
                node("Clip", ["z2", "", "quarter"], ["h2"]),
                node("Gemm", ["h2", "w3", "b3"], ["z3"]),
                node("Clip", ["z3", "quarter", "six"], ["h3"]),
                node("Gemm", ["h3", "w4", "b4"], ["z4"]),
                node("Max", ["z4", "zero"], ["r4"]),
                node("Min", ["r4", "six"], ["h4"]),
                node("Gemm", ["h4", "w5", "b5"], ["z5"]),
                node("HardSigmoid", ["z5"], ["h5"], alpha=0.3, beta=0.4),
                node("Gemm", ["h5", "w6", "b6"], ["z6"]),
                node("PRelu", ["z6", "quarter"], ["h6"]),
                node("Gemm", ["h6", "w7", "b7"], ["y"]),
            ],
            layers(numbers, INPUTS, 6, 6, 6, 6, 6, 6, 5, 2)
            + [plain("zero", 0.0), plain("quarter", [0.25]), plain("six", 6.0)],
        ),
        # Constants that nodes make, transposition, BatchNormalization before the first layer and
        # after an activation.
        "folded-constants": model(
            [
                node("Constant", [], ["b0"], value_floats=[0.5, -1.0, 2.0, 0.25]),
                node("Constant", [], ["half"], value_float=0.5),
                node("Identity", ["s0"], ["s1"]),
                node("Transpose", ["w1"], ["w1t"], perm=[1, 0]),
                node("Cast", ["x"], ["c"], to=TensorProto.FLOAT),
                node("BatchNormalization", ["c", "s0", "s1", "m0", "v0"], ["n"], epsilon=0.01),
                node("Transpose", ["n"], ["t"], perm=[1, 0]),
                node("Gemm", ["t", "w0", "b0"], ["z0"], transA=1),
                node("Sigmoid", ["z0"], ["h0"]),
                node("BatchNormalization", ["h0", "b0", "m1", "m1", "v1"], ["n1"]),
                node("Reshape", ["n1", "keep"], ["r"]),
                node("MatMul", ["r", "w1t"], ["m"]),
                node("Mul", ["m", "half"], ["z1"]),
                node("Softmax", ["z1"], ["y"]),
            ],
            [
                tensor("w0", numbers(INPUTS, 4)),
                tensor("w1", numbers(3, 4)),
                tensor("s0", numbers(INPUTS)),
                tensor("m0", numbers(INPUTS)),
                tensor("v0", positive(INPUTS)),
                tensor("m1", numbers(4)),
                tensor("v1", positive(4)),
                plain("keep", [-1, 4], TensorProto.INT64),
            ],
        ),
    }


def make_refused(random):
    """Networks that quern refuses."""
    return {
        # The constant has as many numbers as a sample, but differs by sample.
        "by-sample": model(
            [
                helper.make_node("Add", ["x", "by_sample"], ["a"]),
                helper.make_node("Flatten", ["a"], ["f"]),
                helper.make_node("Gemm", ["f", "w0", "b0"], ["y"]),
            ],
            [
                tensor("by_sample", random.standard_normal((2, 1, 3)).astype(numpy.float32)),
                *layers(lambda *shape: numpy.ones(shape, numpy.float32), 6, 2),
            ],
            shape=(2, 2, 3),
        ),
    }
