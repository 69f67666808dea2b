/* Atomic file writes, as quern uses for its own files, for files that a program keeps beside
 * them. */
#ifndef QUERN_FILE_H
#define QUERN_FILE_H

#include <quern/status.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes `bytes` bytes of `data` to `path` atomically: under a temporary name in the same folder,
 * synced and renamed, so a reader sees the whole old file or the whole new one. `path` is new or
 * names a regular file. If it is a link to one, the target is replaced and the link stays. The mode
 * is 0666 less the umask. `data` may be NULL if `bytes` is 0. A folder, a device, a pipe, a socket
 * or a dangling link is an error. A failure, including a full disk, leaves the old file unchanged.
 * QUERN_ERROR_FILE names the file. */
QUERN_API quern_status quern_file_write(const char *path, const void *data, size_t bytes);

/* Checks whether quern_file_write, quern_model_save, quern_onnx_save or quern_trainer_save could
 * write `path` now. Does what they do up to the first byte, leaves `path` unchanged, and fails as
 * they would. Free disk space is not checked. */
QUERN_API quern_status quern_file_check(const char *path);

#ifdef __cplusplus
}
#endif
#endif
