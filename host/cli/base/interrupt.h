/* Signals that ask a training to end: noted, so that it can finish its step and save what was asked
 * for. */
#ifndef QUERN_CLI_BASE_INTERRUPT_H
#define QUERN_CLI_BASE_INTERRUPT_H

/* Notes which signals are ignored, as under nohup: call it first, since drivers set handlers of
 * their own. From then on SIGPIPE ends the program quietly, and a file that reaches the limit on
 * its size is a failed write, not SIGXFSZ. */
void cli_interrupt_prepare(void);

/* From the one to the other the first SIGINT, SIGTERM, SIGHUP, SIGPIPE or SIGXFSZ is noted. A
 * second SIGINT or SIGTERM ends the program at once, with 128 and the signal's number; the others
 * come more than once by themselves. What was ignored at first stays ignored. After SIGPIPE was
 * noted, it is ignored to the end. */
void cli_interrupt_watch(void);
void cli_interrupt_unwatch(void);

/* Between the two, now and then: sets the handlers again. A compiler inside a driver (LLVM in
 * PoCL's) sets its own while it builds a program, and puts older ones back when a signal arrives.
 */
void cli_interrupt_watch_again(void);

/* A line without an end stands on this terminal, or, with -1, none: a signal that ends the program
 * at once ends it. */
void cli_interrupt_line(int descriptor);

/* The signal that was noted, or 0. */
int cli_interrupt_signal(void);

#endif
