/* Every op with each of its tensors more than 2^32 elements into its buffer. Memory that nobody
 * touches is none: a buffer takes as much as the tensor in it. */
#include "op_check.h"

#include <sys/mman.h>

/* Of floats and of bytes: 2^34 bytes, and some more, so that a place that wraps is none that begins
 * with a page. */
static const size_t far = ((size_t)1 << 34) + 4 * 1003;

/* Whether the system promises so much memory. PoCL ends a process that gets none for a buffer. */
static bool is_promised(size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory != MAP_FAILED && munmap(memory, bytes) == 0;
}

static void test_all(void **state) {
  (void)state;
  if (!is_promised(far + far / 16)) {
    print_message("no addresses for buffers of %zu bytes\n", far);
    skip();
  }
  test_rig rig;
  test_rig_open(&rig, 0);
  rig.verify.far = far;
  rig.verify.small = true;
  rig.verify.few = true;
  rig.verify.once = true;
  for (size_t i = 0; i < quern__sweep_count; i++) {
    const quern__sweep *sweep = &quern__sweeps[i];
    if (sweep->what == QUERN__SWEEP_NETWORK) continue; /* their buffers are made by plans */
    rig.verify.outcome = (quern__outcome){.cases = 0};
    const quern_status status = sweep->run(&rig.verify);
    const quern__outcome *outcome = &rig.verify.outcome;
    if (status == QUERN_ERROR_UNSUPPORTED && outcome->cases == 1)
      continue; /* an op that is optional */
    if (outcome->wrong > 0)
      fail_msg("%s: %zu of %zu cases are wrong; the first: %s", sweep->name, outcome->wrong,
               outcome->cases, outcome->why);
    assert_ok(status);
    assert_true(outcome->cases > 0);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_all)};
  return cmocka_run_group_tests_name("large/offsets", tests, NULL, NULL);
}
