/* The OpenCL backend's table. */
#include "state.h"

bool quern__opencl_found(void) {
  char why[320];
  return quern__cl_load(why, sizeof why);
}

const quern_backend quern__opencl_backend = {
    .size = sizeof(quern_backend),
    .name = "opencl",
    .enumerate = quern__cl_enumerate,
    .open = quern__cl_open,
    .close = quern__cl_close,
    .build_log = quern__cl_build_log,
    .buffer_create = quern__cl_buffer_create,
    .buffer_free = quern__cl_buffer_free,
    .buffer_write = quern__cl_buffer_write,
    .buffer_read = quern__cl_buffer_read,
    .buffer_copy = quern__cl_buffer_copy,
    .buffer_fill = quern__cl_buffer_fill,
    .finish = quern__cl_finish,
    .steps_create = quern__cl_fused_steps_create,
    .steps_free = quern__cl_fused_steps_free,
    .steps_run = quern__cl_fused_steps_run,
    .updates_in_one_pass = quern__cl_updates_in_one_pass,
    .staging_create = quern__cl_staging_create,
    .staging_free = quern__cl_staging_free,
    .staging_begin = quern__cl_staging_begin,
    .staging_send = quern__cl_staging_send,
    .staging_release = quern__cl_staging_release,
    .exchange_create = quern__cl_exchange_create,
    .exchange_free = quern__cl_exchange_free,
    .exchange_take = quern__cl_exchange_take,
    .exchange_taken = quern__cl_exchange_taken,
    .exchange_put = quern__cl_exchange_put,
// clang-format off
#define MEMBER(op, type, need, kind, name) .op = quern__cl_##op,
    QUERN_OPS(MEMBER)
#undef MEMBER
    // clang-format on
};
