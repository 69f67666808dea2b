/* Every op with each of its tensors more than 2^32 elements into its buffer. Untouched memory is
 * not used, so a buffer needs only the memory of its tensor. */
#include "op_check.h"

#include <sys/mman.h>

/* Bytes of the offset, for floats and bytes: 2^34 and some more, so that an offset that wraps is
 * not at the start of a page. */
static const size_t far = ((size_t)1 << 34) + 4 * 1003;

/* True if the system grants so much memory. PoCL ends a process if it gets none for a buffer. */
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
  rig.verify.prefix_bytes = far;
  rig.verify.small = true;
  rig.verify.few = true;
  rig.verify.once = true;
  for (size_t i = 0; i < quern__sweep_count; i++) {
    const quern__sweep *sweep = &quern__sweeps[i];
    if (sweep->what == QUERN__SWEEP_NETWORK) continue; /* plans create their buffers */
    rig.verify.outcome = (quern__outcome){.cases = 0};
    const quern_status status = sweep->run(&rig.verify);
    const quern__outcome *outcome = &rig.verify.outcome;
    if (status == QUERN_ERROR_UNSUPPORTED && outcome->cases == 1) continue; /* an optional op */
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
