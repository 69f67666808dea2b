/* Walks an operation of the API: makes each of its allocations fail, and checks the outcome. */
#ifndef QUERN_TESTS_FAULTS_API_WALK_H
#define QUERN_TESTS_FAULTS_API_WALK_H

#include "test.h"

enum { SAMPLES = 12, INPUTS = 4, CLASSES = 3, HIDDEN = 5, BATCH = 4, FLOATS = 64, TARGETS = 2 };

/* Objects that an operation starts from, created without a fault. */
typedef struct place {
  const char *device; /* NULL: the default */
  quern_context *context;
  quern_network *network;
  quern_dataset *data;
  quern_buffer *buffer;
  uint64_t result; /* of all numbers passed to api_walk_number */
} place;

typedef struct api_operation {
  const char *name;
  quern_status (*run)(place *where); /* frees everything it creates */
  bool own_context;                  /* it creates its context; none exists before */
} api_operation;

/* On the reference and on the default device; on one. */
void walk(const api_operation *walked);
void walk_on(const api_operation *walked, const char *device);

/* Add to the result: bytes, the first layer of a network, and a file of the walk's folder. */
void digest(place *where, const void *data, size_t bytes);
void digest_network(place *where, const quern_network *network);
void digest_file(place *where, const char *name);

void fill_values(float *values, size_t count);

/* A path in the walk's folder, in one of two buffers that are used in turn. */
const char *walk_path(const char *name);

/* A group's setup, and its teardown, which prints how many allocations failed. */
int make_walk_folder(void **state);
int remove_walk_folder(void **state);

#endif
