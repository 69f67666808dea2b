#include "progress.h"

#include "../base/interrupt.h"
#include "../data/describe.h"
#include "../text/draft.h"
#include "../text/terminal.h"
#include "../text/text.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define SHORTEST_REDRAW 0.1 /* seconds */
#define LONGEST_SHOWN   1e9 /* seconds; more is no estimate */
enum { BAR_LEAST = 8, BAR_MOST = 30, MARGIN = 3 /* columns for what a terminal echoes: ^C */ };

/* What a line within an epoch says, from all there is to least. */
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

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void cli_progress_begin(cli_progress *progress, FILE *stream, size_t rows) {
  *progress = (cli_progress){.stream = stream,
                             .live = cli_terminal_overwrites(stream),
                             .rows = rows,
                             .score = {"accuracy", NAN},
                             .began = now(),
                             .epoch_seconds = NAN};
}

/* "0:41", "1:02:03", "3 d 04:05"; a question mark where there is no estimate. */
static void print_duration(cli_draft *line, double seconds) {
  if (!(seconds >= 0.0 && seconds < LONGEST_SHOWN)) {
    cli_draft_add(line, "?");
    return;
  }
  const long whole = lround(seconds), day = 24 * 3600;
  if (whole >= day)
    cli_draft_add(line, "%ld d %02ld:%02ld", whole / day, whole % day / 3600, whole % 3600 / 60);
  else if (whole >= 3600)
    cli_draft_add(line, "%ld:%02ld:%02ld", whole / 3600, whole % 3600 / 60, whole % 60);
  else
    cli_draft_add(line, "%ld:%02ld", whole / 60, whole % 60);
}

/* To the end of the training: the rest of this epoch by its rate, the others as the last one was,
 * with its test. */
static double seconds_left(const cli_progress *progress, const quern_progress *current) {
  const double steps = (double)progress->rows / current->train_samples_per_second;
  const double epoch = isnan(progress->epoch_seconds) ? steps : progress->epoch_seconds;
  return steps * (double)(current->steps - current->step) / (double)current->steps +
         epoch * (double)(current->epochs - current->epoch);
}

static void print_epoch(cli_draft *line, size_t epoch, size_t epochs) {
  const int width = snprintf(NULL, 0, "%zu", epochs);
  cli_draft_add(line, "epoch %*zu/%zu", width, epoch, epochs);
}

/* The line but for its bar, which stands behind *at bytes of it. */
static void print_line(cli_draft *line, const cli_progress *progress, const quern_progress *current,
                       const layout *form, size_t *bar_at) {
  const char *gap = form->brief ? "  " : "   ";
  print_epoch(line, current->epoch, current->epochs);
  *bar_at = line->length;
  cli_draft_add(line, "  %3.0f%%", floor(100.0 * (double)current->step / (double)current->steps));
  if (form->loss) cli_draft_add(line, "%sloss %.4f", gap, current->train_loss);
  if (form->score && !isnan(progress->score.value))
    cli_draft_add(line, "%s%s%s %.4f", gap, form->brief ? "" : "test ", progress->score.name,
                  progress->score.value);
  if (form->rate)
    cli_draft_add(line, "%s%s%s", gap, cli_grouped(current->train_samples_per_second).text,
                  form->brief ? "/s" : " samples/s");
  if (form->left) {
    cli_draft_add(line, "%s", gap);
    print_duration(line, seconds_left(progress, current));
    cli_draft_add(line, " left");
  }
}

static void print_bar(cli_draft *line, const cli_progress *progress, const quern_progress *current,
                      size_t width) {
  const bool color = cli_terminal_color(progress->stream), fine = cli_terminal_utf8();
  const size_t full = (size_t)((double)width * (double)current->step / (double)current->steps);
  cli_draft_add(line, "  ");
  if (color) cli_draft_add(line, "\033[36m");
  for (size_t i = 0; i < full; i++) cli_draft_add(line, "%s", fine ? "\u2501" : "=");
  if (color) cli_draft_add(line, "\033[90m");
  for (size_t i = full; i < width; i++) cli_draft_add(line, "%s", fine ? "\u2500" : "-");
  if (color) cli_draft_add(line, "\033[0m");
}

/* The fullest line that fits into `room` columns, and nothing where none does. */
static void print_fitting(cli_draft *line, const cli_progress *progress,
                          const quern_progress *current, size_t room) {
  for (size_t i = 0; i < LAYOUTS; i++) {
    cli_draft text = {0};
    size_t bar_at = 0;
    print_line(&text, progress, current, &layouts[i], &bar_at);
    const bool good = cli_draft_whole(&text);
    const size_t length = good ? cli_text_length(text.text) : 0,
                 least = layouts[i].bar ? BAR_LEAST + 2 : 0;
    const bool fits = good && length + least <= room;
    if (fits) {
      cli_draft_add(line, "%.*s", (int)bar_at, text.text);
      const size_t free_columns = room - length - 2;
      if (layouts[i].bar)
        print_bar(line, progress, current, free_columns < BAR_MOST ? free_columns : BAR_MOST);
      cli_draft_add(line, "%s", text.text + bar_at);
    }
    cli_draft_free(&text);
    if (fits || !good) return;
  }
}

/* In one write, with what was there cleared behind the new text and never before it: nothing
 * flickers. */
static void write_over(cli_progress *progress, const char *text) {
  fprintf(progress->stream, "\r%s\033[K", text);
  fflush(progress->stream);
}

void cli_progress_show(cli_progress *progress, const quern_progress *current) {
  const double time = now();
  if (!progress->live || time - progress->drawn < SHORTEST_REDRAW) return;
  const size_t width = cli_terminal_width(progress->stream);
  cli_draft line = {0};
  if (width > MARGIN) print_fitting(&line, progress, current, width - MARGIN);
  if (cli_draft_whole(&line)) {
    cli_interrupt_line(fileno(progress->stream));
    write_over(progress, line.text);
    progress->shown = true;
    progress->drawn = time;
  }
  cli_draft_free(&line);
}

/* The epoch in full, or in fewer words. */
static void print_summary(cli_draft *line, const quern_epoch *epoch, bool brief, bool rate) {
  const char *gap = brief ? "  " : "   ", *loss = brief ? "" : " loss";
  print_epoch(line, epoch->epoch, epoch->epochs);
  cli_draft_add(line, "%strain%s %.4f", gap, loss, epoch->train_loss);
  cli_draft_add(line, "%stest%s %.4f", gap, loss, epoch->test.loss);
  const cli_headline score = cli_headline_of(&epoch->test);
  cli_draft_add(line, "%s%s%s %.4f", gap, brief ? "" : "test ", score.name, score.value);
  if (rate)
    cli_draft_add(line, "%s%s%s", gap, cli_grouped(epoch->train_samples_per_second).text,
                  brief ? "/s" : " samples/s");
}

void cli_progress_epoch(cli_progress *progress, const quern_epoch *epoch) {
  static const struct { bool brief, rate; } forms[] = {{false, true}, {true, true}, {true, false}};
  enum { LAST = sizeof forms / sizeof *forms - 1 };
  const double time = now();
  progress->epoch_seconds = time - progress->began;
  progress->began = time;
  progress->score = cli_headline_of(&epoch->test);
  if (!epoch->tested) progress->score.value = (double)NAN;

  const size_t room = progress->live ? cli_terminal_width(progress->stream) : SIZE_MAX;
  for (size_t i = 0; i <= LAST; i++) {
    cli_draft line = {0};
    print_summary(&line, epoch, forms[i].brief, forms[i].rate);
    const bool good = cli_draft_whole(&line);
    const bool fits = good && (i == LAST || cli_text_length(line.text) <= room);
    const char *before = progress->shown ? "\r" : "", *behind = progress->shown ? "\033[K" : "";
    if (fits) fprintf(progress->stream, "%s%s%s\n", before, line.text, behind);
    cli_draft_free(&line);
    if (fits) break;
    if (good) continue;
    /* Without memory it is not measured. */
    fputs(before, progress->stream);
    print_summary(&(cli_draft){.stream = progress->stream}, epoch, forms[i].brief, forms[i].rate);
    fprintf(progress->stream, "%s\n", behind);
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
