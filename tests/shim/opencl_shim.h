/* What tests ask of the library that stands in for the OpenCL loader. It is reached through dlsym.
 */
#ifndef QUERN_TESTS_OPENCL_SHIM_H
#define QUERN_TESTS_OPENCL_SHIM_H

#include <stdbool.h>
#include <stddef.h>

/* OpenCL objects alive: created or retained, and not released as often. An object released too
 * often counts too. */
size_t quern_shim_live(void);

/* The same by type, for people: "contexts 1, queues 1, buffers 0, …". */
void quern_shim_describe(char *text, size_t size);

/* Bytes of all buffers created so far, freed or not; without those that are to be the host's
 * memory. */
size_t quern_shim_allocated(void);

/* Whether devices say that they have memory of their own, whatever they have. */
void quern_shim_set_discrete(bool discrete);

/* Programs made from source so far. */
size_t quern_shim_sources(void);

#endif
