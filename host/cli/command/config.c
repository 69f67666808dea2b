#include "config.h"

#include "../base/file.h"
#include "../text/nearest.h"
#include "option_value.h"

#include <errno.h>
#include <quern/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r";

/* The texts of the files that were read: settings point into them. */
typedef struct kept_text {
  struct kept_text *next;
  char *text;
} kept_text;
static kept_text *kept;

void cli_config_forget(void) {
  while (kept != NULL) {
    kept_text *next = kept->next;
    free(kept->text);
    free(kept);
    kept = next;
  }
}

typedef struct config_reader {
  const cli_command *command;
  const char *path;
  size_t line;     /* from 1 */
  size_t *line_of; /* of each option; 0: not given yet */
  bool *seen;
  void *settings;
} config_reader;

/* A file cannot set --config or --write-config. */
static bool is_allowed(const cli_option *option) {
  return option->kind != CLI_CONFIG && strcmp(option->name, "write-config") != 0;
}

static char *skip_blanks(char *text) {
  return text + strspn(text, blanks);
}

static void cut_trailing_blanks(char *text) {
  size_t length = strlen(text);
  while (length > 0 && strchr(blanks, text[length - 1]) != NULL) length--;
  text[length] = '\0';
}

static cli_parsed fail_config(const config_reader *reader, const char *what, const char *expected) {
  cli_fail_usage(reader->command, "%s, line %zu: %s, expected %s", reader->path, reader->line, what,
                 expected);
  return CLI_PARSED_BAD;
}

/* Removes the quotes in place. */
static cli_parsed unquote(const config_reader *reader, char *value) {
  static const char codes[] = "\"\\nt", letters[] = "\"\\\n\t";
  char *to = value;
  for (const char *from = value + 1;; from++) {
    if (*from == '\0')
      return fail_config(reader, "a value whose quotes do not close", "a \" at its end");
    if (*from == '"') {
      if (from[1] != '\0')
        return fail_config(reader, "something behind the closing quote", "the end of the line");
      break;
    }
    const char *code = *from == '\\' && from[1] != '\0' ? strchr(codes, from[1]) : NULL;
    if (*from == '\\' && code == NULL)
      return fail_config(reader, "an unknown escape", "\\\", \\\\, \\n or \\t");
    if (code != NULL) from++;
    *to++ = code != NULL ? letters[code - codes] : *from;
  }
  *to = '\0';
  return CLI_PARSED_RUN;
}

static cli_parsed fail_name(const config_reader *reader, const char *name) {
  cli_nearest nearest = cli_nearest_to(name);
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(reader->command, i)) != NULL; i++)
    if (is_allowed(option)) cli_nearest_offer(&nearest, option->name);
  cli_fail_usage(reader->command, "%s, line %zu: unknown option \"%s\"%s", reader->path,
                 reader->line, name, cli_nearest_hint(&nearest, "").text);
  return CLI_PARSED_BAD;
}

static cli_parsed set_option(const config_reader *reader, const char *name, const char *value) {
  const cli_option *option;
  size_t index = 0;
  while ((option = cli_option_at(reader->command, index)) != NULL &&
         strcmp(option->name, name) != 0)
    index++;
  if (option == NULL || !is_allowed(option)) return fail_name(reader, name);
  if (reader->line_of[index] > 0) {
    cli_fail_usage(reader->command, "%s, line %zu: %s is in line %zu already", reader->path,
                   reader->line, name, reader->line_of[index]);
    return CLI_PARSED_BAD;
  }
  reader->line_of[index] = reader->line;
  reader->seen[index] = true;
  cli_parsed parsed = cli_option_set(option, value, reader->settings);
  if (parsed != CLI_PARSED_BAD) return parsed;
  char *label;
  if (asprintf(&label, "%s, line %zu: %s", reader->path, reader->line, name) < 0)
    return CLI_PARSED_NO_MEMORY;
  parsed = cli_option_refuse(reader->command, option, label, value);
  free(label);
  return parsed;
}

static cli_parsed read_line(const config_reader *reader, char *line) {
  char *name = skip_blanks(line);
  cut_trailing_blanks(name);
  if (*name == '\0' || *name == '#') return CLI_PARSED_RUN;
  char *equals = strchr(name, '=');
  if (equals == NULL)
    return fail_config(reader, "a line without =", "name = value, or a # before a comment");
  *equals = '\0';
  cut_trailing_blanks(name);
  char *value = skip_blanks(equals + 1);
  if (*value == '"') {
    const cli_parsed parsed = unquote(reader, value);
    if (parsed != CLI_PARSED_RUN) return parsed;
  }
  return set_option(reader, name, value);
}

/* Reads the file into a text, which `kept` owns. */
static cli_parsed read_text(const cli_command *command, const char *path, char **text,
                            size_t *length) {
  size_t room = 0;
  kept_text *entry = calloc(1, sizeof *entry);
  if (entry == NULL) return CLI_PARSED_NO_MEMORY;
  entry->next = kept;
  kept = entry;
  const char *why;
  FILE *file = cli_input_open(path, &why);
  if (file != NULL) errno = 0;
  const ssize_t found = file != NULL ? getdelim(&entry->text, &room, '\0', file) : -1;
  const bool zero = found > 0 && entry->text[found - 1] == '\0';
  const int error = errno;
  if (why == NULL && error != 0) why = strerror(error);
  if (file != NULL) fclose(file);
  if (why != NULL && error == ENOMEM) return CLI_PARSED_NO_MEMORY;
  if (why != NULL) {
    cli_fail_usage(command, "%s cannot be read: %s", path, why);
    return CLI_PARSED_BAD;
  }
  if (zero) {
    cli_fail_usage(command, "%s has a zero byte in it, expected text", path);
    return CLI_PARSED_BAD;
  }
  *text = entry->text;
  *length = found > 0 ? (size_t)found : 0;
  return CLI_PARSED_RUN;
}

cli_parsed cli_config_read(const cli_command *command, const char *path, bool *seen,
                           void *settings) {
  char *text = NULL;
  size_t length = 0;
  cli_parsed parsed = read_text(command, path, &text, &length);
  if (parsed != CLI_PARSED_RUN || length == 0) return parsed;
  config_reader reader = {
      command, path, 0, calloc(cli_option_count(command) + 1, sizeof(size_t)), seen, settings};
  if (reader.line_of == NULL) return CLI_PARSED_NO_MEMORY;
  for (char *line; parsed == CLI_PARSED_RUN && (line = strsep(&text, "\n")) != NULL;) {
    reader.line++;
    parsed = read_line(&reader, line);
  }
  free(reader.line_of);
  return parsed;
}

static void print_quoted(FILE *file, const char *value) {
  fputc('"', file);
  for (; *value != '\0'; value++)
    if (*value == '"' || *value == '\\')
      fprintf(file, "\\%c", *value);
    else if (*value == '\n' || *value == '\t')
      fputs(*value == '\n' ? "\\n" : "\\t", file);
    else
      fputc(*value, file);
  fputc('"', file);
}

/* True if a text without quotes reads as itself. */
static bool is_plain(const char *text) {
  const size_t length = strlen(text);
  return *text != '"' && strchr(text, '\n') == NULL && strchr(" \t\r", *text) == NULL &&
         strchr(" \t\r", text[length - 1]) == NULL;
}

static void print_option(FILE *file, const cli_option *option, const void *settings) {
  fprintf(file, "%s = ", option->name);
  const char *text = option->kind == CLI_TEXT
                         ? *(const char *const *)((const char *)settings + option->offset)
                         : NULL;
  if (text != NULL && !is_plain(text))
    print_quoted(file, text);
  else
    cli_option_print(file, option, settings);
  fputc('\n', file);
}

cli_exit cli_config_write(const cli_command *command, const char *path, const void *settings) {
  cli_draft draft;
  if (!cli_draft_open(&draft)) return cli_fail_memory();
  fprintf(draft.stream, "# quern %s, written by quern %s\n", command->name, QUERN_VERSION);
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(command, i)) != NULL; i++)
    if (is_allowed(option) && cli_option_is_set(option, settings))
      print_option(draft.stream, option, settings);
  const cli_exit result = cli_file_write(path, &draft);
  cli_draft_free(&draft);
  return result;
}
