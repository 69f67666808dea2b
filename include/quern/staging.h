/* Staging: a buffer that the host fills while the device computes, for data that arrive in pieces.
 * Two of them alternate:
 *
 *   for (size_t piece = 0; piece < pieces; piece++) {
 *     quern_staging *turn = stagings[piece % 2];
 *     quern_staging_begin(turn, &memory);  // waits until the ops on the piece before last are done
 *     …                                    // fill it, while the device computes on the last piece
 *     quern_staging_send(turn, bytes);     // copies to the buffer while ops run
 *     …                                    // queue the ops that read the buffer
 *     quern_staging_release(turn);         // ops queued from here on do not use the buffer
 *   }
 *
 * If host and device share memory, `memory` is the buffer's own, and nothing is copied. A backend
 * that only copies in order with its ops does so here too: same results, without the overlap. */
#ifndef QUERN_STAGING_H
#define QUERN_STAGING_H

#include <quern/context.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_staging quern_staging;

/* Creates a staging for the whole buffer, which it keeps alive. The caller owns *staging. */
QUERN_API quern_status quern_staging_create(quern_buffer *buffer, quern_staging **staging);

/* Waits for sends in flight, then frees the staging. NULL is accepted. */
QUERN_API void quern_staging_free(quern_staging *staging);

/* Sets *memory, as large as the buffer and with undefined contents, which may be written until the
 * next send. No op may use the buffer until then. Waits for the previous send. May also wait for
 * the ops queued before the last release, or before this call if there was no release since the
 * last send; never for others. */
QUERN_API quern_status quern_staging_begin(quern_staging *staging, void **memory);

/* Sends the memory's first `bytes` to the beginning of the buffer, the rest of which becomes
 * undefined. Runs after the ops that begin may wait for, and before ops queued later.
 * QUERN_ERROR_ARGUMENT: no begin before it. QUERN_ERROR_SHAPE: more bytes than the buffer has. */
QUERN_API quern_status quern_staging_send(quern_staging *staging, size_t bytes);

/* Declares that no op queued from here on uses the buffer until the next send. The last release
 * before a begin counts. */
QUERN_API quern_status quern_staging_release(quern_staging *staging);

#ifdef __cplusplus
}
#endif
#endif
