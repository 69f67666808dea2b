#include "interrupt.h"

#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM};
enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t noted, open_line = -1;
static bool ignored[SIGNALS], watched[SIGNALS];
static struct sigaction before[SIGNALS];

static void note(int signal) {
  if (noted != 0) {
    const ssize_t ended = open_line >= 0 ? write(open_line, "\n", 1) : 0;
    (void)ended; /* whether it arrived changes nothing */
    _exit(128 + signal);
  }
  noted = signal;
}

void cli_interrupt_prepare(void) {
  for (int i = 0; i < SIGNALS; i++) {
    struct sigaction action;
    ignored[i] = sigaction(signals[i], NULL, &action) == 0 && action.sa_handler == SIG_IGN;
  }
}

void cli_interrupt_watch(void) {
  for (int i = 0; i < SIGNALS; i++) {
    /* SA_RESTART: drivers are not all written for calls that a signal cuts short. */
    struct sigaction action = {.sa_handler = ignored[i] ? SIG_IGN : note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    watched[i] = sigaction(signals[i], &action, &before[i]) == 0;
  }
}

void cli_interrupt_unwatch(void) {
  for (int i = 0; i < SIGNALS; i++)
    if (watched[i]) sigaction(signals[i], &before[i], NULL);
}

void cli_interrupt_line(int descriptor) {
  open_line = descriptor;
}

int cli_interrupt_signal(void) {
  return noted;
}
