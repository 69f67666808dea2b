"""The part of the C API that the package uses: structs and functions as declared by the headers in
include/quern/.

tests/python compares every struct with a C compiler's layout, so a changed struct fails a test. The
library is asked for activations, losses, device kinds and statuses by name.
"""

import ctypes
from ctypes import (
    POINTER,
    Structure,
    c_bool,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int32,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)

from . import _library

# Statuses: 0 is QUERN_OK, and quern_status_name names the others.
status = c_int

# Enumerations for which the library has no names: quern_initializer, quern_task, quern_csv_header,
# quern_csv_label, quern_missing, quern_text and quern_plan_mode.
INITIALIZERS = {"default": 0, "he": 1, "xavier": 2, "uniform": 3, "lecun": 4}
TASKS = {"none": 0, "classes": 1, "labels": 2, "regression": 3}
HEADERS = {"auto": 0, "none": 1, "one": 2}
LABELS = {"last": 0, "first": 1}
MISSING = {"refuse": 0, "mean": 1, "zero": 2}
TEXTS = {"refuse": 0, "one-hot": 1}
PLAN_MODES = {"inference": 0, "training": 1, "gradients": 2}


class Activation(Structure):
    _fields_ = [("kind", c_int), ("slope", c_float)]


class Normalization(Structure):
    _fields_ = [("kind", c_int), ("epsilon", c_float)]


class Layer(Structure):
    _fields_ = [
        ("units", c_size_t),
        ("activation", Activation),
        ("freeze_weights", c_bool),
        ("freeze_bias", c_bool),
        ("dropout", c_float),
        ("normalization", Normalization),
    ]


class Optimizer(Structure):
    _fields_ = [
        ("kind", c_int),
        ("decay_bias", c_bool),
        ("learning_rate", c_double),
        ("weight_decay", c_double),
        ("momentum", c_double),
        ("beta1", c_double),
        ("beta2", c_double),
        ("alpha", c_double),
        ("epsilon", c_double),
    ]


class Schedule(Structure):
    _fields_ = [
        ("kind", c_int),
        ("warmup", c_uint64),
        ("warmup_factor", c_double),
        ("steps", c_uint64),
        ("period", c_uint64),
        ("gamma", c_double),
        ("minimum", c_double),
        ("peak", c_double),
        ("start", c_double),
        ("end", c_double),
        ("most_momentum", c_double),
        ("least_momentum", c_double),
    ]


class Tensor(Structure):
    _fields_ = [
        ("buffer", c_void_p),
        ("offset", c_size_t),
        ("rows", c_size_t),
        ("columns", c_size_t),
    ]


class Metrics(Structure):
    _fields_ = [
        ("samples", c_size_t),
        ("loss", c_double),
        ("accuracy", c_double),
        ("samples_per_second", c_double),
        ("task", c_int),
        ("exact_match", c_double),
        ("label_accuracy", c_double),
        ("f1", c_double),
        ("mean_squared_error", c_double),
        ("mean_absolute_error", c_double),
        ("r_squared", c_double),
    ]


class Epoch(Structure):
    _fields_ = [
        ("epoch", c_size_t),
        ("epochs", c_size_t),
        ("step", c_size_t),
        ("steps", c_size_t),
        ("train_loss", c_double),
        ("train_samples_per_second", c_double),
        ("tested", c_bool),
        ("test", Metrics),
        ("best_epoch", c_size_t),
        ("out_of_patience", c_bool),
        ("train_seconds", c_double),
        ("reduction_seconds", c_double),
        ("reduction_exposed_seconds", c_double),
    ]


EpochFunction = ctypes.CFUNCTYPE(c_bool, POINTER(Epoch), c_void_p)
StopFunction = ctypes.CFUNCTYPE(c_bool, c_void_p)
ProgressFunction = ctypes.CFUNCTYPE(
    None, c_void_p, c_void_p
)  # of a quern_progress, which the package does not use


class TrainOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("epochs", c_size_t),
        ("batch", c_size_t),
        ("seed", c_uint64),
        ("optimizer", Optimizer),
        ("schedule", Schedule),
        ("clip_norm", c_float),
        ("label_smoothing", c_float),
        ("class_weights", POINTER(c_float)),
        ("patience", c_size_t),
        ("checkpoint", c_char_p),
        ("checkpoint_every", c_size_t),
        ("resume", c_char_p),
        ("on_epoch", EpochFunction),
        ("on_progress", ProgressFunction),
        ("stop", StopFunction),
        ("user", c_void_p),
        ("data_memory", c_size_t),
        ("collective", c_void_p),
        ("shares", c_void_p),
    ]

    @classmethod
    def initial(cls):
        """quern_train_options_default()."""
        options = cls()
        lib.quern_train_options_set_default(ctypes.byref(options), ctypes.sizeof(cls))
        return options


class DatasetOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("task", c_int),
        ("target", c_char_p),
        ("label", c_int),
        ("inputs", c_char_p),
        ("header", c_int),
        ("delimiter", c_char),
        ("missing", c_int),
        ("text", c_int),
        ("schema", c_void_p),
        ("classes", c_size_t),
        ("exclude", c_char_p),
        ("missing_values", c_char_p),
        ("decimal", c_char),
    ]

    @classmethod
    def initial(cls):
        """quern_dataset_options_default()."""
        return cls(size=ctypes.sizeof(cls))


class ModelOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("activation", Activation),
        ("loss", c_int),
        ("huber_delta", c_float),
        ("activation_is_chosen", c_bool),
        ("loss_is_chosen", c_bool),
    ]


class OnnxOptions(Structure):
    _fields_ = [("size", c_size_t), ("plain_loss", c_int), ("loss_is_chosen", c_bool)]


class DeviceInfo(Structure):
    _fields_ = [
        ("kind", c_int),
        ("backend", c_char_p),
        ("name", c_char_p),
        ("platform", c_char_p),
        ("version", c_char_p),
        ("driver", c_char_p),
        ("platform_index", c_size_t),
        ("device_index", c_size_t),
        ("compute_units", c_uint32),
        ("memory", c_uint64),
        ("max_allocation", c_uint64),
    ]


_handle, _out = c_void_p, POINTER(c_void_p)
_floats, _labels, _shares = POINTER(c_float), POINTER(c_int32), POINTER(c_uint32)

_FUNCTIONS = {
    # name: (result, arguments…)
    "quern_last_error": (c_char_p,),
    "quern_status_name": (c_char_p, status),
    "quern_status_text": (c_char_p, status),
    "quern_activation_name": (c_char_p, c_int),
    "quern_activation_parse": (c_bool, c_char_p, POINTER(Activation)),
    "quern_activation_format": (c_size_t, Activation, c_char_p, c_size_t),
    "quern_normalization_name": (c_char_p, c_int),
    "quern_normalization_parse": (c_bool, c_char_p, POINTER(Normalization)),
    "quern_normalization_format": (c_size_t, Normalization, c_char_p, c_size_t),
    "quern_loss_name": (c_char_p, c_int),
    "quern_loss_parse": (c_bool, c_char_p, POINTER(c_int), POINTER(c_float)),
    "quern_loss_format": (c_size_t, c_int, c_float, c_char_p, c_size_t),
    "quern_loss_is_regression": (c_bool, c_int),
    "quern_optimizer_name": (c_char_p, c_int),
    "quern_optimizer_find": (c_bool, c_char_p, POINTER(c_int)),
    "quern_optimizer_of": (Optimizer, c_int, c_double),
    "quern_optimizer_usual_rate": (c_double, c_int),
    "quern_schedule_name": (c_char_p, c_int),
    "quern_schedule_find": (c_bool, c_char_p, POINTER(c_int)),
    "quern_schedule_of": (Schedule, c_int),
    "quern_device_list_create": (status, _out),
    "quern_device_list_free": (None, _handle),
    "quern_device_list_count": (c_size_t, _handle),
    "quern_device_list_at": (_handle, _handle, c_size_t),
    "quern_device_list_note": (c_char_p, _handle),
    "quern_device_list_find_all": (status, _handle, c_char_p, _out, POINTER(c_size_t)),
    "quern_device_describe": (None, _handle, POINTER(DeviceInfo)),
    "quern_device_kind_name": (c_char_p, c_int),
    "quern_context_create": (status, c_char_p, _out),
    "quern_context_free": (None, _handle),
    "quern_context_finish": (status, _handle),
    "quern_context_describe": (None, _handle, POINTER(DeviceInfo)),
    "quern_context_is_lost": (c_bool, _handle),
    "quern_dataset_open": (status, c_char_p, POINTER(DatasetOptions), _out, _out),
    "quern_dataset_from_floats": (status, _floats, _labels, c_size_t, c_size_t, _out),
    "quern_dataset_from_targets": (
        status,
        _floats,
        _floats,
        c_int,
        c_size_t,
        c_size_t,
        c_size_t,
        _out,
    ),
    "quern_dataset_fit": (status, _handle, c_bool),
    "quern_dataset_apply": (status, _handle, _handle),
    "quern_dataset_split": (status, _handle, c_double, c_uint64, _out, _out),
    "quern_dataset_free": (None, _handle),
    "quern_dataset_note": (c_char_p, _handle),
    "quern_dataset_rows": (c_size_t, _handle),
    "quern_dataset_columns": (c_size_t, _handle),
    "quern_dataset_schema": (_handle, _handle),
    "quern_dataset_task": (c_int, _handle),
    "quern_dataset_outputs": (c_size_t, _handle),
    "quern_dataset_targets": (None, _handle, c_size_t, _floats),
    "quern_dataset_label": (c_int32, _handle, c_size_t),
    "quern_dataset_values": (None, _handle, c_size_t, _floats),
    "quern_network_create": (status, c_size_t, POINTER(Layer), c_size_t, c_int, _out),
    "quern_network_free": (None, _handle),
    "quern_network_initialize": (status, _handle, c_int, c_uint64),
    "quern_network_inputs": (c_size_t, _handle),
    "quern_network_outputs": (c_size_t, _handle),
    "quern_network_layer_count": (c_size_t, _handle),
    "quern_network_loss": (c_int, _handle),
    "quern_network_huber_delta": (c_float, _handle),
    "quern_network_set_huber_delta": (status, _handle, c_float),
    "quern_network_schema": (_handle, _handle),
    "quern_schema_class_name": (c_char_p, _handle, c_size_t),
    "quern_schema_is_standardized": (c_bool, _handle),
    "quern_network_layer": (Layer, _handle, c_size_t),
    "quern_network_parameter_count": (c_size_t, _handle),
    "quern_network_set_layer": (status, _handle, c_size_t, _floats, _floats),
    "quern_network_get_layer": (status, _handle, c_size_t, _floats, _floats),
    "quern_network_set_normalization": (status, _handle, c_size_t, *(4 * [_floats])),
    "quern_network_get_normalization": (status, _handle, c_size_t, *(4 * [_floats])),
    "quern_buffer_create": (status, _handle, c_size_t, _out),
    "quern_buffer_free": (None, _handle),
    "quern_buffer_write": (status, _handle, c_size_t, c_size_t, c_void_p, c_int),
    "quern_buffer_read": (status, _handle, c_size_t, c_size_t, c_void_p, c_int),
    "quern_plan_create": (status, _handle, _handle, c_size_t, c_int, _out),
    "quern_plan_free": (None, _handle),
    "quern_plan_set_optimizer": (status, _handle, POINTER(Optimizer)),
    "quern_plan_set_class_weights": (status, _handle, _floats),
    "quern_plan_step": (status, _handle, Tensor, Tensor, Tensor),
    "quern_plan_step_targets": (status, _handle, Tensor, Tensor, Tensor),
    "quern_plan_layer": (status, _handle, c_size_t, POINTER(Tensor), POINTER(Tensor)),
    "quern_sum_squares": (status, _handle, Tensor, Tensor),
    "quern_plan_download": (status, _handle, _handle),
    "quern_plan_upload": (status, _handle, _handle),
    "quern_train_options_set_default": (None, POINTER(TrainOptions), c_size_t),
    "quern_train_shares": (
        status,
        _out,
        c_size_t,
        _handle,
        _handle,
        POINTER(TrainOptions),
        _shares,
        c_void_p,
    ),
    "quern_train_on": (
        status,
        _out,
        c_size_t,
        _shares,
        _handle,
        _handle,
        _handle,
        POINTER(TrainOptions),
        POINTER(Epoch),
    ),
    "quern_evaluate": (status, _handle, _handle, _handle, POINTER(Metrics)),
    "quern_predict": (status, _handle, _handle, _handle, _floats),
    "quern_model_save": (status, _handle, c_char_p),
    "quern_network_note": (c_char_p, _handle),
    "quern_model_load": (status, c_char_p, POINTER(ModelOptions), _out),
    "quern_onnx_save": (status, _handle, c_char_p),
    "quern_onnx_load": (status, c_char_p, POINTER(OnnxOptions), _out),
}


def _declare(library):
    for name, (result, *arguments) in _FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(
                f"quern: the library has no {name}; it is of another build than this package"
            ) from None
        function.restype = result
        function.argtypes = arguments
    return library


lib = _declare(_library.load())
