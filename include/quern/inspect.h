/* What is in a file: any that quern writes, and safetensors and ONNX files of others. */
#ifndef QUERN_INSPECT_H
#define QUERN_INSPECT_H

#include <quern/network.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum quern_file_kind {
  QUERN_FILE_MODEL,      /* a network, as quern_model_load or quern_onnx_load reads it */
  QUERN_FILE_CHECKPOINT, /* a training, as quern_trainer_resume reads it */
  QUERN_FILE_TENSORS     /* tensors that are neither */
} quern_file_kind;

/* A tensor of a file. Of a checkpoint, whose tensors hold the numbers of all layers one after the
 * other, each such tensor is told layer by layer: "parameters: layer 0 weights" [in][out],
 * "parameters: layer 0 bias" [out]. Strings and shapes stay the inspection's. */
typedef struct quern_tensor_info {
  const char *name;
  const char *type; /* as safetensors calls it: "F32"; "?" for what it has no name for */
  size_t rank;
  const size_t *shape; /* NULL where the rank is 0 */
  size_t count;        /* numbers: the product of the shape */
  /* Over the numbers that are finite, in double: mean Σx/n, deviation √(Σ(x - mean)²/n), least and
   * most. All NaN where there is none, or where the type is one that is not looked into: 8-bit
   * floats, and of ONNX all but floats and doubles of at most two dimensions. */
  double mean, deviation, least, most;
  size_t not_finite; /* numbers that are NaN or infinite */
} quern_tensor_info;

typedef struct quern_inspection quern_inspection;

/* Reads all of the file at `path`. A file that is whole and holds no network is no error;
 * quern_inspection_note says why it is none. QUERN_ERROR_FORMAT where it is no such file, or a
 * damaged one. The caller owns *inspection. */
QUERN_API quern_status quern_inspect(const char *path, quern_inspection **inspection);
QUERN_API void quern_inspection_free(quern_inspection *inspection);

QUERN_API quern_file_kind quern_inspection_kind(const quern_inspection *inspection);
/* "model", "checkpoint", "tensors". Static. */
QUERN_API const char *quern_file_kind_name(quern_file_kind kind);

/* "safetensors", or "ONNX, opset 13". The inspection's. */
QUERN_API const char *quern_inspection_format(const quern_inspection *inspection);

/* The network of a model, with its parameters; NULL for other files. The inspection's. */
QUERN_API const quern_network *quern_inspection_network(const quern_inspection *inspection);

/* What is to be known of how the file was understood, in one line, or "". */
QUERN_API const char *quern_inspection_note(const quern_inspection *inspection);

/* Tensors in the order of the file, a model's in that of its layers. The index must be less than
 * the count. */
QUERN_API size_t quern_inspection_tensor_count(const quern_inspection *inspection);
QUERN_API quern_tensor_info quern_inspection_tensor(const quern_inspection *inspection,
                                                    size_t index);

/* The file's metadata, in its order. A checkpoint's are where training stands and what it is: see
 * quern_trainer_save. Strings stay the inspection's. The index must be less than the count. */
QUERN_API size_t quern_inspection_metadata_count(const quern_inspection *inspection);
QUERN_API const char *quern_inspection_metadata_key(const quern_inspection *inspection,
                                                    size_t index);
QUERN_API const char *quern_inspection_metadata_value(const quern_inspection *inspection,
                                                      size_t index);

#ifdef __cplusplus
}
#endif
#endif
