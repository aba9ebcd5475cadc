// SPDX-License-Identifier: GPL-2.0
/*
 * Measures, in the guest, how fast a dump is read. Each command prints the bytes
 * that it dealt with and the nanoseconds that it took. Sizes are in bytes.
 *
 *	memcpy SIZE TOTAL
 *	touch SIZE TOTAL			memory that stays mapped
 *	read FILE OFFSET SIZE TOTAL
 *	mmap FILE OFFSET SIZE TOTAL		every byte is touched
 *	mapping FILE OFFSET SIZE TOTAL		none is: mmap() and munmap() alone
 *	anonymous SIZE TOTAL			the same without a file
 *	tables FILE OFFSET SIZE			page tables of one mapping, touched
 *	readers NUMBER FILE OFFSET SIZE TOTAL	read, TOTAL each, on a CPU each
 *	copiers NUMBER SIZE TOTAL		the same of memcpy
 *	extents FILE				find all that is not a hole
 *	sparse FILE				read it
 *	hold SIZE FILE				make FILE once SIZE is in use, and stay
 *	run COMMAND...				prints 0 bytes
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SOURCE	(8UL << 20)	/* what memcpy and touch walk through */

static __attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static size_t number(const char *text)
{
	char *end;
	size_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || *end || end == text)
		die("%s is not numeric", text);
	return value;
}

static unsigned long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000UL + time.tv_nsec;
}

static void report(unsigned long bytes, unsigned long start)
{
	printf("%lu %lu\n", bytes, now() - start);
}

static int open_file(const char *name)
{
	int fd = open(name, O_RDONLY);

	if (fd < 0)
		die("%s: %s", name, strerror(errno));
	return fd;
}

/* Memory of our own, with a page behind each address. */
static void *own_memory(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		die("%zu bytes of memory: %s", size, strerror(errno));
	memset(mem, 1, size);
	return mem;
}

/* Read every byte, in words. */
static void touch(const void *mem, size_t size)
{
	const unsigned long *word = mem, *end = word + size / sizeof(*word);
	unsigned long sum = 0;

	for (; word < end; word += 4)
		sum += word[0] ^ word[1] ^ word[2] ^ word[3];
	asm volatile("" : : "r" (sum));
}

static unsigned long copy_range(char *to, const char *from, size_t size, size_t total)
{
	size_t done;

	for (done = 0; done < total; done += size) {
		memcpy(to, from + done % SOURCE, size);
		asm volatile("" : : "r" (to) : "memory");
	}
	return done;
}

static void run_memcpy(char **argv)
{
	size_t size = number(argv[0]), total = number(argv[1]);
	char *from = own_memory(SOURCE), *to = own_memory(size);
	unsigned long start = now();

	report(copy_range(to, from, size, total), start);
}

static void run_touch(char **argv)
{
	size_t size = number(argv[0]), total = number(argv[1]), done;
	char *from = own_memory(SOURCE);
	unsigned long start = now();

	for (done = 0; done < total; done += size)
		touch(from + done % SOURCE, size);
	report(done, start);
}

static unsigned long read_range(int fd, off_t offset, void *buf, size_t size, size_t total)
{
	size_t done = 0;

	while (done < total) {
		ssize_t got = pread(fd, buf, size, offset + done);

		if (got <= 0)
			die("read at %#jx: %s", (uintmax_t)offset + done,
			    got ? strerror(errno) : "end of file");
		done += got;
	}
	return done;
}

static void run_read(char **argv)
{
	size_t size = number(argv[2]), total = number(argv[3]);
	void *buf = own_memory(size);
	int fd = open_file(argv[0]);
	unsigned long start = now();

	report(read_range(fd, number(argv[1]), buf, size, total), start);
}

static void map_range(char **argv, int touched)
{
	size_t size = number(argv[2]), total = number(argv[3]), done;
	off_t offset = number(argv[1]);
	int fd = open_file(argv[0]);
	unsigned long start = now();

	for (done = 0; done < total; done += size) {
		void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, offset + done);

		if (map == MAP_FAILED)
			die("mmap at %#jx: %s", (uintmax_t)offset + done, strerror(errno));
		if (touched)
			touch(map, size);
		munmap(map, size);
	}
	report(done, start);
}

static void run_mmap(char **argv)
{
	map_range(argv, 1);
}

static void run_mapping(char **argv)
{
	map_range(argv, 0);
}

static void run_anonymous(char **argv)
{
	size_t size = number(argv[0]), total = number(argv[1]), done;
	unsigned long start = now();

	for (done = 0; done < total; done += size)
		munmap(mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size);
	report(done, start);
}

static size_t page_tables(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	size_t kib = 0;

	if (!status)
		die("/proc/self/status: %s", strerror(errno));
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmPTE: %zu kB", &kib) == 1)
			break;
	fclose(status);
	return kib << 10;
}

static void run_tables(char **argv)
{
	size_t size = number(argv[2]), before = page_tables();
	int fd = open_file(argv[0]);
	unsigned long start = now();
	void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, number(argv[1]));

	if (map == MAP_FAILED)
		die("mmap at %s: %s", argv[1], strerror(errno));
	touch(map, size);
	report(page_tables() - before, start);
}

/* One process of several: waits on its CPU for the pipe to end, which is the signal. */
static void start_on(int cpu, int go)
{
	cpu_set_t cpus;
	char byte;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("CPU %d: %s", cpu, strerror(errno));
	if (read(go, &byte, 1))
		die("no signal to start");
}

static void reader(char **argv, int number_of, int go)
{
	size_t size = number(argv[2]), total = number(argv[3]);
	void *buf = own_memory(size);
	int fd = open_file(argv[0]);

	start_on(number_of, go);
	read_range(fd, number(argv[1]) + number_of * total, buf, size, total);
}

static void copier(char **argv, int number_of, int go)
{
	size_t size = number(argv[0]), total = number(argv[1]);
	char *from = own_memory(SOURCE), *to = own_memory(size);

	start_on(number_of, go);
	copy_range(to, from, size, total);
}

static void run_many(char **argv, size_t total, void (*child)(char **argv, int number_of, int go))
{
	int count = number(argv[0]), go[2], status, failed = 0;
	unsigned long start;

	if (pipe(go))
		die("pipe: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		if (fork())
			continue;
		close(go[1]);
		child(argv + 1, i, go[0]);
		exit(0);
	}
	/* Time for them to get ready. */
	usleep(200000);
	start = now();
	close(go[1]);
	for (int i = 0; i < count; i++) {
		wait(&status);
		failed |= status;
	}
	report(count * total, start);
	if (failed)
		die("one of %d has failed", count);
}

static void run_readers(char **argv)
{
	run_many(argv, number(argv[4]), reader);
}

static void run_copiers(char **argv)
{
	run_many(argv, number(argv[2]), copier);
}

/* Only where the data is, which is what a filter takes to decide. */
static void run_extents(char **argv)
{
	int fd = open_file(argv[0]);
	unsigned long start = now(), bytes = 0;
	off_t at = 0, end = 0;

	for (; (at = lseek(fd, end, SEEK_DATA)) >= 0; bytes += end - at)
		end = lseek(fd, at, SEEK_HOLE);
	if (errno != ENXIO)
		die("lseek: %s", strerror(errno));
	report(bytes, start);
}

static void run_sparse(char **argv)
{
	int fd = open_file(argv[0]);
	void *buf = own_memory(SOURCE / 8);
	unsigned long start = now(), bytes = 0;
	off_t at = 0, end;

	while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
		end = lseek(fd, at, SEEK_HOLE);
		while (at < end) {
			size_t left = end - at, size = left < SOURCE / 8 ? left : SOURCE / 8;

			at += read_range(fd, at, buf, size, size);
			bytes += size;
		}
	}
	if (errno != ENXIO)
		die("lseek: %s", strerror(errno));
	report(bytes, start);
}

static void run_hold(char **argv)
{
	own_memory(number(argv[0]));
	if (open(argv[1], O_WRONLY | O_CREAT, 0600) < 0)
		die("%s: %s", argv[1], strerror(errno));
	pause();
}

static void run_command(char **argv)
{
	unsigned long start = now();
	int status;

	if (!fork()) {
		execvp(argv[0], argv);
		die("%s: %s", argv[0], strerror(errno));
	}
	wait(&status);
	report(0, start);
	if (status)
		die("%s has failed", argv[0]);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;	/* at least */
		void (*run)(char **argv);
	} commands[] = {
		{ "memcpy", 2, run_memcpy },
		{ "touch", 2, run_touch },
		{ "read", 4, run_read },
		{ "mmap", 4, run_mmap },
		{ "mapping", 4, run_mapping },
		{ "anonymous", 2, run_anonymous },
		{ "tables", 3, run_tables },
		{ "readers", 5, run_readers },
		{ "copiers", 3, run_copiers },
		{ "extents", 1, run_extents },
		{ "sparse", 1, run_sparse },
		{ "hold", 2, run_hold },
		{ "run", 1, run_command },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name) || argc < 2 + commands[i].arguments)
			continue;
		commands[i].run(argv + 2);
		return 0;
	}
	die("usage: see the head of probe.c");
}
