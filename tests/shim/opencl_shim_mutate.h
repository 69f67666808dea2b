/* Mutation of kernels: programs are built from sources in which one text is replaced. Reached
 * through dlsym. */
#ifndef QUERN_TESTS_OPENCL_SHIM_MUTATE_H
#define QUERN_TESTS_OPENCL_SHIM_MUTATE_H

#include <stddef.h>

/* From now on the first `from` in a program's source becomes `to`; NULL: sources are unchanged. The
 * strings must stay valid. */
void quern_shim_mutate(const char *from, const char *to);

/* Programs with such a change since then, and the most occurrences of `from` in one. */
size_t quern_shim_mutants(size_t *places);

/* For the shim: the changed source, which the caller frees; NULL if nothing changes, or without
 * memory. */
char *quern_shim_mutated(size_t count, const char **strings, const size_t *lengths);

#endif
