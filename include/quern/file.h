/* Files that appear whole or not at all, as quern writes its own: for what a program keeps beside
 * them. */
#ifndef QUERN_FILE_H
#define QUERN_FILE_H

#include <quern/status.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes `bytes` bytes of `data` as the file `path`: under a temporary name in the same folder,
 * synced and renamed, so that a reader sees the old file or the new one, whole. A failure, of a
 * full disk too, leaves the old file as it was. `path` is a new name or that of a regular file; if
 * it is a link to one, that file is replaced and the link stays. A folder, a device, a pipe, a
 * socket and a link to nothing are refused. The mode is that of any new file, 0666 less the umask.
 * `data` may be NULL if `bytes` is 0. Errors name the file. */
QUERN_API quern_status quern_file_write(const char *path, const void *data, size_t bytes);

/* Whether quern_file_write, quern_model_save, quern_onnx_save or quern_trainer_save could write
 * `path` now: does what they do up to the first byte, leaves `path` as it was, and fails as they
 * would. Whether the disk has room is not known before. */
QUERN_API quern_status quern_file_check(const char *path);

#ifdef __cplusplus
}
#endif
#endif
