#include "foreign.h"

#include <string.h>

static bool starts_with(const unsigned char *bytes, size_t count, const char *magic,
                        size_t length) {
  return count >= length && memcmp(bytes, magic, length) == 0;
}

static bool ends_with(const char *name, size_t length, const char *ending) {
  const size_t size = strlen(ending);
  return length >= size && memcmp(name + length - size, ending, size) == 0;
}

/* The name of a zip archive's first member follows its header of 30 bytes. */
static quern__foreign find_in_zip(const unsigned char *bytes, size_t count) {
  enum { HEADER = 30, LENGTH_AT = 26 };
  const size_t stated =
      count >= HEADER ? (size_t)bytes[LENGTH_AT] | (size_t)bytes[LENGTH_AT + 1] << 8 : 0;
  const size_t length = count < HEADER + stated ? 0 : stated;
  const char *name = (const char *)bytes + HEADER;
  if (ends_with(name, length, "data.pkl") || ends_with(name, length, "/version") ||
      ends_with(name, length, "/byteorder"))
    return QUERN__FOREIGN_PYTORCH;
  if (ends_with(name, length, ".npy")) return QUERN__FOREIGN_NPZ;
  if (ends_with(name, length, "metadata.json") || ends_with(name, length, "config.json") ||
      ends_with(name, length, "weights.h5"))
    return QUERN__FOREIGN_KERAS;
  return QUERN__FOREIGN_ZIP;
}

quern__foreign quern__foreign_find(const unsigned char *bytes, size_t count) {
  /* torch.save wrote this number in a pickle of its own before version 1.6 */
  static const char torch[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9";
  /* the header's length in 8 bytes, of which the last two are zeros, then JSON */
  if (count > 9 && bytes[6] == 0 && bytes[7] == 0 && bytes[8] == '{')
    return QUERN__FOREIGN_SAFETENSORS;
  if (starts_with(bytes, count, "PK\x03\x04", 4)) return find_in_zip(bytes, count);
  if (starts_with(bytes, count, "\x89HDF\r\n\x1a\n", 8)) return QUERN__FOREIGN_HDF5;
  if (starts_with(bytes, count, "\x93NUMPY", 6)) return QUERN__FOREIGN_NUMPY;
  if (starts_with(bytes, count, torch, sizeof torch - 1)) return QUERN__FOREIGN_PYTORCH;
  if (count > 8 && memcmp(bytes + 4, "TFL3", 4) == 0) return QUERN__FOREIGN_TFLITE;
  /* protocols 2 to 5, and a frame, a container or a class */
  if (count > 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5 && bytes[2] != 0 &&
      strchr("\x95}](cX", bytes[2]) != NULL)
    return QUERN__FOREIGN_PICKLE;
  /* field 1, the version of ONNX, then field 2, the producer, or another of the first nine */
  if (count > 8 && bytes[0] == 0x08 && bytes[1] > 0 && bytes[1] < 0x40 &&
      (bytes[2] == 0x12 || bytes[2] == 0x3a || bytes[2] == 0x42))
    return QUERN__FOREIGN_ONNX;
  return QUERN__FOREIGN_NONE;
}

quern_status quern__foreign_refuse(const char *path, const unsigned char *bytes, size_t count,
                                   quern__foreign expected) {
  const quern__foreign found = quern__foreign_find(bytes, count);
  const char *const wanted = expected == QUERN__FOREIGN_ONNX ? "ONNX" : "safetensors";
  if (found == QUERN__FOREIGN_NONE || found == expected) return QUERN_OK;
  switch (found) {
  case QUERN__FOREIGN_PYTORCH:
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: is a PyTorch file, expected %s: in Python, "
                       "safetensors.torch.save_file(torch.load(\"%s\"), \"net.safetensors\") "
                       "converts a state_dict; of a whole model save model.state_dict()",
                       path, wanted, path);
  case QUERN__FOREIGN_PICKLE:
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: is a Python pickle, expected %s: in Python, open(\"net.onnx\", "
                       "\"wb\").write(skl2onnx.to_onnx(joblib.load(\"%s\"), "
                       "x[:1]).SerializeToString()) converts a scikit-learn model, with x the data",
                       path, wanted, path);
  case QUERN__FOREIGN_KERAS:
  case QUERN__FOREIGN_HDF5:
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: is %s file, expected %s: in Python, "
                       "keras.saving.load_model(\"%s\").export(\"net.onnx\", format=\"onnx\") "
                       "converts a Keras model",
                       path, found == QUERN__FOREIGN_KERAS ? "a Keras" : "an HDF5", wanted, path);
  case QUERN__FOREIGN_TFLITE:
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: is a TensorFlow Lite file, expected %s: export the Keras model it was "
                       "made from, model.export(\"net.onnx\", format=\"onnx\")",
                       path, wanted);
  case QUERN__FOREIGN_ONNX:
  case QUERN__FOREIGN_SAFETENSORS:
    return quern__fail(QUERN_ERROR_FORMAT, "%s: is %s file, expected %s: the name must end in %s",
                       path, found == QUERN__FOREIGN_ONNX ? "an ONNX" : "a safetensors", wanted,
                       found == QUERN__FOREIGN_ONNX ? ".onnx" : ".safetensors");
  case QUERN__FOREIGN_NUMPY:
  case QUERN__FOREIGN_NPZ:
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: is a NumPy file, expected %s: arrays are read as data, not as a model",
                       path, wanted);
  case QUERN__FOREIGN_NONE:
  case QUERN__FOREIGN_ZIP:
    break;
  }
  return quern__fail(QUERN_ERROR_FORMAT,
                     "%s: is a ZIP archive, as .pt, .keras and .xlsx files are, expected %s: in "
                     "Python, safetensors.torch.save_file(model.state_dict(), \"net.safetensors\") "
                     "for PyTorch, model.export(\"net.onnx\", format=\"onnx\") for Keras",
                     path, wanted);
}
