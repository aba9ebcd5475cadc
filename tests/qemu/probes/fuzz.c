// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz PROGRESS ADDRESS STEP SEED COUNT: have /proc/vmcore made from COUNT sets
 * of headers, STEP bytes apart in old memory from ADDRESS on, and use each in
 * all ways. The number of a set, from SEED on, goes to PROGRESS before anything
 * else, so that the host knows which one it was that has ended the kernel.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe.h"

#define HOOK		"/sys/kernel/debug/vmcore/elfcorehdr"
#define PAGE		4096
#define HEAD		(64 * 1024)
#define SAMPLES		16
#define STEPS		64
#define SECONDS		60	/* for one set; the host may be busy */
#define EXPECT(cond, ...)	do { if (!(cond)) die(__VA_ARGS__); } while (0)

static char buf[HEAD];

/* Write the address to the hook; return whether there is a dump then. */
static int load(int hook, unsigned long address)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%#lx\n", address);
	int loaded = pwrite(hook, text, len, 0) == len;
	int error = errno;
	int exists = !access("/proc/vmcore", F_OK);

	EXPECT(loaded == exists, "the hook %s, but /proc/vmcore %s",
	       loaded ? "succeeds" : strerror(error), exists ? "exists" : "is missing");
	return exists;
}

/* The exported headers are ours to get right, whatever they were made from. */
static void check_segment(const Elf64_Phdr *phdr, off_t size, unsigned int index)
{
	EXPECT(phdr->p_type == PT_LOAD || phdr->p_type == PT_NOTE, "segment %u has type %u",
	       index, phdr->p_type);
	EXPECT(phdr->p_filesz <= phdr->p_memsz, "segment %u: more in the file than in memory",
	       index);
	EXPECT(!phdr->p_filesz || phdr->p_offset <= (uint64_t)size,
	       "segment %u begins behind the file", index);
	EXPECT(!phdr->p_filesz || phdr->p_filesz <= size - phdr->p_offset,
	       "segment %u leaves the file", index);
}

static void check_headers(size_t len, off_t size)
{
	const Elf64_Ehdr *ehdr = (void *)buf;

	EXPECT(len >= sizeof(*ehdr) && !memcmp(buf, ELFMAG, SELFMAG), "no ELF file");
	if (ehdr->e_ident[EI_CLASS] != ELFCLASS64)
		return;
	EXPECT(ehdr->e_type == ET_CORE && ehdr->e_phnum, "no core file");
	EXPECT(ehdr->e_phentsize == sizeof(Elf64_Phdr), "e_phentsize is %u", ehdr->e_phentsize);
	for (unsigned int i = 0; i < ehdr->e_phnum; i++) {
		size_t at = ehdr->e_phoff + i * sizeof(Elf64_Phdr);

		if (at > len - sizeof(Elf64_Phdr))
			break;
		check_segment((void *)(buf + at), size, i);
	}
}

static void sample(int fd, off_t size)
{
	static char page[PAGE];

	for (int i = 0; i <= SAMPLES; i++) {
		/* Not at multiples of anything, and the very end, too. */
		off_t at = i == SAMPLES ? size - 1 : size / SAMPLES * i + 13 * i;
		size_t wanted = size - at < PAGE ? size - at : PAGE;

		EXPECT(read_fully(fd, page, wanted, at) == wanted, "short read at %#jx of %#jx",
		       (uintmax_t)at, (uintmax_t)size);
	}
	EXPECT(pread(fd, page, PAGE, size) == 0, "data at the end");
}

/* What is mapped has the bytes that are read. */
static void map_pages(int fd, off_t size)
{
	static char page[PAGE];

	for (int i = 0; i < SAMPLES; i++) {
		off_t at = size / SAMPLES * i / PAGE * PAGE;
		char *map = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, at);

		EXPECT(map != MAP_FAILED, "mmap at %#jx: %s", (uintmax_t)at, strerror(errno));
		read_fully(fd, page, PAGE, at);
		EXPECT(!memcmp(map, page, PAGE), "mmap at %#jx differs from read", (uintmax_t)at);
		munmap(map, PAGE);
	}
}

static void walk(int fd, off_t size)
{
	off_t at = 0;

	EXPECT(lseek(fd, 0, SEEK_END) == size, "SEEK_END is not the size");
	for (int i = 0; i < STEPS; i++) {
		off_t next = lseek(fd, at, i % 2 ? SEEK_HOLE : SEEK_DATA);

		if (next < 0 && errno == ENXIO)
			break;
		EXPECT(next >= at && next <= size, "%s from %#jx leads to %#jx",
		       i % 2 ? "SEEK_HOLE" : "SEEK_DATA", (uintmax_t)at, (uintmax_t)next);
		at = next;
	}
}

static void use_dump(void)
{
	int fd = open("/proc/vmcore", O_RDONLY);
	struct stat st;
	size_t len;

	EXPECT(fd >= 0 && !fstat(fd, &st), "/proc/vmcore: %s", strerror(errno));
	EXPECT(st.st_size > 0 && st.st_size % PAGE == 0, "the size is %#jx",
	       (uintmax_t)st.st_size);
	len = read_fully(fd, buf, sizeof(buf), 0);
	EXPECT(len == sizeof(buf) || (off_t)len == st.st_size, "a short read of the first bytes");
	check_headers(len, st.st_size);
	sample(fd, st.st_size);
	map_pages(fd, st.st_size);
	walk(fd, st.st_size);
	close(fd);
}

int probe_fuzz(int argc, char **argv)
{
	unsigned long address, step, seed, count, dumps = 0;
	int progress, hook;

	if (argc != 6)
		die("usage: fuzz PROGRESS ADDRESS STEP SEED COUNT");
	address = number(argv[2]);
	step = number(argv[3]);
	seed = number(argv[4]);
	count = number(argv[5]);
	progress = open(argv[1], O_WRONLY);
	hook = open(HOOK, O_WRONLY);
	EXPECT(progress >= 0, "%s: %s", argv[1], strerror(errno));
	EXPECT(hook >= 0, "%s: %s", HOOK, strerror(errno));

	for (unsigned long i = 0; i < count; i++) {
		EXPECT(dprintf(progress, "%lu\n", seed + i) > 0, "progress: %s", strerror(errno));
		alarm(SECONDS);
		if (load(hook, address + i * step)) {
			use_dump();
			dumps++;
		}
		alarm(0);
	}
	printf("%lu\n", dumps);
	return 0;
}
