#include "interrupt.h"

#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t noted, asked, open_line = -1;
static bool ignored[SIGNALS], watched[SIGNALS];
static struct sigaction before[SIGNALS];

/* A closing terminal sends SIGHUP more than once, and each failed write its signal: only SIGINT and
 * SIGTERM are repeated on purpose. */
static void note(int signal) {
  const bool asks = signal == SIGINT || signal == SIGTERM;
  if (asks && asked != 0) {
    const ssize_t ended = open_line >= 0 ? write(open_line, "\n", 1) : 0;
    (void)ended; /* a failed write changes nothing */
    _exit(128 + signal);
  }
  if (asks) asked = 1;
  if (noted == 0) noted = signal;
}

void cli_interrupt_prepare(void) {
  for (int i = 0; i < SIGNALS; i++) {
    struct sigaction action;
    /* Some parents ignore SIGPIPE for themselves, and the child inherits it. */
    ignored[i] = signals[i] != SIGPIPE && sigaction(signals[i], NULL, &action) == 0 &&
                 action.sa_handler == SIG_IGN;
  }
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_IGN);
}

static bool handle(int i, struct sigaction *old) {
  /* SA_RESTART: not all drivers handle interrupted calls. */
  struct sigaction action = {.sa_handler = ignored[i] ? SIG_IGN : note, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  return sigaction(signals[i], &action, old) == 0;
}

void cli_interrupt_watch(void) {
  for (int i = 0; i < SIGNALS; i++) watched[i] = handle(i, &before[i]);
}

void cli_interrupt_watch_again(void) {
  for (int i = 0; i < SIGNALS; i++)
    if (watched[i]) handle(i, NULL);
}

void cli_interrupt_unwatch(void) {
  for (int i = 0; i < SIGNALS; i++) {
    if (watched[i]) sigaction(signals[i], &before[i], NULL);
    watched[i] = false;
  }
  signal(SIGXFSZ, SIG_IGN);
  if (noted == SIGPIPE) signal(SIGPIPE, SIG_IGN);
}

void cli_interrupt_line(int descriptor) {
  open_line = descriptor;
}

int cli_interrupt_signal(void) {
  return noted;
}
