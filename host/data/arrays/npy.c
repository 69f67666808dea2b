/* NumPy's .npy format, versions 1 to 3: magic number, header length, header (a Python dictionary as
 * text), elements. See numpy.lib.format. */
#include "../../base/error.h"
#include "../../base/size.h"
#include "array.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC_BYTES 8 /* "\x93NUMPY" and the version's two numbers */
/* The header of an array without named fields has about a hundred bytes. */
#define HEADER_LARGEST (1u << 16)

typedef struct header {
  const char *name;
  bool columns_first, big_endian;
  char text[HEADER_LARGEST + 1]; /* terminated by a zero */
  size_t length, position;
  size_t first; /* offset in the file */
} header;

static quern_status fail_header(const header *in, const char *expected) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s: byte %zu: expected %s in the header of .npy",
                     in->name, in->first + in->position, expected);
}

static void skip_blanks(header *in) {
  while (in->text[in->position] == ' ' || in->text[in->position] == '\n') in->position++;
}

/* Consumes the text if it comes next. */
static bool take_token(header *in, const char *text) {
  skip_blanks(in);
  if (strncmp(in->text + in->position, text, strlen(text)) != 0) return false;
  in->position += strlen(text);
  return true;
}

/* Parses "'text'", without escapes. */
static quern_status take_string(header *in, char *text, size_t size) {
  skip_blanks(in);
  const char quote = in->text[in->position];
  if (quote != '\'' && quote != '"') return fail_header(in, "a string");
  const char *start = in->text + in->position + 1, *end = strchr(start, quote);
  if (end == NULL || (size_t)(end - start) >= size) return fail_header(in, "a short string");
  memcpy(text, start, (size_t)(end - start));
  text[end - start] = '\0';
  in->position += (size_t)(end - start) + 2;
  return QUERN_OK;
}

static quern_status take_size(header *in, size_t *size) {
  skip_blanks(in);
  *size = 0;
  if (in->text[in->position] < '0' || in->text[in->position] > '9')
    return fail_header(in, "a size of the shape");
  while (in->text[in->position] >= '0' && in->text[in->position] <= '9') {
    const size_t digit = (size_t)(in->text[in->position] - '0');
    if (!quern__multiply(*size, 10, size) || !quern__add(*size, digit, size))
      return fail_header(in, "a smaller size");
    in->position++;
  }
  return QUERN_OK;
}

/* Parses "(3, 4)", "(3,)" or "()". */
static quern_status take_shape(header *in, quern__array *array) {
  if (!take_token(in, "(")) return fail_header(in, "a shape");
  while (!take_token(in, ")")) {
    if (array->rank == QUERN__ARRAY_RANK_LARGEST) return fail_header(in, "32 dimensions at most");
    QUERN__FORWARD(take_size(in, &array->shape[array->rank++]));
    if (take_token(in, ",")) continue;
    if (take_token(in, ")") && array->rank > 1) break;
    return fail_header(in, "a comma");
  }
  return QUERN_OK;
}

/* Reads the type of texts, such as "<U12" or "|S3". */
static bool read_text_type(const char *text, quern__array *array) {
  const bool unicode = text[0] != '\0' && text[1] == 'U';
  if (text[0] == '\0' || (!unicode && text[1] != 'S')) return false;
  size_t length = 0;
  const char *digit = text + 2;
  for (; *digit >= '0' && *digit <= '9' && length < HEADER_LARGEST; digit++)
    length = length * 10 + (size_t)(*digit - '0');
  array->number = unicode ? QUERN__UNICODE : QUERN__LATIN;
  array->bytes = unicode ? 4 * length : length;
  return length > 0 && *digit == '\0';
}

static quern_status read_type(header *in, const char *text, quern__array *array) {
  static const struct {
    char letter;
    quern__number number;
    const char *sizes;
  } kinds[] = {{'b', QUERN__BOOL, "1"},
               {'u', QUERN__UNSIGNED, "1248"},
               {'i', QUERN__SIGNED, "1248"},
               {'f', QUERN__FLOAT, "248"}};
  const bool whole = strlen(text) == 3;
  in->big_endian = text[0] == '>';
  if (read_text_type(text, array)) return QUERN_OK;
  for (size_t i = 0; whole && i < sizeof kinds / sizeof *kinds; i++) {
    if (text[1] != kinds[i].letter || strchr(kinds[i].sizes, text[2]) == NULL) continue;
    array->number = kinds[i].number;
    array->bytes = (size_t)(text[2] - '0');
    if (text[0] == '<' || text[0] == '>' || (text[0] == '|' && array->bytes == 1)) return QUERN_OK;
  }
  return quern__fail(
      QUERN_ERROR_UNSUPPORTED,
      "%s: elements of type \"%.20s\", expected floats of 2, 4 or 8 bytes, integers, "
      "booleans or texts; in Python, x.astype(\"float32\") or y.astype(str)",
      in->name, text);
}

/* Parses the dictionary; its three entries may come in any order. */
static quern_status read_dictionary(header *in, quern__array *array) {
  char key[16], type[24];
  bool has_type = false, has_order = false, has_shape = false;
  if (!take_token(in, "{")) return fail_header(in, "'{'");
  while (!take_token(in, "}")) {
    QUERN__FORWARD(take_string(in, key, sizeof key));
    if (!take_token(in, ":")) return fail_header(in, "':'");
    if (strcmp(key, "descr") == 0 && !has_type) {
      QUERN__FORWARD(take_string(in, type, sizeof type));
      has_type = true;
    } else if (strcmp(key, "fortran_order") == 0 && !has_order) {
      in->columns_first = take_token(in, "True");
      if (!in->columns_first && !take_token(in, "False")) return fail_header(in, "False or True");
      has_order = true;
    } else if (strcmp(key, "shape") == 0 && !has_shape) {
      QUERN__FORWARD(take_shape(in, array));
      has_shape = true;
    } else {
      return fail_header(in, "descr, fortran_order and shape, each once,");
    }
    if (!take_token(in, ",")) {
      skip_blanks(in);
      if (in->text[in->position] != '}') return fail_header(in, "',' or '}'");
    }
  }
  skip_blanks(in);
  if (in->position != in->length) return fail_header(in, "nothing but blanks behind '}'");
  if (!has_type || !has_order || !has_shape)
    return fail_header(in, "descr, fortran_order and shape");
  return read_type(in, type, array);
}

static quern_status read_bytes(quern__stream *stream, void *into, size_t want, const char *what) {
  size_t got;
  QUERN__FORWARD(quern__stream_read(stream, into, want, &got));
  if (got == want) return QUERN_OK;
  return quern__fail(QUERN_ERROR_FORMAT, "%s: truncated: ends at byte %" PRIu64 ", expected %s",
                     stream->name, stream->offset, what);
}

static quern_status read_header(quern__stream *stream, header *in, quern__array *array) {
  unsigned char magic[MAGIC_BYTES], length[4] = {0};
  QUERN__FORWARD(read_bytes(stream, magic, sizeof magic, "the magic number of .npy"));
  if (memcmp(magic, "\x93NUMPY", 6) != 0) {
    return quern__fail(QUERN_ERROR_FORMAT, "%s: byte 0: expected the magic number of .npy",
                       stream->name);
  }
  const unsigned version = magic[6];
  if (version < 1 || version > 3 || magic[7] != 0) {
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: byte 6: version %u.%u of .npy, expected 1.0, 2.0 or 3.0", stream->name,
                       version, magic[7]);
  }
  QUERN__FORWARD(read_bytes(stream, length, version == 1 ? 2 : 4, "the length of a header"));
  const uint32_t claimed = (uint32_t)length[0] | (uint32_t)length[1] << 8 |
                           (uint32_t)length[2] << 16 | (uint32_t)length[3] << 24;
  if (claimed > HEADER_LARGEST) {
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: byte 8: a header of %" PRIu32 " bytes, expected at most %u",
                       stream->name, claimed, HEADER_LARGEST);
  }
  in->first = (size_t)stream->offset;
  in->length = claimed;
  QUERN__FORWARD(read_bytes(stream, in->text, claimed, "the whole header"));
  in->text[claimed] = '\0';
  if (strlen(in->text) != claimed) {
    in->position = strlen(in->text);
    return fail_header(in, "no zero byte");
  }
  return read_dictionary(in, array);
}

size_t quern__array_count(const quern__array *array) {
  size_t count = 1;
  for (size_t i = 0; i < array->rank; i++) count *= array->shape[i];
  return count;
}

quern_status quern__npy_read(quern__stream *stream, quern__array *array) {
  *array = (quern__array){0};
  array->name = strdup(stream->name);
  header *in = malloc(sizeof *in);
  quern_status status = QUERN_OK;
  if (array->name == NULL || in == NULL) {
    status = quern__fail_memory(stream->name, sizeof *in);
    goto cleanup;
  }
  *in = (header){.name = stream->name};
  QUERN__TRY(read_header(stream, in, array));
  size_t bytes = array->bytes;
  bool empty = false;
  for (size_t i = 0; i < array->rank; i++) empty = empty || array->shape[i] == 0;
  for (size_t i = 0; i < array->rank && !empty; i++) {
    if (quern__multiply(bytes, array->shape[i], &bytes)) continue;
    status =
        quern__fail(QUERN_ERROR_OVERFLOW, "%s: the product of its shape overflows", stream->name);
    goto cleanup;
  }
  if (empty) {
    status = quern__fail(QUERN_ERROR_FORMAT, "%s: an array without elements", stream->name);
    goto cleanup;
  }
  QUERN__TRY(quern__stream_read_rest(stream, "elements", bytes, &array->data));
  if (in->big_endian)
    quern__array_swap_bytes(array, array->number == QUERN__UNICODE ? 4
                                   : array->number == QUERN__LATIN ? 1
                                                                   : array->bytes);
  if (in->columns_first) QUERN__TRY(quern__array_from_columns(array));
cleanup:
  free(in);
  return status;
}

void quern__array_free(quern__array *array) {
  free(array->name);
  free(array->data);
  *array = (quern__array){0};
}

/* --- The file, and its companion -------------------------------------------------------------- */

static bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Replaces the last "x" in the path's file name that is a word of its own by "y". */
quern_status quern__npy_targets_beside(const char *path, char **beside) {
  *beside = NULL;
  const char *slash = strrchr(path, '/');
  const size_t first = slash != NULL ? (size_t)(slash - path) + 1 : 0;
  for (size_t position = strlen(path); position-- > first;) {
    if (path[position] != 'x' && path[position] != 'X') continue;
    if ((position > first && is_letter_or_digit(path[position - 1])) ||
        is_letter_or_digit(path[position + 1]))
      continue;
    *beside = strdup(path);
    if (*beside == NULL) return quern__fail_memory("a path", strlen(path));
    /* "X_train.npy" usually goes with "y_train.npy": a matrix and a vector. */
    (*beside)[position] = 'y';
    if (path[position] == 'X' && access(*beside, F_OK) != 0) (*beside)[position] = 'Y';
    return QUERN_OK;
  }
  return QUERN_OK;
}

quern_status quern__npy_open(quern__stream *stream, const quern_dataset_options *options,
                             quern_dataset **dataset) {
  quern__array x = {0}, y = {0};
  quern__stream beside = {0};
  char *path = NULL;
  quern_status status = QUERN_OK;
  bool has_targets = false;
  QUERN__TRY(quern__npy_read(stream, &x));
  QUERN__TRY(quern__npy_targets_beside(stream->name, &path));
  if (path != NULL && access(path, F_OK) == 0 &&
      !(options->target != NULL && *options->target == '\0')) {
    has_targets = true;
    QUERN__TRY(quern__stream_open(path, &beside));
    QUERN__TRY(quern__npy_read(&beside, &y));
  }
  status = quern__arrays_dataset(stream->name, &x, has_targets ? &y : NULL, options, dataset);
cleanup:
  quern__array_free(&x);
  quern__array_free(&y);
  quern__stream_close(&beside);
  free(path);
  return status;
}
