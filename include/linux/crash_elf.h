/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ELF core files of crash dumps, in one form for both classes.
 *
 * The functions keep no state and touch only their arguments, so the same
 * source is tested in user space.
 */
#ifndef _LINUX_CRASH_ELF_H
#define _LINUX_CRASH_ELF_H

#include <linux/elf.h>
#include <linux/types.h>

/* Maximum number of program headers: 128 Ki * 56 bytes = 7 MiB. More are refused. */
#define CRASH_ELF_MAX_SEGMENTS	(128 * 1024)
/* Maximum size of their table: a file may have a large stride between headers. */
#define CRASH_ELF_MAX_TABLE	(16 * 1024 * 1024)

/* Notes consist of words of four bytes, in both classes. */
#define CRASH_NOTE_ALIGN	4

/**
 * struct crash_elf - the file header of an ELF core, and its tables
 * @class: ELFCLASS32 or ELFCLASS64
 * @data: byte order, ELFDATA2LSB or ELFDATA2MSB; must be the CPU's own
 * @osabi: e_ident[EI_OSABI]
 * @machine: e_machine
 * @flags: e_flags
 * @phentsize: bytes from one program header to the next
 * @phnum: number of program headers. If @shoff is set, it is 0 until
 *	crash_elf_decode_xnum() has read it
 * @phoff: file offset of the first program header
 * @shoff: file offset of section header 0 if that holds @phnum because e_phnum
 *	is PN_XNUM; else 0
 *
 * After decoding, @phnum * @phentsize is at most CRASH_ELF_MAX_TABLE and, added
 * to @phoff, does not overflow.
 */
struct crash_elf {
	u8 class;
	u8 data;
	u8 osabi;
	u16 machine;
	u32 flags;
	u16 phentsize;
	u32 phnum;
	u64 phoff;
	u64 shoff;
};

/**
 * struct crash_segment - a decoded program header, the same for both classes
 * @type: PT_NOTE, PT_LOAD ...
 * @flags: PF_R, PF_W, PF_X
 * @paddr: physical address in the crashed kernel, bytes
 * @vaddr: virtual address in the crashed kernel
 * @filesz: number of bytes present at @where
 * @memsz: size of the described memory, bytes
 * @where: p_offset. In the headers that a first kernel leaves, this is the
 *	present physical address of the bytes; in a file, their offset
 */
struct crash_segment {
	u32 type;
	u32 flags;
	u64 paddr;
	u64 vaddr;
	u64 filesz;
	u64 memsz;
	u64 where;
};

/* Decoding. Input is not trusted. */
int crash_elf_decode_header(const void *buf, size_t len, struct crash_elf *elf);
int crash_elf_decode_xnum(const void *shdr, size_t len, struct crash_elf *elf);
int crash_elf_decode_segment(const struct crash_elf *elf, const void *phdr,
			     size_t len, struct crash_segment *seg);

/* Encoding. First ask for the size, then fill a buffer of that size. */
size_t crash_elf_encoded_size(u8 class, u32 phnum);
int crash_elf_encode(const struct crash_elf *elf,
		     const struct crash_segment *segs, void *buf, size_t size);

/**
 * struct crash_note - an ELF note inside a buffer; nothing is copied
 * @type: n_type
 * @namesz: bytes of @name, with the terminator
 * @descsz: bytes of @desc
 * @name: need not be terminated
 * @desc: the contents
 * @size: bytes of the whole note with its padding
 */
struct crash_note {
	u32 type;
	u32 namesz;
	u32 descsz;
	const char *name;
	const void *desc;
	size_t size;
};

/**
 * struct crash_note_cursor - position of a walk over notes
 * @pos: next note header
 * @left: bytes from @pos to the end of the buffer
 */
struct crash_note_cursor {
	const u8 *pos;
	size_t left;
};

/* Notes, see lib/crash/note.c. */
bool crash_note_next(struct crash_note_cursor *cur, struct crash_note *note);
bool crash_note_is(const struct crash_note *note, const char *name, u32 type);
size_t crash_note_size(const char *name, size_t descsz);
size_t crash_note_append(void *buf, size_t room, const char *name, u32 type,
			 const void *desc, size_t descsz);

#endif /* _LINUX_CRASH_ELF_H */
