// SPDX-License-Identifier: GPL-2.0
/* without CAPABILITY COMMAND...: run a command without a capability, by its number. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

int probe_without(int argc, char **argv)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	unsigned int cap;

	if (argc < 3)
		die("usage: without CAPABILITY COMMAND...");
	cap = number(argv[1]);
	if (cap >= 64 || prctl(PR_CAPBSET_DROP, cap))
		die("no capability %u", cap);
	if (syscall(SYS_capget, &header, data))
		die("capget: %s", strerror(errno));
	data[cap / 32].effective &= ~(1U << cap % 32);
	data[cap / 32].permitted &= ~(1U << cap % 32);
	data[cap / 32].inheritable &= ~(1U << cap % 32);
	if (syscall(SYS_capset, &header, data))
		die("capset: %s", strerror(errno));
	execvp(argv[2], argv + 2);
	die("%s: %s", argv[2], strerror(errno));
}
