/* Sizes beyond the available memory fail with the numbers before anything is allocated: by the
 * system's files, by a device's limits, for networks, plans and trainers. */
#include "../data/temporary.h"
#include "base/memory.h"
#include "device/context.h"
#include "plain_options.h"
#include "test.h"

#include <inttypes.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char root[1024];

/* A file below the folder that stands for "/". */
static void put(const char *path, const char *text) {
  char whole[2048];
  snprintf(whole, sizeof whole, "%s%s", root, path);
  for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash != NULL;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    (void)mkdir(whole, 0700);
    *slash = '/';
  }
  FILE *file = fopen(whole, "w");
  assert_non_null(file);
  fputs(text, file);
  assert_int_equal(fclose(file), 0);
}

/* Removes the files that `put` made. */
static void clear(void) {
  char command[2 * sizeof root + 64];
  snprintf(command, sizeof command, "rm -rf '%s'/proc '%s'/sys", root, root);
  assert_int_equal(system(command), 0);
}

static int make_root(void **state) {
  if (make_temporary_folder(state) != 0) return -1;
  const char *folder = path_of("");
  snprintf(root, sizeof root, "%.*s", (int)strlen(folder) - 1, folder);
  return 0;
}

static int remove_root(void **state) {
  return test_teardown(state) != 0 || remove_temporary_folder(state) != 0;
}

static void the_machine(void **state) {
  (void)state;
  assert_true(quern__memory_machine(root) == UINT64_MAX); /* missing files */
  put("/proc/meminfo", "MemTotal:       24684096 kB\nMemFree: 1 kB\n");
  assert_true(quern__memory_machine(root) == UINT64_MAX); /* a kernel that does not report it */
  put("/proc/meminfo",
      "MemTotal:       24684096 kB\nMemAvailable:       1000 kB\nSwapFree:   24 kB\n");
  assert_true(quern__memory_machine(root) == 1024 * 1024);
  put("/proc/meminfo", "");
  assert_true(quern__memory_machine(root) == UINT64_MAX);
  clear();
}

static void control_groups(void **state) {
  (void)state;
  assert_true(quern__memory_groups(root) == UINT64_MAX);
  put("/proc/self/cgroup", "0::/a/b\n");
  assert_true(quern__memory_groups(root) == UINT64_MAX);
  put("/sys/fs/cgroup/a/b/memory.max", "max\n");
  assert_true(quern__memory_groups(root) == UINT64_MAX);
  put("/sys/fs/cgroup/a/b/memory.max", "1000\n");
  assert_true(quern__memory_groups(root) == 1000);
  put("/sys/fs/cgroup/a/b/memory.current", "900\n");
  assert_true(quern__memory_groups(root) == 100);
  put("/sys/fs/cgroup/a/b/memory.stat", "anon 600\ninactive_file 200\nactive_file 50\n");
  assert_true(quern__memory_groups(root) == 350);
  put("/sys/fs/cgroup/a/memory.max", "300\n"); /* the enclosing group's limit counts too */
  assert_true(quern__memory_groups(root) == 300);
  put("/sys/fs/cgroup/a/memory.current", "400\n");
  assert_true(quern__memory_groups(root) == 0);
  clear();
  put("/proc/self/cgroup", "9:name=systemd:/memory\n4:cpu,memory:/job\n2:memoryless:/no\n");
  put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "5000\n");
  put("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "1000\n");
  assert_true(quern__memory_groups(root) == 4000);
  put("/proc/self/cgroup", "no colons\n");
  assert_true(quern__memory_groups(root) == UINT64_MAX);
  clear();
}

/* Under `ulimit -v`, in a process of its own. */
static void address_space(void **state) {
  (void)state;
#if defined(__SANITIZE_ADDRESS__)
  skip(); /* a sanitizer's shadow memory takes terabytes of it */
#endif
  const uint64_t before = quern__memory_available();
  assert_true(before > 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    const struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
    const bool good = setrlimit(RLIMIT_AS, &limit) == 0 && quern__memory_available() < (uint64_t)1
                                                                                           << 30;
    _exit(good ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void checks(void **state) {
  (void)state;
  quern_device_info info = {
      .kind = QUERN_DEVICE_GPU, .name = "a device", .memory = 1000, .max_allocation = 600};
  quern__demand demand = {"plan", "take less", 1000};
  assert_ok(quern__memory_check_device(&info, &demand));
  assert_int_equal(quern__memory_check_buffer(&info, &demand), QUERN_ERROR_OUT_OF_DEVICE_MEMORY);
  assert_error_says(
      "plan: needs 1000 bytes in one buffer of a device, which allows at most 600: take less",
      NULL);
  demand.bytes = 1001;
  assert_int_equal(quern__memory_check_device(&info, &demand), QUERN_ERROR_OUT_OF_DEVICE_MEMORY);
  assert_error_says("plan: needs 1001 bytes of a device, which has 1000: take less", NULL);
  info.memory = info.max_allocation = 0; /* unknown */
  demand.bytes = SIZE_MAX;
  assert_ok(quern__memory_check_device(&info, &demand));
  assert_ok(quern__memory_check_buffer(&info, &demand));
  info.kind = QUERN_DEVICE_CPU;
  assert_int_equal(quern__memory_check_device(&info, &demand), QUERN_ERROR_OUT_OF_DEVICE_MEMORY);
  assert_error_says("of the host's memory, which a device shares and of which",
                    "are available: take less", NULL);
  assert_int_equal(quern__memory_check_host(&demand), QUERN_ERROR_OUT_OF_MEMORY);
  assert_error_says("plan: needs 18446744073709551615 bytes of host memory, of which", NULL);
  demand.bytes = 1 << 20;
  assert_ok(quern__memory_check_host(&demand));
}

static void networks(void **state) {
  (void)state;
  const quern_layer layers[] = {quern_dense(2147483647, QUERN_ACTIVATION_RELU),
                                quern_dense(1000000, QUERN_ACTIVATION_IDENTITY)};
  const quern_layer past[] = {quern_dense((size_t)1 << 40, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network = (quern_network *)(uintptr_t)1;
  assert_int_equal(quern_network_create(10, layers, 2, QUERN_LOSS_CATEGORICAL, &network),
                   QUERN_ERROR_OUT_OF_MEMORY);
  assert_null(network);
  assert_error_says("network: ", " parameters: needs ", " bytes of host memory, of which",
                    "take fewer units", NULL);
  assert_int_equal(quern_network_create(10, past, 1, QUERN_LOSS_CATEGORICAL, &network),
                   QUERN_ERROR_SHAPE);
  assert_error_says("1099511627776 units, expected 1 to 2147483647", NULL);
  assert_int_equal(
      quern_network_create((size_t)1 << 40, layers, 2, QUERN_LOSS_CATEGORICAL, &network),
      QUERN_ERROR_SHAPE);
  assert_error_says("1099511627776 inputs, expected 1 to 2147483647", NULL);
}

/* A device with less memory than a plan, or than the rest of a training, needs. */
static void plans_and_trainers(void **state) {
  (void)state;
  static float values[64];
  static int32_t labels[64];
  const quern_layer layer = quern_dense(1000, QUERN_ACTIVATION_IDENTITY);
  quern_context *context;
  quern_network *network;
  quern_dataset *data;
  quern_plan *plan = NULL;
  quern_trainer *trainer = NULL;
  quern_train_options options = plain_train_options();
  size_t bytes;
  assert_ok(quern_context_create("reference", &context));
  assert_ok(quern_network_create(1, &layer, 1, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1));
  assert_ok(quern_dataset_from_floats(values, labels, 64, 1, &data));
  context->info.kind = QUERN_DEVICE_GPU;
  options.batch = 64;
  options.optimizer.kind = QUERN_OPTIMIZER_ADAM;
  assert_ok(quern_plan_bytes(network, 64, QUERN_PLAN_TRAINING, &bytes));
  context->info.memory = bytes - 1;
  assert_int_equal(quern_plan_create(context, network, 64, QUERN_PLAN_TRAINING, &plan),
                   QUERN_ERROR_OUT_OF_DEVICE_MEMORY);
  assert_null(plan);
  assert_error_says("plan: 2000 parameters and a batch of 64 samples: needs ",
                    "take fewer units or a smaller batch", NULL);
  context->info.memory = bytes;
  assert_ok(quern_plan_create(context, network, 64, QUERN_PLAN_TRAINING, &plan));
  quern_plan_free(plan);
  context->info.max_allocation = 64 * 1000 * sizeof(float) - 1;
  assert_int_equal(quern_plan_create(context, network, 64, QUERN_PLAN_TRAINING, &plan),
                   QUERN_ERROR_OUT_OF_DEVICE_MEMORY);
  assert_error_says("needs 256000 bytes in one buffer of ", "at most 255999", NULL);
  context->info.max_allocation = 0;

  assert_ok(quern_trainer_bytes(network, data, NULL, &options, &bytes));
  context->info.memory = bytes - 1;
  assert_int_equal(quern_trainer_create(context, network, data, NULL, &options, &trainer),
                   QUERN_ERROR_OUT_OF_DEVICE_MEMORY);
  assert_null(trainer);
  assert_error_says("train: 2000 parameters, the optimizer's state and the data: needs ", NULL);
  context->info.memory = 2 * bytes;
  assert_ok(quern_trainer_create(context, network, data, NULL, &options, &trainer));
  quern_trainer_free(trainer);
  quern_dataset_free(data);
  quern_network_free(network);
  quern_context_free(context);
}

/* On a device that uses the host's memory: more than the host has left. */
static void buffers(void **state) {
  (void)state;
  quern_context *context;
  quern_buffer *buffer;
  assert_ok(quern_context_create("reference", &context));
  context->info.memory = 0;
  assert_int_equal(quern_buffer_create(context, SIZE_MAX / 2, &buffer),
                   QUERN_ERROR_OUT_OF_DEVICE_MEMORY);
  assert_null(buffer);
  assert_error_says("buffer: needs 9223372036854775807 bytes of the host's memory", "are available",
                    NULL);
  quern_context_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_machine),   cmocka_unit_test(control_groups),
      cmocka_unit_test(address_space), cmocka_unit_test(checks),
      cmocka_unit_test(networks),      cmocka_unit_test(plans_and_trainers),
      cmocka_unit_test(buffers),
  };
  return cmocka_run_group_tests(tests, make_root, remove_root);
}
