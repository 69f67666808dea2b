/* Ctrl-C, and a request to end: noted, so that training can finish its step. */
#ifndef QUERN_CLI_INTERRUPT_H
#define QUERN_CLI_INTERRUPT_H

/* Notes which signals are ignored, as under nohup. Call it before a device is opened: drivers set handlers of their own. */
void cli_interrupt_prepare(void);

/* From the one to the other, the first SIGINT or SIGTERM is noted, and a second ends the program at once, with 128 and the
 * signal's number. What was ignored at first stays so. */
void cli_interrupt_watch(void);
void cli_interrupt_unwatch(void);

/* A line without an end stands on this terminal, or, with -1, none: a signal that ends the program at once ends it. */
void cli_interrupt_line(int descriptor);

/* The signal that was noted, or 0. */
int cli_interrupt_signal(void);

#endif
