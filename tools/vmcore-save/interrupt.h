/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An end in good order when a signal asks for it.
 */
#ifndef VMCORE_SAVE_INTERRUPT_H
#define VMCORE_SAVE_INTERRUPT_H

#include <signal.h>

#include "report.h"

void interrupt_init(void);
void interrupt_keep_out(sigset_t *before);
unsigned int interrupt_seconds(void);
bool interrupt_wanted(void);
enum result interrupt_check(void);

#endif
