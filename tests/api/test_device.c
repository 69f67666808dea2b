/* The device list, and choosing a device by a text. On PoCL, the driver offers two devices. */
#include "test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture {
  quern_device_list *list;
  const quern_device *reference;
  size_t opencl_devices;
} fixture;

static int setup(void **state) {
  static fixture f;
  memset(&f, 0, sizeof f);
  if (quern_device_list_create(&f.list) != QUERN_OK) return -1;
  f.opencl_devices = quern_device_list_count(f.list) - 1;
  f.reference = quern_device_list_at(f.list, f.opencl_devices);
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  quern_device_list_free(((fixture *)*state)->list);
  return test_teardown(state);
}

static quern_device_info info_of(const quern_device *device) {
  quern_device_info info;
  quern_device_describe(device, &info);
  return info;
}

static const quern_device *find(const fixture *f, const char *text) {
  const quern_device *device;
  assert_ok(quern_device_list_find(f->list, text, &device));
  return device;
}

static void assert_none(const fixture *f, const char *text, const char *why) {
  const quern_device *device = f->reference;
  assert_fails(quern_device_list_find(f->list, text, &device), QUERN_ERROR_NO_DEVICE, text, why,
               "reference");
  assert_null(device);
}

static void test_list(void **state) {
  const fixture *f = *state;
  for (size_t i = 0; i <= f->opencl_devices; i++) {
    const quern_device_info info = info_of(quern_device_list_at(f->list, i));
    assert_string_equal(info.backend, i < f->opencl_devices ? "opencl" : "reference");
    assert_true(strlen(info.name) > 0 && strlen(info.platform) > 0);
    assert_true(info.compute_units > 0);
    assert_true((i < f->opencl_devices) == (info.kind != QUERN_DEVICE_REFERENCE));
    if (i < f->opencl_devices)
      assert_true(info.memory > 0 && strncmp(info.version, "OpenCL ", 7) == 0);
  }
  assert_null(quern_device_list_at(f->list, f->opencl_devices + 1));
  assert_null(quern_device_list_at(f->list, SIZE_MAX));
  if (f->opencl_devices > 0)
    assert_string_equal(quern_device_list_note(f->list), "");
  else
    assert_string_not_equal(quern_device_list_note(f->list), "");
}

static void test_reference_by_name(void **state) {
  const fixture *f = *state;
  assert_ptr_equal(find(f, "reference"), f->reference);
  assert_ptr_equal(find(f, "Reference"), f->reference);
}

static void test_by_index(void **state) {
  const fixture *f = *state;
  static const char *const texts[] = {"0", "1", "2"};
  for (size_t i = 0; i <= f->opencl_devices && i < 3; i++)
    assert_ptr_equal(find(f, texts[i]), quern_device_list_at(f->list, i));
  assert_none(f, "99", "no device matches");
  assert_none(f, "-1", "no device matches");
  assert_none(f, "0x", "no device matches");
  assert_none(f, "99999999999999999999999999", "no device matches");
}

static void test_by_platform_and_index(void **state) {
  const fixture *f = *state;
  assert_none(f, "77:0", "no device matches");
  assert_none(f, "0:77", "no device matches");
  assert_none(f, "0:", "no device matches");
  assert_none(f, "0:0:0", "no device matches");
  /* The reference has no platform, not even under a number that overflows. */
  assert_none(f, "18446744073709551615:0", "no device matches");
  assert_none(f, "99999999999999999999999999:0", "no device matches");
  for (size_t i = 0; i < f->opencl_devices; i++) {
    const quern_device_info info = info_of(quern_device_list_at(f->list, i));
    char text[64];
    snprintf(text, sizeof text, "%zu:%zu", info.platform_index, info.device_index);
    assert_ptr_equal(find(f, text), quern_device_list_at(f->list, i));
  }
}

static void test_by_part_of_a_name(void **state) {
  const fixture *f = *state;
  assert_none(f, "no such device", "no device matches");
  if (f->opencl_devices == 0) {
    print_message("no OpenCL device: names are not tried\n");
    return;
  }
  const quern_device *first = quern_device_list_at(f->list, 0);
  const quern_device_info info = info_of(first);
  if (f->opencl_devices == 1) {
    assert_ptr_equal(find(f, info.platform), first);
    return;
  }
  assert_none(f, info.platform, "several devices match");
  /* The names of PoCL's devices differ in their first word. */
  for (size_t i = 0; i < 2; i++) {
    const quern_device *device = quern_device_list_at(f->list, i);
    char *part = strdup(info_of(device).name + 1);
    assert_non_null(part);
    assert_ptr_equal(find(f, part), device);
    for (char *c = part; *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
    assert_ptr_equal(find(f, part), device);
    free(part);
  }
}

/* Without a text: QUERN_DEVICE, then the best device. */
static void test_default(void **state) {
  const fixture *f = *state;
  const quern_device *best = find(f, "auto");
  for (size_t i = 0; i <= f->opencl_devices; i++)
    assert_true(info_of(best).kind <= info_of(quern_device_list_at(f->list, i)).kind);
  assert_int_equal(unsetenv("QUERN_DEVICE"), 0);
  assert_ptr_equal(find(f, NULL), best);
  assert_int_equal(setenv("QUERN_DEVICE", "", 1), 0);
  assert_ptr_equal(find(f, NULL), best);
  assert_int_equal(setenv("QUERN_DEVICE", "reference", 1), 0);
  assert_ptr_equal(find(f, NULL), f->reference);
  assert_ptr_equal(find(f, ""), f->reference);
  assert_ptr_equal(find(f, "auto"), best);
  quern_context *context;
  assert_ok(quern_context_create(NULL, &context));
  quern_device_info info;
  quern_context_describe(context, &info);
  assert_int_equal(info.kind, QUERN_DEVICE_REFERENCE);
  quern_context_free(context);
  assert_int_equal(setenv("QUERN_DEVICE", "no such device", 1), 0);
  assert_fails(quern_context_create(NULL, &context), QUERN_ERROR_NO_DEVICE, "no such device");
  assert_null(context);
  assert_int_equal(unsetenv("QUERN_DEVICE"), 0);
}

/* The devices that a text names; the caller frees them. */
static const quern_device **find_all(const fixture *f, const char *text, size_t *count) {
  const quern_device **devices = calloc(f->opencl_devices + 1, sizeof *devices);
  assert_non_null(devices);
  assert_ok(quern_device_list_find_all(f->list, text, devices, count));
  return devices;
}

static void assert_found(const fixture *f, const char *text, const quern_device *const *expected,
                         size_t expected_count) {
  size_t count;
  const quern_device **devices = find_all(f, text, &count);
  assert_int_equal(count, expected_count);
  for (size_t i = 0; i < count; i++) assert_ptr_equal(devices[i], expected[i]);
  free(devices);
}

static void test_all(void **state) {
  const fixture *f = *state;
  size_t count;
  const quern_device **devices = find_all(f, "all", &count);
  for (size_t i = 0; i < count; i++) {
    const quern_device_kind kind = info_of(devices[i]).kind;
    assert_true(kind == QUERN_DEVICE_GPU || kind == QUERN_DEVICE_CPU || count == 1);
  }
  assert_found(f, "ALL", devices, count);
  free(devices);
  assert_int_equal(setenv("QUERN_DEVICE", "reference", 1), 0);
  assert_found(f, NULL, &f->reference, 1);
  assert_found(f, "", &f->reference, 1);
  assert_int_equal(unsetenv("QUERN_DEVICE"), 0);
  const quern_device *best = find(f, "auto");
  assert_found(f, NULL, &best, 1);
}

static void test_several(void **state) {
  const fixture *f = *state;
  assert_found(f, "reference", &f->reference, 1);
  const quern_device **devices = calloc(f->opencl_devices + 1, sizeof *devices);
  assert_non_null(devices);
  size_t count = 0;
#define REFUSES(text, status, ...)                                                                 \
  assert_fails(quern_device_list_find_all(f->list, text, devices, &count), status, __VA_ARGS__);   \
  assert_int_equal(count, 0)
  REFUSES("reference,reference", QUERN_ERROR_ARGUMENT, "device 'reference,reference'",
          "'reference' is 'reference'", "once");
  REFUSES("reference,", QUERN_ERROR_NO_DEVICE, "device 'reference,'", "a name is empty");
  REFUSES(",reference", QUERN_ERROR_NO_DEVICE, "a name is empty");
  REFUSES("reference,,0", QUERN_ERROR_NO_DEVICE, "a name is empty");
  REFUSES("reference,nonsense", QUERN_ERROR_NO_DEVICE, "device 'nonsense': no device matches");
  REFUSES("all,reference", QUERN_ERROR_NO_DEVICE, "device 'all': no device matches");
  REFUSES("99", QUERN_ERROR_NO_DEVICE, "device '99': no device matches");
  if (f->opencl_devices > 1) {
    const quern_device *first = quern_device_list_at(f->list, 0);
    char text[600];
    assert_found(
        f, "1,reference,0",
        (const quern_device *const[]){quern_device_list_at(f->list, 1), f->reference, first}, 3);
    REFUSES(info_of(first).platform, QUERN_ERROR_NO_DEVICE, "several devices match");
    snprintf(text, sizeof text, "reference,%s", info_of(first).name);
    assert_found(f, text, (const quern_device *const[]){f->reference, first}, 2);
  }
  free(devices);
}

static void test_arguments(void **state) {
  const fixture *f = *state;
  const quern_device *device;
  assert_fails(quern_device_list_create(NULL), QUERN_ERROR_ARGUMENT, "device list");
  assert_fails(quern_device_list_find(NULL, "auto", &device), QUERN_ERROR_ARGUMENT, "device");
  assert_fails(quern_device_list_find(f->list, "auto", NULL), QUERN_ERROR_ARGUMENT, "device");
  size_t count = 7;
  assert_fails(quern_device_list_find_all(NULL, "all", &device, &count), QUERN_ERROR_ARGUMENT,
               "device");
  assert_int_equal(count, 0);
  assert_fails(quern_device_list_find_all(f->list, "all", NULL, &count), QUERN_ERROR_ARGUMENT,
               "device");
  assert_fails(quern_device_list_find_all(f->list, "all", &device, NULL), QUERN_ERROR_ARGUMENT,
               "device");
  quern_device_list_free(NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
  setenv("POCL_DEVICES", "pthread basic", 1);
  const struct CMUnitTest tests[] = {
      TEST(test_list),
      TEST(test_reference_by_name),
      TEST(test_by_index),
      TEST(test_default),
      TEST(test_by_platform_and_index),
      TEST(test_by_part_of_a_name),
      TEST(test_arguments),
      TEST(test_all),
      TEST(test_several),
  };
  return cmocka_run_group_tests_name("api/device", tests, NULL, NULL);
}
