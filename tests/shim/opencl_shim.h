/* Functions of the shim that tests call, through dlsym. */
#ifndef QUERN_TESTS_OPENCL_SHIM_H
#define QUERN_TESTS_OPENCL_SHIM_H

#include <stdbool.h>
#include <stddef.h>

/* Live OpenCL objects: created or retained, and not released as often. An object that is released
 * too often counts too. */
size_t quern_shim_live(void);

/* The same by type, as text: "contexts 1, queues 1, buffers 0, …". */
void quern_shim_describe(char *text, size_t size);

/* Bytes of all buffers created so far, freed or not, except those in the host's memory. */
size_t quern_shim_allocated(void);

/* Makes devices report memory of their own, or none. */
void quern_shim_set_discrete(bool discrete);

/* Programs created from source so far. */
size_t quern_shim_sources(void);

#endif
