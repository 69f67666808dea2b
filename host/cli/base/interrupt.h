/* Signals that stop a training: noted, so that it can finish its step and save. */
#ifndef QUERN_CLI_BASE_INTERRUPT_H
#define QUERN_CLI_BASE_INTERRUPT_H

/* Notes which signals are ignored, as under nohup. Call it first: drivers set handlers of their
 * own. From then on SIGPIPE ends the program quietly, and a write past the limit on a file's size
 * fails instead of raising SIGXFSZ. */
void cli_interrupt_prepare(void);

/* Between the two, the first SIGINT, SIGTERM, SIGHUP, SIGPIPE or SIGXFSZ is noted. A second SIGINT
 * or SIGTERM ends the program at once, with 128 plus its number; the others repeat by themselves. A
 * signal that was ignored at first stays ignored. Once noted, SIGPIPE is ignored to the end. */
void cli_interrupt_watch(void);
void cli_interrupt_unwatch(void);

/* Sets the handlers again; call it between the two from time to time. A compiler inside a driver
 * (LLVM in PoCL) sets its own while it builds a program, and restores older ones when a signal
 * arrives. */
void cli_interrupt_watch_again(void);

/* Notes that a line without an end is on this terminal; -1: none. A signal that ends the program at
 * once ends the line. */
void cli_interrupt_line(int descriptor);

/* The signal that was noted, or 0. */
int cli_interrupt_signal(void);

#endif
