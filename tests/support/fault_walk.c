/* Implements fault_walk.h. */
#include "fault_walk.h"

#include "opencl/api.h"
#include "opencl_shim.h"
#include "opencl_shim_fault.h"
#include "opencl_shim_keep.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* X(result, name, parameters): the shim's functions. */
#define SHIM_FUNCTIONS(X)                                                                          \
  X(size_t, live, (void))                                                                          \
  X(void, describe, (char *, size_t))                                                              \
  X(void, keep, (bool))                                                                            \
  X(void, arm, (const quern_shim_fault *))                                                         \
  X(void, disarm, (void))                                                                          \
  X(size_t, calls, (void))                                                                         \
  X(size_t, spoiled, (void))                                                                       \
  X(const char *, first_spoiled, (void))                                                           \
  X(bool, is_blamed, (const char *))

static struct {
#define MEMBER(result, name, parameters) result(*name) parameters;
  SHIM_FUNCTIONS(MEMBER)
#undef MEMBER
} shim;
static size_t total;

static void find_shim(void) {
  const char *path = getenv("QUERN_TEST_SHIM");
  assert_non_null(path); /* ctest sets it */
  void *library = dlopen(path, RTLD_NOW);
  assert_non_null(library);
#define FIND(result, name, parameters)                                                             \
  *(void **)&shim.name = dlsym(library, "quern_shim_" #name);                                      \
  assert_non_null(*(void **)&shim.name);
  SHIM_FUNCTIONS(FIND)
#undef FIND
}

size_t fault_count(void) {
  return total;
}

static fault_place prepare(const fault_operation *self) {
  fault_place place = {0};
  assert_ok(quern_device_list_create(&place.list));
  assert_ok(quern_device_list_find(place.list, NULL, &place.device));
  if (!self->own_context) assert_ok(quern_context_create_on(place.device, &place.context));
  if (self->prepare != NULL) self->prepare(&place);
  return place;
}

static void undo(const fault_operation *self, fault_place *place) {
  if (self->undo != NULL) self->undo(place);
  quern_trainer_free(place->trainer);
  quern_plan_free(place->plan);
  quern_buffer_free(place->a);
  quern_buffer_free(place->b);
  quern_network_free(place->network);
  quern_network_free(place->other);
  quern_dataset_free(place->data);
  quern_context_free(place->context);
  quern_device_list_free(place->list);
}

static void expect(bool so, const fault_operation *self, const quern_shim_fault *fault,
                   const char *what) {
  if (so) return;
  print_error("%s: call %zu, kind %d, error %d, %s: %s\n  quern_last_error: %s\n", self->name,
              fault->nth, (int)fault->kind, (int)fault->error,
              shim.first_spoiled() != NULL ? shim.first_spoiled() : "no call spoiled", what,
              quern_last_error());
  fail();
}

/* Freeing has no status, and the queued commands have ended, so no error can be reported. */
static bool is_silent(const char *entry) {
  return strncmp(entry, "clRelease", strlen("clRelease")) == 0;
}

/* At most `most` objects are alive: those of an existing place. */
static void expect_live(size_t most, const fault_operation *self, const quern_shim_fault *fault) {
  char text[256];
  shim.describe(text, sizeof text);
  expect(shim.live() == most, self, fault, text);
}

/* The status, the message, the build log and the context report the fault. */
static void check_answer(const fault_operation *self, const quern_shim_fault *fault,
                         const fault_place *place, quern_status status) {
  const char *entry = shim.first_spoiled();
  const bool lost = fault->kind == QUERN_SHIM_LOSE;
  if (status == QUERN_OK) {
    expect(is_silent(entry) || (self->may_fall_back != NULL && self->may_fall_back(entry)), self,
           fault, "succeeded all the same");
  } else {
    expect(shim.is_blamed(quern_last_error()), self, fault, "the message does not name the call");
    if (fault->kind == QUERN_SHIM_FAIL || lost)
      expect(strstr(quern_last_error(), quern__cl_error_name(fault->error)) != NULL, self, fault,
             "the message does not name the error");
  }
  if (fault->kind == QUERN_SHIM_NO_BUILD && status != QUERN_OK) {
    expect(status == QUERN_ERROR_BUILD && strstr(quern_last_error(), QUERN_SHIM_LOG) != NULL, self,
           fault, "expected QUERN_ERROR_BUILD and the log's line");
    expect(place->context == NULL ||
               strcmp(quern_context_build_log(place->context), QUERN_SHIM_LOG) == 0,
           self, fault, "the context has not kept the log");
  }
  const bool said_lost = status == QUERN_ERROR_DEVICE_LOST;
  if (lost && place->context != NULL && fault->error == CL_DEVICE_NOT_AVAILABLE &&
      status != QUERN_OK)
    expect(said_lost, self, fault, "expected QUERN_ERROR_DEVICE_LOST");
  if (place->context != NULL)
    expect(quern_context_is_lost(place->context) == said_lost, self, fault,
           "the context does not say so");
}

/* One fault, and the next attempt. If the device was lost, *place becomes a new one. */
static void inject_into(const fault_operation *self, const quern_shim_fault *fault,
                        fault_place *place) {
  shim.arm(fault);
  const quern_status status = self->run(place);
  const bool spoiled = shim.spoiled() > 0;
  if (spoiled) check_answer(self, fault, place, status);
  shim.disarm();
  expect(spoiled || (fault->kind != QUERN_SHIM_FAIL && fault->kind != QUERN_SHIM_LOSE), self, fault,
         "the call was not made");
  if (!spoiled) return;
  total++;
  if (self->after != NULL) self->after(place);
  const quern_status again = self->run(place);
  if (status != QUERN_ERROR_DEVICE_LOST || place->context == NULL) {
    expect(again == QUERN_OK, self, fault, "fails without the fault too");
    return;
  }
  /* A lost context stays lost, and a new one works. */
  expect(again == QUERN_ERROR_DEVICE_LOST, self, fault, "a lost context was used");
  undo(self, place);
  expect_live(0, self, fault);
  *place = prepare(self);
  expect(self->run(place) == QUERN_OK, self, fault, "fails in a new context");
}

/* The same from preparing to freeing. */
static void inject(const fault_operation *self, const quern_shim_fault *fault) {
  fault_place place = prepare(self);
  inject_into(self, fault, &place);
  undo(self, &place);
  expect_live(0, self, fault);
}

/* The number of calls of `entry`, NULL for all, in a run without faults. */
static size_t count_calls(const fault_operation *self, const char *entry) {
  fault_place place = prepare(self);
  for (int run = 0; self->warm && run < 2; run++) assert_ok(self->run(&place));
  shim.arm(&(quern_shim_fault){.entry = entry});
  assert_ok(self->run(&place));
  const size_t calls = shim.calls();
  shim.disarm();
  undo(self, &place);
  assert_int_equal(shim.live(), 0);
  return calls;
}

/* Spoils each answer of one entry point in both ways. */
static void spoil_answers(const fault_operation *self) {
  const size_t calls = count_calls(self, self->answers);
  for (size_t nth = 1; nth <= calls; nth++) {
    inject(self, &(quern_shim_fault){QUERN_SHIM_CUT, self->answers, nth, CL_SUCCESS});
    inject(self, &(quern_shim_fault){QUERN_SHIM_CORRUPT, self->answers, nth, CL_SUCCESS});
  }
}

void fault_walk(const fault_operation *self) {
  if (shim.arm == NULL) find_shim();
  const size_t before = total;
  /* Most of the time would otherwise be the driver's compiler. */
  shim.keep(true);
  /* Twice, so that what a process does only once (PoCL's threads, a cache) is not counted. */
  (void)count_calls(self, NULL);
  const size_t calls = count_calls(self, NULL) - self->unheard;
  enum { SPACE = 2, LOST = 4 }; /* the faults that a brief walk alternates */
  static const quern_shim_fault faults[] = {
      {QUERN_SHIM_FAIL, NULL, 0, CL_OUT_OF_HOST_MEMORY},
      {QUERN_SHIM_FAIL, NULL, 0, CL_OUT_OF_RESOURCES},
      {QUERN_SHIM_FAIL, NULL, 0, CL_MEM_OBJECT_ALLOCATION_FAILURE},
      {QUERN_SHIM_FAIL, NULL, 0, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST},
      {QUERN_SHIM_LOSE, NULL, 0, CL_DEVICE_NOT_AVAILABLE},
      {QUERN_SHIM_LOSE, NULL, 0, CL_OUT_OF_RESOURCES},
      {QUERN_SHIM_CUT, NULL, 0, CL_SUCCESS},
      {QUERN_SHIM_CORRUPT, NULL, 0, CL_SUCCESS},
      {QUERN_SHIM_NO_BUILD, NULL, 0, CL_BUILD_PROGRAM_FAILURE},
  };
  fault_place place = {0};
  if (self->warm) {
    place = prepare(self);
    assert_ok(self->run(&place));
  }
  const size_t live = shim.live();
  for (size_t f = 0; f < sizeof faults / sizeof *faults; f++) {
    for (size_t nth = 1; nth <= calls; nth++) {
      if (self->brief && f != (nth % 2 == 0 ? SPACE : LOST)) continue;
      quern_shim_fault fault = faults[f];
      fault.nth = nth;
      if (self->warm) {
        inject_into(self, &fault, &place);
        expect_live(live, self, &fault);
      } else {
        inject(self, &fault);
      }
    }
  }
  if (self->warm) undo(self, &place);
  assert_int_equal(shim.live(), 0);
  if (self->answers != NULL) spoil_answers(self);
  shim.keep(false);
  print_message("%s: %zu calls, %zu faults\n", self->name, calls, total - before);
}
