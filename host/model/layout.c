/* Transposition and natural ordering. */
#include "layout.h"
#include <stdbool.h>
#include <string.h>

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

void quern__transpose(size_t rows, size_t columns, const float *from, float *to) {
  /* Transposes by tiles, whose rows and columns both fit in the cache. */
  enum { TILE = 32 };
  for (size_t row = 0; row < rows; row += TILE) {
    for (size_t column = 0; column < columns; column += TILE) {
      size_t row_end = smaller(rows, row + TILE), column_end = smaller(columns, column + TILE);
      for (size_t r = row; r < row_end; r++)
        for (size_t c = column; c < column_end; c++) to[c * rows + r] = from[r * columns + c];
    }
  }
}

typedef struct cursor {
  const char *text;
  size_t length, position;
} cursor;

static bool at_digit(const cursor *c) {
  return c->position < c->length && c->text[c->position] >= '0' && c->text[c->position] <= '9';
}

/* Consumes a run of digits. Returns the number of digits after leading zeros; *digits points at
 * them. */
static size_t take_number(cursor *c, const char **digits) {
  while (at_digit(c) && c->text[c->position] == '0') c->position++;
  size_t begin = c->position;
  while (at_digit(c)) c->position++;
  *digits = c->text + begin;
  return c->position - begin;
}

static int compare_numbers(cursor *a, cursor *b) {
  const char *a_digits, *b_digits;
  size_t a_count = take_number(a, &a_digits), b_count = take_number(b, &b_digits);
  if (a_count != b_count) return a_count < b_count ? -1 : 1;
  return memcmp(a_digits, b_digits, a_count);
}

int quern__compare_naturally(const char *a, size_t a_length, const char *b, size_t b_length) {
  cursor x = {a, a_length, 0}, y = {b, b_length, 0};
  while (x.position < x.length && y.position < y.length) {
    if (at_digit(&x) && at_digit(&y)) {
      int order = compare_numbers(&x, &y);
      if (order != 0) return order;
      continue;
    }
    unsigned char p = (unsigned char)x.text[x.position++], q = (unsigned char)y.text[y.position++];
    if (p != q) return p < q ? -1 : 1;
  }
  if (x.position < x.length || y.position < y.length) return x.position < x.length ? 1 : -1;
  int order = memcmp(a, b, smaller(a_length, b_length));
  if (order != 0 || a_length == b_length) return order;
  return a_length < b_length ? -1 : 1;
}
