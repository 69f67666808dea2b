/* Staging: host memory from which a buffer is filled while the device computes, for data that come a piece at a time. Two of
 * them, each with a buffer of its own, take turns:
 *
 *   for (size_t piece = 0; piece < pieces; piece++) {
 *     quern_staging *turn = stagings[piece % 2];
 *     quern_staging_begin(turn, &memory);  // waits until what was sent before has left the memory
 *     …                                    // fill it, while the device computes on the piece before
 *     quern_staging_send(turn, bytes);     // the copy to the buffer, beside the ops
 *     …                                    // queue the ops that read the buffer
 *     quern_staging_release(turn);         // what is queued from here on leaves the buffer alone
 *   }
 *
 * A backend that copies only in order with its ops does so here too: the same results, without the overlap. */
#ifndef QUERN_STAGING_H
#define QUERN_STAGING_H

#include <quern/context.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_staging quern_staging;

/* Host memory as long as the buffer, of the kind that the device copies from fastest. It keeps the buffer alive; the caller owns
 * *staging. */
QUERN_API quern_status quern_staging_create(quern_buffer *buffer, quern_staging **staging);

/* Waits for a copy that is under way, and never for ops that do not stand before it. NULL is accepted. */
QUERN_API void quern_staging_free(quern_staging *staging);

/* *memory, owned by the staging, may be written from here to the next send. Waits for the copy that was sent before. */
QUERN_API quern_status quern_staging_begin(quern_staging *staging, void **memory);

/* Queues the copy of the memory's first `bytes` to the beginning of the buffer. It runs after the ops that were queued before the
 * last release, or before this call where there was none since the last send; ops that are queued from here on run after it.
 * QUERN_ERROR_SHAPE for more bytes than the buffer has. */
QUERN_API quern_status quern_staging_send(quern_staging *staging, size_t bytes);

/* The ops queued so far are all that use the buffer until it is sent to again. The last release before a send counts. */
QUERN_API quern_status quern_staging_release(quern_staging *staging);

#ifdef __cplusplus
}
#endif
#endif
