/* Device memory that the host takes, works on, and puts back: by the backend beside the ops, or in
 * its place by reads and writes in order with them. */
#ifndef QUERN_HOST_DEVICE_EXCHANGE_H
#define QUERN_HOST_DEVICE_EXCHANGE_H

#include <quern/context.h>
#include <stdbool.h>

/* The host's part of one begins at a multiple of so many bytes. */
enum { QUERN__EXCHANGE_ALIGNMENT = 4096 };

typedef struct quern__exchange quern__exchange;

/* Of `bytes` of the device and as many at `host`, which is aligned and stays until both the
 * exchange and the buffer are freed; the buffer first. The device's are zeros. The caller owns
 * *exchange and *buffer. */
quern_status quern__exchange_create(quern_context *context, void *host, size_t bytes,
                                    quern__exchange **exchange, quern_buffer **buffer);
void quern__exchange_free(quern__exchange *exchange);

/* Begins to bring the buffer's contents to the host, after all that is queued. Until they are put
 * back no op may use them. */
quern_status quern__exchange_take(quern__exchange *exchange);

/* Whether they are there, for the caller to read and write; with `wait`, once they are. */
quern_status quern__exchange_taken(quern__exchange *exchange, bool wait, bool *taken);

/* Queues their way back. */
quern_status quern__exchange_put(quern__exchange *exchange);

#endif
