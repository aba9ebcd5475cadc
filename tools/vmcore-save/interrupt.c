// SPDX-License-Identifier: GPL-2.0
/*
 * An end in good order when a signal asks for it.
 *
 * The first signal is remembered, and what runs for long looks for it. The second
 * one kills. From the first one on a clock ticks, so that a write which waits for a
 * reader returns and can be given up.
 */
#include <stdatomic.h>
#include <unistd.h>

#include "interrupt.h"

/* Set by handlers, which run between any two instructions of the main thread. */
static atomic_int interrupted;
static atomic_uint seconds;

static void end_or_kill(int number)
{
	if (interrupted) {
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	interrupted = number;
	alarm(1);
}

static void tick(int number)
{
	(void)number;
	seconds++;
	alarm(1);
}

/**
 * interrupt_init - end in good order when asked to end
 *
 * A broken pipe, or a limit on the size of a file, is an error of the write instead.
 */
void interrupt_init(void)
{
	struct sigaction action = { .sa_handler = end_or_kill };
	struct sigaction clock = { .sa_handler = tick };

	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &clock, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

/**
 * interrupt_keep_out - let no signal come to this thread, and those that it starts
 * @before: receives the signals that were blocked, for pthread_sigmask()
 */
void interrupt_keep_out(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
}

/**
 * interrupt_seconds - tell how long ago the signal was
 *
 * Return: seconds since the first signal, 0 without one.
 */
unsigned int interrupt_seconds(void)
{
	return seconds;
}

/**
 * interrupt_wanted - tell whether a signal asks for the end
 *
 * Return: whether it does.
 */
bool interrupt_wanted(void)
{
	return interrupted;
}

/**
 * interrupt_check - end when a signal asks for it
 *
 * Return: RESULT_OK to go on, or RESULT_FAILED, which has been told.
 */
enum result interrupt_check(void)
{
	if (!interrupted)
		return RESULT_OK;
	return fail(RESULT_FAILED, "interrupted by signal %d", interrupted);
}
