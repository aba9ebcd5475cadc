// SPDX-License-Identifier: GPL-2.0
/* vfork: a process in state D, waiting for a child that does not end. */
#include <unistd.h>

#include "probe.h"

int probe_vfork(int argc, char **argv)
{
	(void)argv;
	if (argc != 1)
		die("usage: vfork");
	if (vfork() == 0)
		for (;;)
			pause();
	return 1;
}
