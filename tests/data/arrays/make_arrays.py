"""Makes the arrays in this folder with NumPy and safetensors: python3 make_arrays.py"""

import pathlib

import numpy as np
import safetensors.numpy

here = pathlib.Path(__file__).parent
x = np.arange(12, dtype=np.float64).reshape(4, 3) / 8 - 0.5
y = np.array([0, 2, 1, 2], dtype=np.int64)
images = np.arange(16, dtype=np.uint8).reshape(4, 2, 2) * 17
marks = np.array([[True, False], [False, False], [True, True], [False, True]])
prices = np.array([1.5, -2, 1e6, 0.25], dtype=np.float32)

np.savez(here / "stored.npz", x=x, y=y, prices=prices)
np.savez_compressed(
    here / "deflated.npz", x_train=images, y_train=marks, x_test=images[:2], y_test=marks[:2]
)
np.save(here / "X.npy", x.astype(np.int16), allow_pickle=False)
np.save(here / "y.npy", y)
with open(here / "version2.npy", "wb") as file:
    np.lib.format.write_array(file, x, version=(2, 0))
with open(here / "version3.npy", "wb") as file:
    np.lib.format.write_array(file, x, version=(3, 0))
safetensors.numpy.save_file({"x": x, "y": y, "prices": prices}, here / "tensors.safetensors")
print(np.__version__, safetensors.__version__)
