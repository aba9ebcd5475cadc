// SPDX-License-Identifier: GPL-2.0
/*
 * Faults of source and destination for the tests, which link this with
 * --wrap=pread64 and --wrap=pwrite64.
 *
 *	FAULT_READ=BEGIN-END	reading these bytes of any file fails with EIO
 *	FAULT_SPACE=BYTES	any file has room for so many bytes only
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

ssize_t __real_pread64(int fd, void *buf, size_t size, off_t offset);
ssize_t __real_pwrite64(int fd, const void *buf, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *buf, size_t size, off_t offset);

ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t offset)
{
	const char *text = getenv("FAULT_READ");
	unsigned long long begin, end;

	if (text && sscanf(text, "%llu-%llu", &begin, &end) == 2 &&
	    (unsigned long long)offset < end && offset + size > begin) {
		if ((unsigned long long)offset >= begin) {
			errno = EIO;
			return -1;
		}
		size = begin - offset;
	}
	return __real_pread64(fd, buf, size, offset);
}

ssize_t __wrap_pwrite64(int fd, const void *buf, size_t size, off_t offset)
{
	const char *text = getenv("FAULT_SPACE");
	unsigned long long room = text ? strtoull(text, NULL, 10) : 0;

	if (text && offset + size > room) {
		if ((unsigned long long)offset >= room) {
			errno = ENOSPC;
			return -1;
		}
		size = room - offset;
	}
	return __real_pwrite64(fd, buf, size, offset);
}
