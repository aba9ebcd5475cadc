// SPDX-License-Identifier: GPL-2.0
/*
 * ELF core headers. The first kernel encodes them to describe its memory and
 * its notes. The capture kernel decodes these, and encodes other headers for
 * the readers of /proc/vmcore.
 *
 * The two classes have the same members, at different places and in different
 * widths. A table with one entry per member holds the difference; all other
 * code works on u64. Headers have the CPU's own byte order, but no known
 * alignment.
 */
#include <linux/crash_elf.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/stddef.h>
#include <linux/string.h>

/**
 * struct elf_field - a member of an ELF header
 * @offset: from the start of the header, bytes
 * @size: 2, 4 or 8 bytes
 *
 * Index 0 is for ELF32, 1 for ELF64.
 */
struct elf_field {
	u8 offset[2];
	u8 size[2];
};

#define ELF_FIELD(header, member) ((struct elf_field) {			\
	.offset = { offsetof(struct elf32_##header, member),		\
		    offsetof(struct elf64_##header, member) },		\
	.size = { sizeof_field(struct elf32_##header, member),		\
		  sizeof_field(struct elf64_##header, member) },	\
})

#define ELF_SIZE(class, header)						\
	((class) == ELFCLASS64 ? sizeof(struct elf64_##header) :	\
				 sizeof(struct elf32_##header))

union elf_value {
	u16 half;
	u32 word;
	u64 xword;
};

static u64 read_member(const u8 *header, u8 class, struct elf_field field)
{
	unsigned int column = class == ELFCLASS64;
	union elf_value raw;

	memcpy(&raw, header + field.offset[column], field.size[column]);
	switch (field.size[column]) {
	case sizeof(raw.half):
		return raw.half;
	case sizeof(raw.word):
		return raw.word;
	default:
		return raw.xword;
	}
}

#define READ_FIELD(from, class, header, member) \
	read_member(from, class, ELF_FIELD(header, member))

static bool known_class(u8 class)
{
	return class == ELFCLASS32 || class == ELFCLASS64;
}

static int decode_ident(const u8 *ident, size_t len, struct crash_elf *elf)
{
	if (len < EI_NIDENT)
		return -ENODATA;
	if (memcmp(ident, ELFMAG, SELFMAG))
		return -EINVAL;

	elf->class = ident[EI_CLASS];
	elf->data = ident[EI_DATA];
	elf->osabi = ident[EI_OSABI];
	if (!known_class(elf->class))
		return -EINVAL;
	if (elf->data != ELF_DATA || ident[EI_VERSION] != EV_CURRENT)
		return -ENOEXEC;
	return len < ELF_SIZE(elf->class, hdr) ? -ENODATA : 0;
}

/* Check size and place of the table of program headers. */
static int check_table(const struct crash_elf *elf)
{
	u64 size = (u64)elf->phnum * elf->phentsize;
	u64 end;

	if (elf->phentsize < ELF_SIZE(elf->class, phdr))
		return -EINVAL;
	if (elf->phnum && elf->phoff < ELF_SIZE(elf->class, hdr))
		return -EINVAL;
	if (elf->phnum > CRASH_ELF_MAX_SEGMENTS || size > CRASH_ELF_MAX_TABLE)
		return -E2BIG;
	if (check_add_overflow(elf->phoff, size, &end))
		return -EOVERFLOW;
	return 0;
}

/* e_phnum is PN_XNUM: find the section header that holds the number. */
static int decode_extended(const u8 *header, struct crash_elf *elf)
{
	size_t size = ELF_SIZE(elf->class, shdr);

	elf->phnum = 0;
	elf->shoff = READ_FIELD(header, elf->class, hdr, e_shoff);
	if (elf->shoff < ELF_SIZE(elf->class, hdr) ||
	    READ_FIELD(header, elf->class, hdr, e_shentsize) < size)
		return -EINVAL;
	return elf->shoff > U64_MAX - size ? -EOVERFLOW : 0;
}

/**
 * crash_elf_decode_header() - decode the file header of an ELF core
 * @buf: the file from its first byte on, of either class
 * @len: bytes of it that can be read
 * @elf: result, untouched after an error
 *
 * Formats: System V ABI, chapter 4 (ELF header), and PN_XNUM from its chapter
 * 5. Members that a dump does not need, such as e_entry, are ignored. If
 * @elf->shoff is set on return, the caller has to call crash_elf_decode_xnum().
 *
 * Context: Any.
 * Return: 0; -ENODATA if @len ends within the header; -EINVAL if this is not
 * ELF or contradicts itself; -ENOEXEC if it is not a core file, of another
 * byte order, or of a later ELF version; -E2BIG if it claims more than
 * CRASH_ELF_MAX_SEGMENTS program headers or CRASH_ELF_MAX_TABLE bytes of them;
 * -EOVERFLOW if they, or the section header, end beyond any file.
 */
int crash_elf_decode_header(const void *buf, size_t len, struct crash_elf *elf)
{
	struct crash_elf found = {};
	int ret;

	ret = decode_ident(buf, len, &found);
	if (ret)
		return ret;
	if (READ_FIELD(buf, found.class, hdr, e_type) != ET_CORE ||
	    READ_FIELD(buf, found.class, hdr, e_version) != EV_CURRENT)
		return -ENOEXEC;

	found.machine = READ_FIELD(buf, found.class, hdr, e_machine);
	found.flags = READ_FIELD(buf, found.class, hdr, e_flags);
	found.phoff = READ_FIELD(buf, found.class, hdr, e_phoff);
	found.phentsize = READ_FIELD(buf, found.class, hdr, e_phentsize);
	found.phnum = READ_FIELD(buf, found.class, hdr, e_phnum);
	if (found.phnum == PN_XNUM) {
		ret = decode_extended(buf, &found);
		if (ret)
			return ret;
	}

	ret = check_table(&found);
	if (ret)
		return ret;
	*elf = found;
	return 0;
}

/**
 * crash_elf_decode_xnum() - decode the number of program headers above 0xfffe
 * @shdr: section header 0, from file offset @elf->shoff
 * @len: bytes of it that can be read
 * @elf: result of crash_elf_decode_header(). Sets @elf->phnum; untouched after
 *	an error
 *
 * Format: System V ABI, chapter 5: e_phnum is PN_XNUM, sh_info the number.
 *
 * Context: Any.
 * Return: 0; -ENODATA if @len ends within the header; -EINVAL if the number
 * would have fitted e_phnum; -E2BIG, -EINVAL and -EOVERFLOW also as from
 * crash_elf_decode_header().
 */
int crash_elf_decode_xnum(const void *shdr, size_t len, struct crash_elf *elf)
{
	struct crash_elf found = *elf;
	int ret;

	if (len < ELF_SIZE(elf->class, shdr))
		return -ENODATA;

	found.phnum = READ_FIELD(shdr, elf->class, shdr, sh_info);
	if (found.phnum < PN_XNUM)
		return -EINVAL;

	ret = check_table(&found);
	if (ret)
		return ret;
	*elf = found;
	return 0;
}

/**
 * crash_elf_decode_segment() - decode one program header
 * @elf: the file header of its file
 * @phdr: the program header; the next one is @elf->phentsize bytes on
 * @len: bytes of it that can be read
 * @seg: result, untouched after an error
 *
 * The values are not checked: any of them may be absurd.
 *
 * Context: Any.
 * Return: 0; -ENODATA if @len ends within the header.
 */
int crash_elf_decode_segment(const struct crash_elf *elf, const void *phdr,
			     size_t len, struct crash_segment *seg)
{
	if (len < ELF_SIZE(elf->class, phdr))
		return -ENODATA;

	seg->type = READ_FIELD(phdr, elf->class, phdr, p_type);
	seg->flags = READ_FIELD(phdr, elf->class, phdr, p_flags);
	seg->paddr = READ_FIELD(phdr, elf->class, phdr, p_paddr);
	seg->vaddr = READ_FIELD(phdr, elf->class, phdr, p_vaddr);
	seg->filesz = READ_FIELD(phdr, elf->class, phdr, p_filesz);
	seg->memsz = READ_FIELD(phdr, elf->class, phdr, p_memsz);
	seg->where = READ_FIELD(phdr, elf->class, phdr, p_offset);
	return 0;
}

/**
 * struct elf_writer - state of encoding
 * @at: the header that is being written; all zero before
 * @class: class of the file
 * @overflow: a value did not fit its member
 */
struct elf_writer {
	u8 *at;
	u8 class;
	bool overflow;
};

static void write_field(struct elf_writer *to, struct elf_field field, u64 value)
{
	unsigned int column = to->class == ELFCLASS64;
	union elf_value raw;
	u64 written;

	switch (field.size[column]) {
	case sizeof(raw.half):
		raw.half = value;
		written = raw.half;
		break;
	case sizeof(raw.word):
		raw.word = value;
		written = raw.word;
		break;
	default:
		raw.xword = value;
		written = raw.xword;
	}
	if (written != value)
		to->overflow = true;
	memcpy(to->at + field.offset[column], &raw, field.size[column]);
}

#define WRITE_FIELD(to, header, member, value) \
	write_field(to, ELF_FIELD(header, member), value)

static void write_header(struct elf_writer *to, const struct crash_elf *elf)
{
	memcpy(to->at, ELFMAG, SELFMAG);
	to->at[EI_CLASS] = elf->class;
	to->at[EI_DATA] = ELF_DATA;
	to->at[EI_VERSION] = EV_CURRENT;
	to->at[EI_OSABI] = elf->osabi;

	WRITE_FIELD(to, hdr, e_type, ET_CORE);
	WRITE_FIELD(to, hdr, e_machine, elf->machine);
	WRITE_FIELD(to, hdr, e_version, EV_CURRENT);
	WRITE_FIELD(to, hdr, e_flags, elf->flags);
	WRITE_FIELD(to, hdr, e_ehsize, ELF_SIZE(elf->class, hdr));
	WRITE_FIELD(to, hdr, e_phoff, ELF_SIZE(elf->class, hdr));
	WRITE_FIELD(to, hdr, e_phentsize, ELF_SIZE(elf->class, phdr));
	WRITE_FIELD(to, hdr, e_phnum, min(elf->phnum, PN_XNUM));
	if (elf->phnum < PN_XNUM)
		return;

	WRITE_FIELD(to, hdr, e_shoff, ELF_SIZE(elf->class, hdr) +
		    elf->phnum * ELF_SIZE(elf->class, phdr));
	WRITE_FIELD(to, hdr, e_shentsize, ELF_SIZE(elf->class, shdr));
	WRITE_FIELD(to, hdr, e_shnum, 1);
}

static void write_segment(struct elf_writer *to, const struct crash_segment *seg)
{
	WRITE_FIELD(to, phdr, p_type, seg->type);
	WRITE_FIELD(to, phdr, p_flags, seg->flags);
	WRITE_FIELD(to, phdr, p_offset, seg->where);
	WRITE_FIELD(to, phdr, p_vaddr, seg->vaddr);
	WRITE_FIELD(to, phdr, p_paddr, seg->paddr);
	WRITE_FIELD(to, phdr, p_filesz, seg->filesz);
	WRITE_FIELD(to, phdr, p_memsz, seg->memsz);
	if (seg->type == PT_NOTE)
		WRITE_FIELD(to, phdr, p_align, CRASH_NOTE_ALIGN);
}

/**
 * crash_elf_encoded_size() - size of the headers that crash_elf_encode() writes
 * @class: ELFCLASS32 or ELFCLASS64
 * @phnum: number of program headers
 *
 * Context: Any.
 * Return: the size of all headers; 0 if @class is neither; SIZE_MAX if the size
 * does not fit size_t.
 */
size_t crash_elf_encoded_size(u8 class, u32 phnum)
{
	size_t size;

	if (!known_class(class))
		return 0;

	size = size_add(ELF_SIZE(class, hdr),
			size_mul(phnum, ELF_SIZE(class, phdr)));
	if (phnum >= PN_XNUM)
		size = size_add(size, ELF_SIZE(class, shdr));
	return size;
}

/**
 * crash_elf_encode() - write the headers of an ELF core
 * @elf: class, osabi, machine, flags and phnum of the file; the other members
 *	are ignored
 * @segs: @elf->phnum program headers
 * @buf: result; its contents are undefined after an error
 * @size: size of @buf, bytes
 *
 * The file header comes first, the program headers next. If e_phnum is too
 * small for their number, section header 0 follows and holds it.
 *
 * Context: Any.
 * Return: 0; -EINVAL if the class is unknown; -E2BIG for more than
 * CRASH_ELF_MAX_SEGMENTS; -ENOSPC if @size is below crash_elf_encoded_size();
 * -EOVERFLOW if a value does not fit ELF32.
 */
int crash_elf_encode(const struct crash_elf *elf,
		     const struct crash_segment *segs, void *buf, size_t size)
{
	struct elf_writer to = { .at = buf, .class = elf->class };
	size_t needed = crash_elf_encoded_size(elf->class, elf->phnum);
	u32 i;

	if (!needed)
		return -EINVAL;
	if (elf->phnum > CRASH_ELF_MAX_SEGMENTS)
		return -E2BIG;
	if (size < needed)
		return -ENOSPC;

	memset(buf, 0, needed);
	write_header(&to, elf);
	to.at += ELF_SIZE(elf->class, hdr);
	for (i = 0; i < elf->phnum; i++) {
		write_segment(&to, &segs[i]);
		to.at += ELF_SIZE(elf->class, phdr);
	}
	if (elf->phnum >= PN_XNUM)
		WRITE_FIELD(&to, shdr, sh_info, elf->phnum);
	return to.overflow ? -EOVERFLOW : 0;
}
