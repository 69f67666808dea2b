/* The order of layers whose names do not number them.
 *
 * Layers whose names differ only in numbers form a block in the order of the numbers. A block reads
 * `in` values and gives `out`, like an edge between two widths, and a network is a path that uses
 * every edge once: an Eulerian path. Hierholzer's algorithm finds one. */
#include "../base/size.h"
#include "layer_names.h"
#include "model_layers.h"
#include <stdlib.h>
#include <string.h>

typedef struct block {
  size_t first, count; /* layers */
  size_t in, out;
  int place; /* see quern__name_place */
} block;

static quern_status check_chain(const quern__safetensors *file, const quern__model_layer *layers,
                                size_t count) {
  for (size_t i = 1; i < count; i++) {
    const quern__tensor_entry *before = layers[i - 1].weight, *after = layers[i].weight;
    if (after->shape[1] != before->shape[0])
      return quern__fail(QUERN_ERROR_SHAPE,
                         "%s: tensor \"%.200s\" is [%zu, %zu] with %zu inputs, but \"%.200s\" "
                         "before it is [%zu, %zu] with %zu outputs",
                         file->path, after->name, after->shape[0], after->shape[1], after->shape[1],
                         before->name, before->shape[0], before->shape[1], before->shape[0]);
  }
  return QUERN_OK;
}

static int compare_sizes(size_t a, size_t b) {
  return a < b ? -1 : a > b;
}

static int compare_inputs(const void *a, const void *b) {
  const block *x = a, *y = b;
  const int order = compare_sizes(x->in, y->in);
  return order != 0 ? order : compare_sizes(x->first, y->first);
}

static int compare_places(const void *a, const void *b) {
  const block *x = a, *y = b;
  return x->place != y->place ? x->place - y->place : compare_sizes(x->first, y->first);
}

static int compare_numbers(const void *a, const void *b) {
  return compare_sizes(*(const size_t *)a, *(const size_t *)b);
}

/* Returns the index of the first block, sorted by inputs, that reads `width` values; `count` if
 * there is none. */
static size_t find_first(const block *blocks, size_t count, size_t width) {
  size_t low = 0, high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (blocks[middle].in < width)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && blocks[low].in == width ? low : count;
}

/* Returns the only width that one block more reads than gives; 0 if there is none, or another
 * width has more than one. `blocks` are sorted by inputs, `outputs` ascending. */
static size_t find_start(const block *blocks, const size_t *outputs, size_t count) {
  size_t start = 0, i = 0, o = 0;
  while (i < count) {
    const size_t width = blocks[i].in;
    size_t more = 0, fewer = 0;
    for (; i < count && blocks[i].in == width; i++) more++;
    while (o < count && outputs[o] < width) o++;
    for (; o < count && outputs[o] == width; o++) fewer++;
    if (more > fewer + 1 || (more == fewer + 1 && start != 0)) return 0;
    if (more == fewer + 1) start = width;
  }
  return start;
}

/* Hierholzer: follows unused blocks until none continues, then goes back to where one does. `used`
 * and `stack` have `count` elements, zeros at first. Returns the number of blocks in `path`. */
static size_t find_path(const block *blocks, size_t count, size_t start, size_t *used,
                        size_t *stack, block *path) {
  size_t depth = 0, length = 0, width = start;
  for (;;) {
    const size_t first = find_first(blocks, count, width);
    if (first < count && first + used[first] < count && blocks[first + used[first]].in == width) {
      stack[depth] = first + used[first]++;
      width = blocks[stack[depth++]].out;
    } else {
      if (depth == 0) break;
      const block *done = &blocks[stack[--depth]];
      path[count - ++length] = *done;
      width = done->in;
    }
  }
  return length;
}

/* An Eulerian path with different ends is the only one unless it visits a width three times, or two
 * widths in turns (a … b … a … b): then what is between two visits could be exchanged. `widths`,
 * `open` and `seen` have count + 1 elements. */
static bool is_only_path(const block *path, size_t count, size_t *widths, size_t *open,
                         size_t *seen) {
  for (size_t i = 0; i <= count; i++) widths[i] = i < count ? path[i].in : path[count - 1].out;
  qsort(widths, count + 1, sizeof *widths, compare_numbers);
  for (size_t i = 2; i <= count; i++)
    if (widths[i] == widths[i - 2]) return false;
  memset(seen, 0, (count + 1) * sizeof *seen);
  size_t depth = 0;
  for (size_t i = 0; i <= count; i++) {
    const size_t width = i < count ? path[i].in : path[count - 1].out;
    const size_t *found = bsearch(&width, widths, count + 1, sizeof *widths, compare_numbers);
    size_t place = (size_t)(found - widths);
    if (place > 0 && widths[place - 1] == width) place--;
    if (place == count || widths[place + 1] != width) continue; /* visited once */
    if (!seen[place])
      open[depth++] = width;
    else if (open[--depth] != width)
      return false;
    seen[place] = 1;
  }
  return true;
}

/* Sorts the blocks by the only order that their shapes allow; false if there is none or more than
 * one. `memory` has 3 * count + 3 elements, `path` count. */
static bool order_by_shapes(block *blocks, size_t count, size_t *memory, block *path) {
  size_t *outputs = memory, *used = memory, *stack = memory + count;
  qsort(blocks, count, sizeof *blocks, compare_inputs);
  for (size_t i = 0; i < count; i++) outputs[i] = blocks[i].out;
  qsort(outputs, count, sizeof *outputs, compare_numbers);
  const size_t start = find_start(blocks, outputs, count);
  if (start == 0) return false;
  memset(used, 0, count * sizeof *used);
  if (find_path(blocks, count, start, used, stack, path) != count ||
      !is_only_path(path, count, memory, memory + count + 1, memory + 2 * count + 2))
    return false;
  memcpy(blocks, path, count * sizeof *blocks);
  return true;
}

/* Sorts the blocks by what their names say, then by name; false if their shapes do not fit so. */
static bool order_by_names(block *blocks, size_t count) {
  qsort(blocks, count, sizeof *blocks, compare_places);
  for (size_t i = 1; i < count; i++)
    if (blocks[i].in != blocks[i - 1].out) return false;
  return true;
}

static void note_order(const block *blocks, size_t count, const quern__model_layer *layers,
                       quern__text *note) {
  enum { MOST = 8 }; /* names in a line */
  quern__note_next(note);
  quern__text_put(note, "names and shapes do not tell the order of the layers, assumed ");
  for (size_t i = 0; i < count && i < MOST; i++) {
    const quern__model_layer *layer = &layers[blocks[i].first];
    quern__text_print(note, "%s\"%.*s\"", i > 0 ? ", " : "",
                      (int)(layer->name_length < 60 ? layer->name_length : 60), layer->name);
  }
  if (count > MOST) quern__text_put(note, " …");
}

/* Returns the number of blocks. */
static size_t find_blocks(const quern__model_layer *layers, size_t count, block *blocks) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    const quern__model_layer *layer = &layers[i], *before = layer - 1;
    if (i == 0 || !quern__names_differ_in_numbers(before->name, before->name_length, layer->name,
                                                  layer->name_length))
      blocks[found++] = (block){.first = i,
                                .in = layer->weight->shape[1],
                                .place = quern__name_place(layer->name, layer->name_length)};
    blocks[found - 1].count++;
    blocks[found - 1].out = layer->weight->shape[0];
  }
  return found;
}

static quern_status order_blocks(const quern__safetensors *file, quern__model_layer *layers,
                                 size_t count, block *blocks, size_t found,
                                 quern__model_layer *copy, quern__text *note) {
  for (size_t i = 0; i < found; i++)
    QUERN__FORWARD(check_chain(file, layers + blocks[i].first, blocks[i].count));
  size_t *memory = calloc(3 * found + 3, sizeof *memory);
  block *path = calloc(found, sizeof *path);
  const bool enough = memory != NULL && path != NULL,
             certain = enough && order_by_shapes(blocks, found, memory, path);
  free(path);
  free(memory);
  if (!enough) return quern__fail_memory(file->path, 3 * found * sizeof *memory);
  if (!certain && !order_by_names(blocks, found)) {
    QUERN__FORWARD(check_chain(file, layers, count));
    for (size_t i = 0; i < found; i++) blocks[i].place = 0;
    qsort(blocks, found, sizeof *blocks, compare_places);
  }
  if (!certain) note_order(blocks, found, layers, note);
  memcpy(copy, layers, count * sizeof *layers);
  for (size_t i = 0; i < found; i++) {
    memcpy(layers, copy + blocks[i].first, blocks[i].count * sizeof *layers);
    layers += blocks[i].count;
  }
  return QUERN_OK;
}

quern_status quern__layer_order(const quern__safetensors *file, quern__model_layer *layers,
                                size_t count, quern__text *note) {
  block *blocks = calloc(count, sizeof *blocks);
  quern__model_layer *copy = calloc(count, sizeof *copy);
  quern_status status = QUERN_OK;
  if (blocks == NULL || copy == NULL)
    status = quern__fail_memory(file->path, count * (sizeof *blocks + sizeof *copy));
  else {
    const size_t found = find_blocks(layers, count, blocks);
    status = found == 1 ? check_chain(file, layers, count)
                        : order_blocks(file, layers, count, blocks, found, copy, note);
  }
  free(copy);
  free(blocks);
  return status;
}
