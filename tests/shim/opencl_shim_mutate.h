/* Mutation of kernels: programs are built from a text in which one thing is another. Reached
 * through dlsym. */
#ifndef QUERN_TESTS_OPENCL_SHIM_MUTATE_H
#define QUERN_TESTS_OPENCL_SHIM_MUTATE_H

#include <stddef.h>

/* From now on the first `from` in the source of a program is `to`; NULL: programs are as they are.
 * The strings must stay. */
void quern_shim_mutate(const char *from, const char *to);

/* Programs that were made with such a change since then, and how often `from` stood in one at most.
 */
size_t quern_shim_mutants(size_t *places);

/* For the shim: the source changed, which the caller frees; NULL where nothing is to be changed, or
 * without memory. */
char *quern_shim_mutated(size_t count, const char **strings, const size_t *lengths);

#endif
