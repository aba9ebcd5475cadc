// SPDX-License-Identifier: GPL-2.0
/*
 * What the filter of /proc/vmcore-kern makes of a saved dump: the same source, in
 * user space.
 *
 *	classes DUMP               pages of each class
 *	classes DUMP LEVEL FILE    a bitmap of the pages that the level keeps, by
 *	                           page frame number, as makedumpfile has it
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/crash_elf.h>
#include <linux/crash_map.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include <linux/vmcore_filter.h>

/* The largest page that any machine has. */
#define MAX_PAGE_BYTES	65536

struct dump {
	struct vmcore_memory memory;
	int fd;
	const u8 *file;
	size_t size;
	struct crash_run *runs;
	u32 nr_runs;
	const struct crash_run *latest;
	u32 page_shift;
	struct crash_elf elf;
	const char *note;
	size_t note_size;
	unsigned long reads;
	u64 bytes;
};

struct result {
	struct dump *dump;
	u64 pages[VMCORE_NR_CLASSES];
	u64 kept;
	u32 level;
	u8 *bitmap;
};

static void die(const char *why)
{
	fprintf(stderr, "classes: %s\n", why);
	exit(1);
}

static const struct crash_run *find_run(struct dump *dump, u64 paddr)
{
	u32 i;

	if (dump->latest && paddr - dump->latest->paddr < dump->latest->size)
		return dump->latest;
	i = crash_map_find(dump->runs, dump->nr_runs, paddr);
	if (i == dump->nr_runs || dump->runs[i].paddr > paddr)
		return NULL;
	dump->latest = &dump->runs[i];
	return dump->latest;
}

static int read_dump(struct vmcore_memory *memory, u64 paddr, void *buf,
		     size_t len, u64 span)
{
	struct dump *dump = (struct dump *)memory;
	const struct crash_run *run = find_run(dump, paddr);

	(void)span;
	dump->reads++;
	dump->bytes += len;
	if (!run || len > run->size - (paddr - run->paddr))
		return -EFAULT;
	/* As vmcore-save reads: a call of the kernel for each. */
	return pread(dump->fd, buf, len, run->where + (paddr - run->paddr)) == (ssize_t)len ?
	       0 : -EIO;
}

static void find_note(struct dump *dump, const struct crash_segment *seg)
{
	struct crash_note_cursor cur = { dump->file + seg->where, seg->filesz };
	struct crash_note note;

	while (crash_note_next(&cur, &note)) {
		if (crash_note_is(&note, "VMCOREINFO", 0)) {
			dump->note = note.desc;
			dump->note_size = note.descsz;
		}
	}
}

static void open_dump(struct dump *dump, const char *path)
{
	int fd = dump->fd = open(path, O_RDONLY);
	struct crash_elf *elf = &dump->elf;
	struct crash_segment *segs;
	struct stat st;
	u32 i, nr = 0;

	if (fd < 0 || fstat(fd, &st))
		die("cannot open the dump");
	dump->size = st.st_size;
	dump->file = mmap(NULL, dump->size, PROT_READ, MAP_SHARED, fd, 0);
	if (dump->file == MAP_FAILED ||
	    crash_elf_decode_header(dump->file, dump->size, elf))
		die("not an ELF core");
	segs = calloc(elf->phnum, sizeof(*segs));
	dump->runs = calloc(elf->phnum, sizeof(*dump->runs));
	for (i = 0; i < elf->phnum; i++) {
		struct crash_segment *seg = &segs[nr];

		if (crash_elf_decode_segment(elf, dump->file + elf->phoff +
					     i * elf->phentsize, elf->phentsize, seg) ||
		    seg->where > dump->size ||
		    seg->filesz > dump->size - seg->where)
			die("the dump is cut short");
		if (seg->type == PT_NOTE)
			find_note(dump, seg);
		nr += seg->type == PT_LOAD;
	}
	dump->nr_runs = crash_map_build(segs, nr, dump->runs);
	free(segs);
	dump->memory.read = read_dump;
}

static bool is_zero(const struct dump *dump, const struct crash_run *run, u64 pfn)
{
	static const u8 zeros[MAX_PAGE_BYTES];
	u64 into = (pfn << dump->page_shift) - run->paddr;

	return !memcmp(dump->file + run->where + into, zeros,
		       min_t(u64, run->size - into, 1ULL << dump->page_shift));
}

static void count(void *ctx, u64 pfn, u64 nr, enum vmcore_class class)
{
	struct result *result = ctx;
	bool left_out = vmcore_is_left_out(class, result->level);

	for (; nr; nr--, pfn++) {
		const struct crash_run *run =
			find_run(result->dump, pfn << result->dump->page_shift);
		enum vmcore_class is = class;

		if (!run)
			continue;
		if (!left_out && result->level & VMCORE_LEVEL_ZERO &&
		    is_zero(result->dump, run, pfn))
			is = VMCORE_CLASS_ZERO;
		result->pages[is]++;
		if (left_out || is == VMCORE_CLASS_ZERO)
			continue;
		result->kept++;
		if (result->bitmap)
			result->bitmap[pfn / 8] |= 1 << pfn % 8;
	}
}

static void ignore(void *ctx, u64 pfn, u64 nr, enum vmcore_class class)
{
	(void)pfn;
	((u64 *)ctx)[class] += nr;
}

static void scan_all(struct dump *dump, struct vmcore_memmap *map,
		     u32 level, vmcore_emit_fn emit, void *ctx)
{
	u64 pages = VMCORE_BLOCK_PAGES, next = 0, block;
	u32 i;

	for (i = 0; i < dump->nr_runs; i++) {
		u64 first = dump->runs[i].paddr >> dump->page_shift;
		u64 last = (dump->runs[i].paddr + dump->runs[i].size - 1) >>
			   dump->page_shift;

		for (block = max(next, first / pages); block <= last / pages; block++)
			vmcore_scan(map, block, level, emit, ctx);
		next = block;
	}
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void print_result(const struct result *result, double seconds)
{
	unsigned int i;

	for (i = 0; i < VMCORE_NR_CLASSES; i++)
		printf("%s: pages %llu\n", vmcore_class_names[i], result->pages[i]);
	printf("kept: pages %llu\n", result->kept);
	printf("scan: %.3f s, %lu reads, %llu bytes\n", seconds,
	       result->dump->reads, result->dump->bytes);
}

int main(int argc, char **argv)
{
	static struct vmcore_rules rules;
	static struct vmcore_memmap map;
	static struct dump dump;
	struct result result = { .dump = &dump, .level = VMCORE_LEVEL_MAX };
	u64 sink[VMCORE_NR_CLASSES] = {}, size = 0;
	double start;

	if (argc != 2 && argc != 4)
		die("usage: classes DUMP [LEVEL FILE]");
	open_dump(&dump, argv[1]);
	if (vmcore_rules_init(&rules, &dump.elf, dump.note, dump.note_size)) {
		fprintf(stderr, "classes: vmcoreinfo: %s\n", rules.lacks);
		return 1;
	}
	dump.page_shift = rules.page_shift;
	if (dump.nr_runs)
		size = ((dump.runs[dump.nr_runs - 1].paddr +
			 dump.runs[dump.nr_runs - 1].size) >> dump.page_shift) / 8 + 1;
	if (argc == 4) {
		result.level = strtoul(argv[2], NULL, 10);
		result.bitmap = calloc(size, 1);
	}
	vmcore_memmap_init(&map, &rules, &dump.memory, &dump.memory);
	start = now();
	scan_all(&dump, &map, result.level, ignore, sink);
	start = now() - start;
	if (argc == 2)
		printf("release: %s\nrules: %s\n", rules.release,
		       rules.stated ? "stated" : "inferred");
	dump.reads = 0;
	dump.bytes = 0;
	scan_all(&dump, &map, result.level, count, &result);
	if (argc == 2)
		print_result(&result, start);
	if (result.bitmap) {
		FILE *file = fopen(argv[3], "wb");

		if (!file || fwrite(result.bitmap, 1, size, file) != size ||
		    fclose(file))
			die("cannot write the bitmap");
		free(result.bitmap);
	}
	free(dump.runs);
	return 0;
}
