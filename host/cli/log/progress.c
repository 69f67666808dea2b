#include "progress.h"

#include "../base/clock.h"
#include "../base/interrupt.h"
#include "../data/describe.h"
#include "../text/draft.h"
#include "../text/terminal.h"
#include "../text/text.h"

#include <math.h>
#include <string.h>

#define SHORTEST_REDRAW 0.1 /* seconds */
#define LONGEST_SHOWN   1e9 /* seconds; a longer time is shown as "?" */
enum { BAR_LEAST = 8, BAR_MOST = 30, MARGIN = 3 /* columns for the echo of ^C */ };

/* The parts of a line within an epoch, from most to least. */
typedef struct layout {
  bool bar, loss, score, rate, left;
  bool brief; /* "/s" for "samples/s" */
} layout;

static const layout layouts[] = {
    {true, true, true, true, true, false},    {true, true, true, true, true, true},
    {false, true, true, true, true, true},    {true, true, false, true, true, true},
    {false, true, false, true, true, true},   {false, true, false, false, true, true},
    {false, true, false, false, false, true}, {false, false, false, false, false, true},
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

void cli_progress_begin(cli_progress *progress, FILE *stream, size_t rows) {
  *progress = (cli_progress){.stream = stream,
                             .live = cli_terminal_overwrites(stream),
                             .rows = rows,
                             .score = {"accuracy", NAN},
                             .began = cli_seconds(),
                             .epoch_seconds = NAN};
}

/* Prints "0:41", "1:02:03" or "3 d 04:05"; "?" without an estimate. */
static void print_duration(FILE *line, double seconds) {
  if (!(seconds >= 0.0 && seconds < LONGEST_SHOWN)) {
    fputs("?", line);
    return;
  }
  const long whole = lround(seconds), day = 24 * 3600;
  if (whole >= day)
    fprintf(line, "%ld d %02ld:%02ld", whole / day, whole % day / 3600, whole % 3600 / 60);
  else if (whole >= 3600)
    fprintf(line, "%ld:%02ld:%02ld", whole / 3600, whole % 3600 / 60, whole % 60);
  else
    fprintf(line, "%ld:%02ld", whole / 60, whole % 60);
}

/* The time to the end of the training: the rest of this epoch by its rate, the other epochs as the
 * last one, with its test. */
static double seconds_left(const cli_progress *progress, const quern_progress *current) {
  const double steps = (double)progress->rows / current->train_samples_per_second;
  const double epoch = isnan(progress->epoch_seconds) ? steps : progress->epoch_seconds;
  return steps * (double)(current->steps - current->step) / (double)current->steps +
         epoch * (double)(current->epochs - current->epoch);
}

static void print_epoch(FILE *line, size_t epoch, size_t epochs) {
  const int width = snprintf(NULL, 0, "%zu", epochs);
  fprintf(line, "epoch %*zu/%zu", width, epoch, epochs);
}

/* The part of the line behind its bar. */
static void print_rest(FILE *line, const cli_progress *progress, const quern_progress *current,
                       const layout *form) {
  const char *gap = form->brief ? "  " : "   ";
  fprintf(line, "  %3.0f%%", floor(100.0 * (double)current->step / (double)current->steps));
  if (form->loss) fprintf(line, "%sloss %s", gap, cli_figure(current->train_loss).text);
  if (form->score && !isnan(progress->score.value))
    fprintf(line, "%s%s%s %s", gap, form->brief ? "" : "test ", progress->score.name,
            cli_figure(progress->score.value).text);
  if (form->rate)
    fprintf(line, "%s%s%s", gap, cli_grouped(current->train_samples_per_second).text,
            form->brief ? "/s" : " samples/s");
  if (form->left) {
    fputs(gap, line);
    print_duration(line, seconds_left(progress, current));
    fputs(" left", line);
  }
}

static void print_bar(FILE *line, const cli_progress *progress, const quern_progress *current,
                      size_t width) {
  const bool color = cli_terminal_color(progress->stream), fine = cli_terminal_utf8();
  const size_t full = (size_t)((double)width * (double)current->step / (double)current->steps);
  fputs("  ", line);
  if (color) fputs("\033[36m", line);
  for (size_t i = 0; i < full; i++) fputs(fine ? "\u2501" : "=", line);
  if (color) fputs("\033[90m", line);
  for (size_t i = full; i < width; i++) fputs(fine ? "\u2500" : "-", line);
  if (color) fputs("\033[0m", line);
}

/* The columns of a line without its bar; SIZE_MAX if memory is out. */
static size_t columns_of(const cli_progress *progress, const quern_progress *current,
                         const layout *form) {
  cli_draft text;
  const bool opened = cli_draft_open(&text);
  if (opened) print_epoch(text.stream, current->epoch, current->epochs);
  if (opened) print_rest(text.stream, progress, current, form);
  const size_t columns = cli_draft_finish(&text) ? cli_text_length(text.text) : SIZE_MAX;
  cli_draft_free(&text);
  return columns;
}

/* The fullest line that fits into `room` columns; nothing if none does. */
static void print_fitting(FILE *line, const cli_progress *progress, const quern_progress *current,
                          size_t room) {
  for (size_t i = 0; i < LAYOUTS; i++) {
    const layout *form = &layouts[i];
    const size_t columns = columns_of(progress, current, form), bar = form->bar ? BAR_LEAST + 2 : 0;
    if (columns > room || room - columns < bar) continue;
    const size_t free_columns = room - columns - 2;
    print_epoch(line, current->epoch, current->epochs);
    if (form->bar)
      print_bar(line, progress, current, free_columns < BAR_MOST ? free_columns : BAR_MOST);
    print_rest(line, progress, current, form);
    return;
  }
}

/* Overwrites the line in one write, and clears only what is behind the new text: nothing flickers.
 */
static void write_over(cli_progress *progress, const char *text) {
  fprintf(progress->stream, "\r%s\033[K", text);
  fflush(progress->stream);
}

void cli_progress_show(cli_progress *progress, const quern_progress *current) {
  const double time = cli_seconds();
  if (!progress->live || time - progress->drawn < SHORTEST_REDRAW) return;
  const size_t width = cli_terminal_width(progress->stream);
  cli_draft line;
  const bool opened = cli_draft_open(&line);
  if (opened && width > MARGIN) print_fitting(line.stream, progress, current, width - MARGIN);
  if (cli_draft_finish(&line)) {
    cli_interrupt_line(fileno(progress->stream));
    write_over(progress, line.text);
    progress->shown = true;
    progress->drawn = time;
  }
  cli_draft_free(&line);
}

/* Prints an epoch's summary, in full or brief. */
static void print_summary(FILE *line, const quern_epoch *epoch, bool brief, bool rate) {
  const char *gap = brief ? "  " : "   ", *loss = brief ? "" : " loss";
  print_epoch(line, epoch->epoch, epoch->epochs);
  fprintf(line, "%strain%s %s", gap, loss, cli_figure(epoch->train_loss).text);
  fprintf(line, "%stest%s %s", gap, loss, cli_figure(epoch->test.loss).text);
  const cli_headline score = cli_headline_of(&epoch->test);
  fprintf(line, "%s%s%s %s", gap, brief ? "" : "test ", score.name, cli_figure(score.value).text);
  if (rate)
    fprintf(line, "%s%s%s", gap, cli_grouped(epoch->train_samples_per_second).text,
            brief ? "/s" : " samples/s");
}

/* 0 if memory is out: the summary is then not measured. */
static size_t summary_columns(const quern_epoch *epoch, bool brief, bool rate) {
  cli_draft text;
  const bool opened = cli_draft_open(&text);
  if (opened) print_summary(text.stream, epoch, brief, rate);
  const size_t columns = cli_draft_finish(&text) ? cli_text_length(text.text) : 0;
  cli_draft_free(&text);
  return columns;
}

void cli_progress_epoch(cli_progress *progress, const quern_epoch *epoch) {
  static const struct { bool brief, rate; } forms[] = {{false, true}, {true, true}, {true, false}};
  enum { LAST = sizeof forms / sizeof *forms - 1 };
  const double time = cli_seconds();
  progress->epoch_seconds = time - progress->began;
  progress->began = time;
  progress->score = cli_headline_of(&epoch->test);
  if (!epoch->tested) progress->score.value = (double)NAN;

  const size_t room = progress->live ? cli_terminal_width(progress->stream) : SIZE_MAX;
  for (size_t i = 0; i <= LAST; i++) {
    if (i < LAST && summary_columns(epoch, forms[i].brief, forms[i].rate) > room) continue;
    fputs(progress->shown ? "\r" : "", progress->stream);
    print_summary(progress->stream, epoch, forms[i].brief, forms[i].rate);
    fputs(progress->shown ? "\033[K\n" : "\n", progress->stream);
    break;
  }
  fflush(progress->stream);
  progress->shown = false;
  cli_interrupt_line(-1);
}

void cli_progress_end(cli_progress *progress) {
  if (progress->shown) write_over(progress, "");
  progress->shown = false;
  cli_interrupt_line(-1);
}
