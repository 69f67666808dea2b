/* Staging: a buffer that the host fills while the device computes, for data that come a piece at a
 * time. Two of them take turns:
 *
 *   for (size_t piece = 0; piece < pieces; piece++) {
 *     quern_staging *turn = stagings[piece % 2];
 *     quern_staging_begin(turn, &memory);  // waits until the ops on the piece before last are done
 *     …                                    // fill it, while the device computes on the last piece
 *     quern_staging_send(turn, bytes);     // on its way to the buffer, beside the ops
 *     …                                    // queue the ops that read the buffer
 *     quern_staging_release(turn);         // what is queued from here on leaves the buffer alone
 *   }
 *
 * Where host and device share their memory, it is the buffer's own, and nothing is copied. A
 * backend that copies only in order with its ops does so here too: the same results, without the
 * overlap. */
#ifndef QUERN_STAGING_H
#define QUERN_STAGING_H

#include <quern/context.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_staging quern_staging;

/* Of the whole buffer, which it keeps alive. The caller owns *staging. */
QUERN_API quern_status quern_staging_create(quern_buffer *buffer, quern_staging **staging);

/* Waits for what was sent and is under way. NULL is accepted. */
QUERN_API void quern_staging_free(quern_staging *staging);

/* *memory, as long as the buffer and with undefined contents, may be written until the next send,
 * and no op may use the buffer until then. Waits for what was sent before to arrive, and may wait
 * for the ops that were queued before the last release, or, where there was none since the last
 * send, before this call; never for others. */
QUERN_API quern_status quern_staging_begin(quern_staging *staging, void **memory);

/* Sends the memory's first `bytes` to the beginning of the buffer; what lies behind them there is
 * undefined. It runs after the ops that begin may wait for, and ops that are queued from here on
 * run after it. QUERN_ERROR_ARGUMENT without a begin before it, QUERN_ERROR_SHAPE for more bytes
 * than the buffer has. */
QUERN_API quern_status quern_staging_send(quern_staging *staging, size_t bytes);

/* The ops queued so far are all that use the buffer until it is sent to again. The last release
 * before a begin counts. */
QUERN_API quern_status quern_staging_release(quern_staging *staging);

#ifdef __cplusplus
}
#endif
#endif
