/* Exchanges: device memory whose contents are copied to the host, changed there, and copied back.
 * The copies overlap the ops if the backend supports that; otherwise they are plain reads and
 * writes. */
#ifndef QUERN_HOST_DEVICE_EXCHANGE_H
#define QUERN_HOST_DEVICE_EXCHANGE_H

#include <quern/context.h>
#include <stdbool.h>

/* Alignment in bytes of the host's part. */
enum { QUERN__EXCHANGE_ALIGNMENT = 4096 };

typedef struct quern__exchange quern__exchange;

/* Creates an exchange between a new device buffer of `bytes`, filled with zeros, and `host`, which
 * is aligned and must outlive both. The caller owns *buffer and *exchange, and frees the buffer
 * first. */
quern_status quern__exchange_create(quern_context *context, void *host, size_t bytes,
                                    quern__exchange **exchange, quern_buffer **buffer);
void quern__exchange_free(quern__exchange *exchange);

/* Starts copying the buffer to the host, after all that is queued. No op may use the buffer until
 * quern__exchange_put. */
quern_status quern__exchange_take(quern__exchange *exchange);

/* Sets *taken if the copy has arrived; with `wait`, waits for it. The caller may then read and
 * write the host's part. */
quern_status quern__exchange_taken(quern__exchange *exchange, bool wait, bool *taken);

/* Queues the copy back to the device. */
quern_status quern__exchange_put(quern__exchange *exchange);

#endif
