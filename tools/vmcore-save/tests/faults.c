// SPDX-License-Identifier: GPL-2.0
/*
 * Faults of source and destination for the tests, which link this with --wrap
 * for each function.
 *
 *	FAULT_READ=BEGIN-END	reading these bytes of any file fails with EIO
 *	FAULT_SPACE=BYTES	any file has room for so many bytes only, not the standard output
 *	FAULT_BLOCK=1		the destination is a disk
 *	FAULT_RANDOM=wait|fail	the kernel has no randomness yet, or none at all
 *	FAULT_CACHE=1		the page cache cannot be passed, nor written back
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t __real_pread64(int fd, void *buf, size_t size, off_t offset);
ssize_t __real_pwrite64(int fd, const void *buf, size_t size, off_t offset);
ssize_t __real_write(int fd, const void *buf, size_t size);
int __real_fallocate64(int fd, int mode, off_t offset, off_t size);
int __real_fstat64(int fd, struct stat *status);
ssize_t __wrap_pread64(int fd, void *buf, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *buf, size_t size, off_t offset);
ssize_t __wrap_write(int fd, const void *buf, size_t size);
int __wrap_fallocate64(int fd, int mode, off_t offset, off_t size);
int __wrap_fstat64(int fd, struct stat *status);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_sync_file_range(int fd, off_t offset, off_t size, unsigned int flags);
ssize_t __real_getrandom(void *buf, size_t size, unsigned int flags);
ssize_t __wrap_getrandom(void *buf, size_t size, unsigned int flags);

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

/* How much of a write there is room for. */
static size_t in_room(size_t size, off_t offset)
{
	const char *text = getenv("FAULT_SPACE");
	unsigned long long room = text ? strtoull(text, NULL, 10) : UINT64_MAX;

	if ((unsigned long long)offset >= room)
		return 0;
	return size < room - offset ? size : room - offset;
}

ssize_t __wrap_write(int fd, const void *buf, size_t size)
{
	off_t at = fd > STDERR_FILENO ? lseek(fd, 0, SEEK_CUR) : -1;

	if (at >= 0 && !in_room(size, at)) {
		errno = ENOSPC;
		return -1;
	}
	return __real_write(fd, buf, at < 0 ? size : in_room(size, at));
}

int __wrap_fallocate64(int fd, int mode, off_t offset, off_t size)
{
	if (getenv("FAULT_SPACE") && in_room(size, offset) < (size_t)size) {
		errno = ENOSPC;
		return -1;
	}
	return __real_fallocate64(fd, mode, offset, size);
}

ssize_t __wrap_pwrite64(int fd, const void *buf, size_t size, off_t offset)
{
	if (getenv("FAULT_CACHE") && fcntl(fd, F_GETFL) & O_DIRECT) {
		errno = EINVAL;
		return -1;
	}
	size = in_room(size, offset);
	if (!size) {
		errno = ENOSPC;
		return -1;
	}
	return __real_pwrite64(fd, buf, size, offset);
}

/* Only the destination can be written. */
int __wrap_fstat64(int fd, struct stat *status)
{
	int failed = __real_fstat64(fd, status);

	if (!failed && getenv("FAULT_BLOCK") && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
		status->st_mode = S_IFBLK | 0600;
	return failed;
}

/* The only request is BLKZEROOUT; each is told of. */
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const uint64_t *range;
	struct stat status;
	va_list arguments;

	va_start(arguments, request);
	range = va_arg(arguments, const uint64_t *);
	va_end(arguments);
	if (request != BLKZEROOUT || __real_fstat64(fd, &status) ||
	    __real_fallocate64(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, range[0],
			       range[1]) ||
	    ((uint64_t)status.st_size < range[0] + range[1] &&
	     ftruncate(fd, range[0] + range[1]))) {
		errno = ENOTTY;
		return -1;
	}
	fprintf(stderr, "zeros %ju %ju\n", (uintmax_t)range[0], (uintmax_t)range[1]);
	return 0;
}

/* The kernel tells of an error once, here, and not again in fsync(). */
int __wrap_sync_file_range(int fd, off_t offset, off_t size, unsigned int flags)
{
	(void)fd, (void)offset, (void)size, (void)flags;
	if (!getenv("FAULT_CACHE"))
		return 0;
	errno = EIO;
	return -1;
}

ssize_t __wrap_getrandom(void *buf, size_t size, unsigned int flags)
{
	const char *text = getenv("FAULT_RANDOM");

	if (!text || flags)
		return __real_getrandom(buf, size, flags);
	if (!strcmp(text, "wait"))
		pause();
	errno = EPERM;
	return -1;
}
