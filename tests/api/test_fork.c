/* fork(): in a child, objects that its parent opened on OpenCL fail with an error, the reference
 * works, and the parent continues. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: the error, or NULL. cmocka belongs to the parent. */
static const char *look_around(quern_context *context, quern_buffer *buffer,
                               quern_device_list *list) {
  float value = 0.0f;
  quern_context *fresh = NULL;
  if (quern_fill(context, 1.0f, quern_vector(buffer, 0, 4)) != QUERN_ERROR_FORKED)
    return "an op was not refused";
  if (strstr(quern_last_error(), "fork") == NULL) return "the message does not say fork";
  if (quern_buffer_read(buffer, 0, sizeof value, &value, QUERN_WAIT) != QUERN_ERROR_FORKED)
    return "a read was not refused";
  if (quern_context_finish(context) != QUERN_ERROR_FORKED) return "finish was not refused";
  if (quern_context_create_on(quern_device_list_at(list, 0), &fresh) != QUERN_ERROR_FORKED ||
      fresh != NULL)
    return "a context on the parent's device was not refused";
  if (quern_context_create("0", &fresh) != QUERN_ERROR_FORKED || fresh != NULL)
    return "a new context was not refused";
  quern_buffer_free(buffer);
  quern_context_free(context);
  quern_device_list_free(list);
  if (quern_context_create("reference", &fresh) != QUERN_OK) return "no context on the reference";
  if (quern_buffer_create(fresh, 16, &buffer) != QUERN_OK ||
      quern_fill(fresh, 3.0f, quern_vector(buffer, 0, 4)) != QUERN_OK ||
      quern_buffer_read(buffer, 0, sizeof value, &value, QUERN_WAIT) != QUERN_OK || value != 3.0f)
    return "the reference does not work";
  quern_buffer_free(buffer);
  quern_context_free(fresh);
  return NULL;
}

static void test_child(void **state) {
  (void)state;
  quern_device_list *list;
  quern_context *context;
  quern_buffer *buffer;
  assert_ok(quern_device_list_create(&list));
  assert_ok(quern_context_create_on(quern_device_list_at(list, 0), &context));
  quern_device_info info;
  quern_context_describe(context, &info);
  assert_string_equal(info.backend, "opencl");
  assert_ok(quern_buffer_create(context, 16, &buffer));
  fflush(NULL);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(30); /* a hang is a failure */
    const char *wrong = look_around(context, buffer, list);
    if (wrong != NULL)
      fprintf(stderr, "in the child: %s; quern_last_error: %s\n", wrong, quern_last_error());
    _exit(wrong != NULL);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);

  float value = 0.0f;
  assert_ok(quern_fill(context, 5.0f, quern_vector(buffer, 0, 4)));
  assert_ok(quern_buffer_read(buffer, 0, sizeof value, &value, QUERN_WAIT));
  assert_true(value == 5.0f);
  quern_buffer_free(buffer);
  quern_context_free(context);
  quern_device_list_free(list);
}

/* Forked before its parent opens a device, a child can use OpenCL. */
static void test_forked_first(void **state) {
  (void)state;
  fflush(NULL);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    alarm(60);
    quern_context *context;
    quern_buffer *buffer;
    float value = 0.0f;
    const bool right = quern_context_create("0", &context) == QUERN_OK &&
                       quern_buffer_create(context, 16, &buffer) == QUERN_OK &&
                       quern_fill(context, 7.0f, quern_vector(buffer, 0, 4)) == QUERN_OK &&
                       quern_buffer_read(buffer, 0, sizeof value, &value, QUERN_WAIT) == QUERN_OK &&
                       value == 7.0f;
    if (!right) fprintf(stderr, "in the child: %s\n", quern_last_error());
    _exit(!right);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_forked_first), QUERN_TEST(test_child)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
