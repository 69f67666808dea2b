/* The manual page's commands and variables, in mdoc(7). */
#include "help.h"

#include "../text/text.h"

#include <ctype.h>
#include <quern/status.h>
#include <stdlib.h>
#include <string.h>

/* Prints one character of a text; a backquote begins or ends literal text. */
static void put(const char *text, size_t bytes, bool *literal) {
  if (*text == '`') {
    *literal = !*literal;
    fputs(*literal ? "\\fB" : "\\fR", stdout);
  } else if (*text == '\\') {
    fputs("\\e", stdout);
  } else if (*text == '-' && *literal) {
    fputs("\\-", stdout);
  } else if (strncmp(text, "\u2026", bytes) == 0) {
    fputs("...", stdout);
  } else if (strncmp(text, "\u00b2", bytes) == 0) {
    fputs("\\(S2", stdout);
  } else {
    fwrite(text, 1, bytes, stdout);
  }
}

/* Prints a word, which must not look like a macro at the beginning of a line. */
static void put_word(const char *word, size_t length, bool at_start, bool *literal) {
  bool printable;
  if (at_start && (*word == '.' || *word == '\'')) fputs("\\&", stdout);
  for (size_t i = 0, bytes; i < length; i += bytes) {
    bytes = quern_text_character(word + i, &printable);
    put(word + i, bytes, literal);
  }
}

/* Prints sentences, each on lines of its own. A newline begins a paragraph. */
static void print_text(const char *text) {
  enum { WIDTH = 72 }; /* escapes make a line longer */
  bool literal = false;
  size_t column = 0;
  while (*text != '\0') {
    const size_t length = strcspn(text, " \n");
    if (column > 0 && column + 1 + length > WIDTH) {
      putchar('\n');
      column = 0;
    }
    if (column > 0) putchar(' ');
    put_word(text, length, column == 0, &literal);
    column += (column > 0) + length;
    text += length;
    const bool sentence = length > 0 && (text[-1] == '.' || text[-1] == ':');
    if (*text == '\n') {
      fputs("\n.Pp", stdout);
      column = WIDTH;
    } else if (sentence && text[-1] == '.') {
      column = WIDTH;
    }
    if (*text != '\0') text++;
  }
  putchar('\n');
}

/* Prints a phrase as a sentence. */
static void print_sentence(const char *phrase) {
  const size_t bytes = strlen(phrase) + 2;
  char *sentence = malloc(bytes);
  if (sentence == NULL) return;
  snprintf(sentence, bytes, "%c%s.", toupper((unsigned char)phrase[0]), phrase + 1);
  print_text(sentence);
  free(sentence);
}

/* "on|off" as literals, "FILE" as an argument. */
static void print_value(const cli_option *option) {
  bool literal = false;
  fputs(cli_option_lists_choices(option) ? " Cm " : " Ar ", stdout);
  for (const char *value = option->value; *value != '\0';) {
    bool printable;
    const size_t bytes = quern_text_character(value, &printable);
    const char lower = (char)tolower((unsigned char)*value);
    if (*value == '|')
      fputs(" | ", stdout);
    else
      put(bytes == 1 ? &lower : value, bytes, &literal);
    value += bytes;
  }
}

static void print_choices(const char *const *choices) {
  fputs("One of\n.Cm ", stdout);
  for (; *choices != NULL; choices++) {
    printf("%s", *choices);
    if (choices[1] == NULL)
      fputs(" .\n", stdout);
    else
      fputs(choices[2] == NULL ? "\nor\n.Cm " : " , ", stdout);
  }
}

static void print_option(const cli_option *option, const void *settings) {
  char *usual = option->required ? NULL : cli_option_default(option, settings);
  fputs(".It ", stdout);
  if (option->letter != '\0') printf("Fl %c , ", option->letter);
  printf("Fl Fl %s", option->name);
  if (option->value != NULL) print_value(option);
  putchar('\n');
  print_sentence(option->help);
  if (option->choices != NULL && !cli_option_lists_choices(option)) print_choices(option->choices);
  if (option->details != NULL) print_text(option->details);
  if (option->required) puts("Required.");
  if (usual != NULL && (option->details == NULL || strstr(option->details, "Default:") == NULL))
    printf("Default: %s.\n", usual);
  free(usual);
}

void cli_manual_command(const cli_command *command, const void *settings) {
  const cli_option *option;
  printf(".Ss %s\n", command->name);
  print_text(command->about);
  if (command->details != NULL) print_text(command->details);
  puts(".Bl -tag -width Ds");
  for (size_t i = 0; (option = cli_option_at(command, i)) != NULL; i++)
    print_option(option, settings);
  puts(".El");
  if (command->notes == NULL) return;
  puts(".Pp");
  print_text(command->notes);
}

void cli_manual(void) {
  static char page[] = "--help-manual";
  puts(".Sh COMMANDS");
  for (const cli_command *const *command = cli_commands; *command != NULL; command++) {
    char *name = strdup((*command)->name);
    if (name == NULL || (*command)->run(*command, 2, (char *[]){name, page, NULL}) != CLI_OK)
      (void)cli_fail_memory();
    free(name);
  }
  puts(".Sh ENVIRONMENT\n.Bl -tag -width Ds");
  for (const cli_variable *variable = cli_variables; variable->name != NULL; variable++) {
    printf(".It Ev %s\n", variable->name);
    print_sentence(variable->help);
    if (variable->details != NULL) print_text(variable->details);
  }
  puts(".El");
}
