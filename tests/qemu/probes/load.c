// SPDX-License-Identifier: GPL-2.0
/*
 * load KERNEL INITRD COMMAND-LINE: load a capture kernel by kexec_file_load(2).
 *
 * As kexec -p -s does, which on x86_64 never comes to the system call with a
 * vmlinux: it looks for a place for the segments first, and has no list of memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

int probe_load(int argc, char **argv)
{
	if (argc != 4)
		die("usage: load KERNEL INITRD COMMAND-LINE");
	if (syscall(SYS_kexec_file_load, open_file(argv[1]), open_file(argv[2]),
		    strlen(argv[3]) + 1, argv[3], KEXEC_FILE_ON_CRASH))
		die("%s", strerror(errno));
	return 0;
}
