/* Holds an op on an OpenCL device to the reference. */
#include "op_check.h"

#include "context.h"
#include "op_memory.h"
#include "opencl/state.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* QUERN_TEST_TUNING names a kind of device, or a GPU's platform: kernels are then built with the parameters of that. */
static void use_other_tuning(quern_context *context, quern_device_info info) {
  const char *wanted = getenv("QUERN_TEST_TUNING");
  if (wanted == NULL) return;
  static const struct {
    const char *name, *platform;
    quern_device_kind kind;
  } others[] = {
      {"gpu", "", QUERN_DEVICE_GPU},
      {"nvidia", "NVIDIA CUDA", QUERN_DEVICE_GPU},
      {"amd", "AMD Accelerated Parallel Processing", QUERN_DEVICE_GPU},
      {"intel", "Intel(R) OpenCL Graphics", QUERN_DEVICE_GPU},
      {"cpu", "", QUERN_DEVICE_CPU},
      {"emulator", "", QUERN_DEVICE_EMULATOR},
  };
  quern__cl *cl = context->state;
  quern__cl_limits limits;
  assert_ok(quern__cl_limits_of(cl->device, info.name, &limits));
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (strcmp(wanted, others[i].name) != 0) continue;
    info.kind = others[i].kind;
    info.platform = others[i].platform;
    const quern__cl_tuning *tuning = quern__cl_tuning_find(&info, limits);
    /* Each platform that is named has a row of its own; only a device too small for it gets another. */
    if (tuning->any_kind != (info.kind == QUERN_DEVICE_EMULATOR) ||
        (tuning->pattern[0] == '\0') != (info.platform[0] == '\0'))
      fail_msg("this device cannot run the row of %s", wanted);
    cl->tuning = *tuning;
    return;
  }
  fail_msg("QUERN_TEST_TUNING is '%s', expected gpu, nvidia, amd, intel, cpu or emulator", wanted);
}

void test_rig_open(test_rig *rig, uint32_t first_stream) {
  memset(rig, 0, sizeof *rig);
  rig->random.stream = first_stream;
  rig->slow = getenv("QUERN_TEST_SLOW_DEVICE") != NULL;
  rig->short_loops = getenv("QUERN_TEST_SHORT_LOOPS") != NULL;
  quern_device_list *list;
  assert_ok(quern_device_list_create(&list));
  const quern_device *device = quern_device_list_at(list, 0);
  quern_device_info info;
  quern_device_describe(device, &info);
  if (strcmp(info.backend, "opencl") != 0) {
    print_error("no OpenCL device: %s\n", quern_device_list_note(list));
    fail();
  }
  assert_ok(quern_context_create_on(device, &rig->device));
  use_other_tuning(rig->device, info);
  quern_device_list_free(list);
  assert_ok(quern_context_create("reference", &rig->reference));
}

void test_rig_close(test_rig *rig) {
  quern_context_free(rig->device);
  quern_context_free(rig->reference);
}

test_random *test_rig_next(test_rig *rig) {
  rig->random.stream++;
  rig->random.index = 0;
  return &rig->random;
}

void test_op_operand(test_op *op, size_t index, const char *name, test_role role, test_type type, size_t rows,
                     size_t columns, void *values) {
  assert_true(index < TEST_MAX_OPERANDS);
  op->operands[index] = (test_operand){
      .name = name, .role = role, .type = type, .rows = rows, .columns = columns, .values = values};
}

static bool is_output(const test_operand *operand) {
  return operand->role == TEST_OUT || operand->role == TEST_INOUT;
}

static size_t count_of(const test_operand *operand) {
  return operand->rows * operand->columns;
}

/* What one run left in the outputs; NULL for the other operands. */
typedef struct run_result {
  void *outputs[TEST_MAX_OPERANDS];
} run_result;

static void free_result(run_result *result) {
  for (size_t i = 0; i < TEST_MAX_OPERANDS; i++) free(result->outputs[i]);
}

/* The fault is reported by the first waiting call and by no later one. */
static void check_report(const test_op *op, quern_context *context) {
  if (op->complaint != NULL) assert_fails(quern_context_finish(context), QUERN_ERROR_DATA, op->complaint);
  assert_ok(quern_context_finish(context));
}

typedef enum run_flags { AS_IT_IS = 0, SHARED = 1, MAGNITUDES = 2 } run_flags;

static run_result run(quern_context *context, const test_op *op, test_random *random, run_flags flags) {
  test_memory memory[TEST_MAX_OPERANDS];
  quern_tensor tensors[TEST_MAX_OPERANDS];
  run_result result = {{NULL}};
  for (size_t i = 0; i < TEST_MAX_OPERANDS; i++) {
    const test_operand *operand = &op->operands[i];
    if ((flags & SHARED) && operand->same_as != 0) {
      tensors[i] = tensors[operand->same_as - 1];
      continue;
    }
    test_memory_create(&memory[i], context, operand, random, (flags & MAGNITUDES) != 0);
    tensors[i] = memory[i].tensor;
  }
  quern_status status = (flags & MAGNITUDES ? op->magnitude : op->call)(context, tensors, op->arguments);
  if (status != QUERN_OK) print_error("%s\n", op->title);
  assert_ok(status);
  check_report(op, context);
  for (size_t i = 0; i < TEST_MAX_OPERANDS; i++) {
    const test_operand *operand = &op->operands[i];
    const bool shared = (flags & SHARED) && operand->same_as != 0;
    bool overwritten = false;
    for (size_t j = 0; (flags & SHARED) && j < TEST_MAX_OPERANDS; j++)
      overwritten = overwritten || op->operands[j].same_as == i + 1;
    test_memory *from = &memory[shared ? operand->same_as - 1 : i];
    if (is_output(operand)) result.outputs[i] = test_memory_read(from);
    if (!shared) test_memory_check(from, op->title, operand, is_output(operand) || overwritten);
    if (operand->role == TEST_OUT && !shared) test_memory_check_written(from, op->title, operand);
  }
  for (size_t i = 0; i < TEST_MAX_OPERANDS; i++)
    if (!((flags & SHARED) && op->operands[i].same_as != 0)) test_memory_free(&memory[i]);
  return result;
}

/* Bit for bit, the sign of zero and the payload of a NaN included. */
static void check_same_bits(const test_op *op, const run_result *a, const run_result *b) {
  for (size_t i = 0; i < TEST_MAX_OPERANDS; i++) {
    const test_operand *operand = &op->operands[i];
    if (a->outputs[i] == NULL) continue;
    if (memcmp(a->outputs[i], b->outputs[i], count_of(operand) * test_type_bytes(operand->type)) == 0)
      continue;
    print_error("%s: %s is not the same bits in two runs\n", op->title, operand->name);
    fail();
  }
}

static void check_whole(const test_op *op, const test_operand *operand, const int32_t *got,
                        const int32_t *expected) {
  for (size_t i = 0; i < count_of(operand); i++) {
    if (got[i] == expected[i]) continue;
    print_error("%s: %s[%zu,%zu] is %d, expected %d\n", op->title, operand->name, i / operand->columns,
                i % operand->columns, (int)got[i], (int)expected[i]);
    fail();
  }
}

static void check_values(const test_op *op, const run_result *got, const run_result *expected,
                         const run_result *magnitudes) {
  for (size_t i = 0; i < TEST_MAX_OPERANDS; i++) {
    const test_operand *operand = &op->operands[i];
    if (got->outputs[i] == NULL) continue;
    if (operand->type == TEST_FLOAT) {
      test_bound bound = op->bound;
      bound.magnitude = magnitudes->outputs[i] != NULL ? magnitudes->outputs[i] : operand->magnitude;
      bound.nans = operand->nans;
      test_assert_close(op->title, operand->name, got->outputs[i], expected->outputs[i], count_of(operand),
                        operand->columns, bound);
    } else {
      check_whole(op, operand, got->outputs[i], expected->outputs[i]);
    }
  }
}

/* Each case has the device pretend to another number of compute units, which decides how a product is
 * divided: on a GPU row, which of its tiles is taken. */
static void change_units(test_rig *rig) {
  static const size_t units[] = {1, 256, 4, 32};
  quern__cl *cl = rig->device->state;
  cl->compute_units = units[rig->cases++ % (sizeof units / sizeof *units)];
}

void test_op_check(test_rig *rig, test_op *op) {
  change_units(rig);
  test_random *random = test_rig_next(rig);
  run_result expected = run(rig->reference, op, random, AS_IT_IS);
  run_result shared = run(rig->reference, op, random, SHARED);
  check_same_bits(op, &shared, &expected);
  run_result magnitudes = {{NULL}};
  if (op->magnitude != NULL) magnitudes = run(rig->reference, op, random, MAGNITUDES);
  run_result got = run(rig->device, op, random, SHARED);
  run_result again = run(rig->device, op, random, SHARED);
  check_values(op, &got, &expected, &magnitudes);
  check_same_bits(op, &got, &again);
  free_result(&expected);
  free_result(&shared);
  free_result(&magnitudes);
  free_result(&got);
  free_result(&again);
  for (size_t i = 0; i < TEST_MAX_OPERANDS; i++) {
    free(op->operands[i].values);
    free(op->operands[i].magnitude);
  }
}
