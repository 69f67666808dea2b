/* cli_print: printf with texts that are fit for a terminal. */
#include "text.h"

#include <quern/status.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A conversion: "%-*.3zu". */
typedef struct conversion {
  bool left;
  char flags[8];        /* each once, as they are written */
  int width, precision; /* precision -1: none */
  size_t bytes;         /* of an integer argument */
  char letter;
} conversion;

/* va_list may be an array, so functions take a pointer to this. */
typedef struct argument_list {
  va_list next;
} argument_list;

static int read_number(const char **cursor, argument_list *arguments) {
  int number = 0;
  if (**cursor == '*') {
    (*cursor)++;
    return va_arg(arguments->next, int);
  }
  for (; **cursor >= '0' && **cursor <= '9'; (*cursor)++) number = 10 * number + (**cursor - '0');
  return number;
}

/* Reads the length modifier. */
static const char *read_length(const char *cursor, conversion *to) {
  to->bytes = sizeof(int);
  for (; *cursor != '\0' && strchr("hlzjt", *cursor) != NULL; cursor++)
    to->bytes = *cursor == 'h'   ? sizeof(int)
                : *cursor == 'l' ? (to->bytes == sizeof(int) ? sizeof(long) : sizeof(long long))
                : *cursor == 'z' ? sizeof(size_t)
                : *cursor == 'j' ? sizeof(intmax_t)
                                 : sizeof(ptrdiff_t);
  return cursor;
}

/* Reads a conversion behind its percent sign; returns the text behind it. */
static const char *read_conversion(const char *cursor, argument_list *arguments, conversion *to) {
  *to = (conversion){.precision = -1};
  for (size_t flags = 0; *cursor != '\0' && strchr("-+ #0", *cursor) != NULL; cursor++)
    if (strchr(to->flags, *cursor) == NULL) to->flags[flags++] = *cursor;
  to->width = read_number(&cursor, arguments);
  if (*cursor == '.') {
    cursor++;
    to->precision = read_number(&cursor, arguments);
  }
  to->left = strchr(to->flags, '-') != NULL || to->width < 0;
  cursor = read_length(cursor, to);
  to->letter = *cursor;
  return cursor + 1;
}

static void print_text(FILE *stream, const char *text, const conversion *self) {
  const size_t most = self->precision < 0 ? SIZE_MAX : (size_t)self->precision;
  const int width = self->width < 0 ? -self->width : self->width;
  size_t end = 0, length = 0, bytes;
  bool printable;
  for (; end < most && (bytes = quern_text_character(text + end, &printable)) > 0 &&
         bytes <= most - end;
       end += bytes)
    length++;
  const int blanks = (size_t)width > length ? width - (int)length : 0;
  if (!self->left) fprintf(stream, "%*s", blanks, "");
  for (size_t i = 0; i < end; i += bytes) {
    bytes = quern_text_character(text + i, &printable);
    if (printable)
      fwrite(text + i, 1, bytes, stream);
    else
      fputc('?', stream);
  }
  if (self->left) fprintf(stream, "%*s", blanks, "");
}

/* The format is composed from one that the compiler has checked. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void print_number(FILE *stream, const conversion *self, argument_list *arguments) {
  char format[sizeof self->flags + sizeof "%*.*jd"];
  const bool real = strchr("aAeEfFgG", self->letter) != NULL,
             with_sign = strchr("di", self->letter) != NULL;
  snprintf(format, sizeof format, "%%%s*.*%s%c", self->flags,
           real || self->letter == 'c' ? "" : "j", self->letter);
  if (real)
    fprintf(stream, format, self->width, self->precision, va_arg(arguments->next, double));
  else if (self->letter == 'c')
    fprintf(stream, format, self->width, self->precision, va_arg(arguments->next, int));
  else if (self->bytes == sizeof(int) && with_sign)
    fprintf(stream, format, self->width, self->precision, (intmax_t)va_arg(arguments->next, int));
  else if (self->bytes == sizeof(int))
    fprintf(stream, format, self->width, self->precision,
            (uintmax_t)va_arg(arguments->next, unsigned));
  else if (with_sign)
    fprintf(stream, format, self->width, self->precision, va_arg(arguments->next, intmax_t));
  else
    fprintf(stream, format, self->width, self->precision, va_arg(arguments->next, uintmax_t));
}
#pragma GCC diagnostic pop

void cli_print_list(FILE *stream, const char *format, va_list arguments) {
  argument_list list;
  va_copy(list.next, arguments);
  while (*format != '\0') {
    const size_t plain = strcspn(format, "%");
    fwrite(format, 1, plain, stream);
    format += plain;
    if (*format == '\0') break;
    conversion next;
    format = read_conversion(format + 1, &list, &next);
    if (next.letter == '%')
      fputc('%', stream);
    else if (next.letter == 's')
      print_text(stream, va_arg(list.next, const char *), &next);
    else
      print_number(stream, &next, &list);
  }
  va_end(list.next);
}

void cli_print(FILE *stream, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  cli_print_list(stream, format, arguments);
  va_end(arguments);
}
