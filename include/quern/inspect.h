/* Inspection of files: all that quern writes, and safetensors and ONNX files from other
 * programs. */
#ifndef QUERN_INSPECT_H
#define QUERN_INSPECT_H

#include <quern/network.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum quern_file_kind {
  QUERN_FILE_MODEL,      /* a network that quern_model_load or quern_onnx_load reads */
  QUERN_FILE_CHECKPOINT, /* a training that quern_trainer_resume reads */
  QUERN_FILE_TENSORS     /* any other tensors */
} quern_file_kind;

/* One tensor. A checkpoint's tensors each hold the parameters of all layers one after another and
 * are listed per layer: "parameters: layer 0 weights" [in][out], "parameters: layer 0 bias" [out].
 * The inspection owns strings and shapes. */
typedef struct quern_tensor_info {
  const char *name;
  const char *type; /* safetensors name, e.g. "F32"; "?" if it has none */
  size_t rank;
  const size_t *shape; /* NULL if rank is 0 */
  size_t count;        /* elements: the product of the shape */
  /* Over the finite elements, in double: mean Σx/n, deviation √(Σ(x - mean)²/n), least and most.
   * All NaN if no element is finite or the type is not read: 8-bit floats, and in ONNX everything
   * except floats and doubles of at most two dimensions. */
  double mean, deviation, least, most;
  size_t not_finite; /* elements that are NaN or infinite */
} quern_tensor_info;

typedef struct quern_inspection quern_inspection;

/* Reads the whole file at `path`. An intact file without a network is not an error;
 * quern_inspection_note has the reason. The caller owns *inspection. QUERN_ERROR_FORMAT if the
 * format is unknown or the file is damaged. */
QUERN_API quern_status quern_inspect(const char *path, quern_inspection **inspection);

/* Frees an inspection with its network and strings. NULL is accepted. */
QUERN_API void quern_inspection_free(quern_inspection *inspection);

/* Returns what the file is. */
QUERN_API quern_file_kind quern_inspection_kind(const quern_inspection *inspection);

/* Returns "model", "checkpoint" or "tensors". Static. */
QUERN_API const char *quern_file_kind_name(quern_file_kind kind);

/* Returns e.g. "safetensors" or "ONNX, opset 13". Owned by the inspection. */
QUERN_API const char *quern_inspection_format(const quern_inspection *inspection);

/* Returns the network of a model with its parameters; NULL for other files. Owned by the
 * inspection. */
QUERN_API const quern_network *quern_inspection_network(const quern_inspection *inspection);

/* Returns one line on how the file was interpreted, or "". */
QUERN_API const char *quern_inspection_note(const quern_inspection *inspection);

/* Tensors in file order; those of a model in layer order. The index must be less than the count. */
QUERN_API size_t quern_inspection_tensor_count(const quern_inspection *inspection);
QUERN_API quern_tensor_info quern_inspection_tensor(const quern_inspection *inspection,
                                                    size_t index);

/* The file's metadata in file order. A checkpoint's metadata describe the training and its
 * progress: see quern_trainer_save. The inspection owns the strings. The index must be less than
 * the count. */
QUERN_API size_t quern_inspection_metadata_count(const quern_inspection *inspection);
QUERN_API const char *quern_inspection_metadata_key(const quern_inspection *inspection,
                                                    size_t index);
QUERN_API const char *quern_inspection_metadata_value(const quern_inspection *inspection,
                                                      size_t index);

#ifdef __cplusplus
}
#endif
#endif
