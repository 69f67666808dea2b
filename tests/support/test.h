/* Included by every test: cmocka, quern, and shared checks.
 *
 *   static void test_something(void **state) { assert_ok(quern_…(…)); }
 *   int main(void) {
 *     const struct CMUnitTest tests[] = {QUERN_TEST(test_something)};
 *     return cmocka_run_group_tests(tests, NULL, NULL);
 *   } */
#ifndef QUERN_TESTS_TEST_H
#define QUERN_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <quern/quern.h>

/* A test that must not leave OpenCL objects alive. */
#define QUERN_TEST(function) cmocka_unit_test_teardown(function, test_teardown)

/* Fails if an OpenCL object is alive, or if OpenCL was reached without the shim. Outside ctest, it
 * prints that nothing is counted. */
int test_teardown(void **state);

/* The call returns QUERN_OK; otherwise the failure shows quern_last_error(). */
#define assert_ok(call) test_assert_ok((call), #call, __FILE__, __LINE__)
void test_assert_ok(quern_status status, const char *call, const char *file, int line);

/* The call fails with this status, and quern_last_error() is one line that has each of the
 * parts. */
#define assert_fails(call, status, ...)                                                            \
  test_assert_fails((call), (status), #call, __FILE__, __LINE__,                                   \
                    (const char *const[]){__VA_ARGS__, NULL})
void test_assert_fails(quern_status got, quern_status expected, const char *call, const char *file,
                       int line, const char *const *parts);

/* Bytes of all OpenCL buffers created so far; only if QUERN_TEST_SHIM is set. */
size_t test_allocated(void);

/* Makes OpenCL devices report memory of their own; false without the shim. */
bool test_set_discrete(bool discrete);

/* malloc(count · size) that fails the test instead of returning NULL. */
void *test_alloc(size_t count, size_t size);

#endif
