// SPDX-License-Identifier: GPL-2.0
/*
 * ELF notes. The first kernel appends registers and vmcoreinfo as notes, the
 * capture kernel walks over the notes of the dump.
 *
 * Format: System V ABI, chapter 5 (Note Section), with words of 4 bytes and an
 * alignment of 4 in both classes. Linux writes this form, and all readers of
 * dumps expect it:
 *
 *	n_namesz  n_descsz  n_type  name, padding  desc, padding
 */
#include <linux/build_bug.h>
#include <linux/crash_elf.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/string.h>

/* One header type serves both classes. */
static_assert(sizeof(struct elf32_note) == 12 && sizeof(struct elf64_note) == 12);

/*
 * Return the number of zero bytes between data of @size bytes and the next
 * aligned place.
 */
static size_t padding_after(size_t size)
{
	return -size & (CRASH_NOTE_ALIGN - 1);
}

/*
 * Step over @size bytes and their padding. The end of the buffer may cut off
 * the padding. Return the address of the bytes, or NULL if some of them are
 * missing.
 */
static const void *take_bytes(struct crash_note_cursor *cur, size_t size)
{
	const u8 *part = cur->pos;

	if (size > cur->left)
		return NULL;
	size += min(padding_after(size), cur->left - size);
	cur->pos += size;
	cur->left -= size;
	return part;
}

/**
 * crash_note_next() - step to the next note
 * @cur: position of the walk; to begin, the buffer and its size. At a note that
 *	is refused, @cur stays at that note
 * @note: result, untouched if there is no next one. It points into the buffer
 *
 * The buffer is not trusted, and nothing outside it is read. Every step moves
 * @cur by at least a note header, so a walk ends.
 *
 * Context: Any.
 * Return: true if there is a note; false at the end of the buffer, at a note
 * header of zeros, and at a note that does not fit in the buffer.
 */
bool crash_note_next(struct crash_note_cursor *cur, struct crash_note *note)
{
	struct crash_note_cursor rest = *cur;
	const char *name;
	const void *desc;
	struct elf64_note nhdr;

	if (rest.left < sizeof(nhdr))
		return false;
	memcpy(&nhdr, take_bytes(&rest, sizeof(nhdr)), sizeof(nhdr));
	if (!nhdr.n_namesz && !nhdr.n_descsz && !nhdr.n_type)
		return false;

	name = take_bytes(&rest, nhdr.n_namesz);
	if (!name)
		return false;
	desc = take_bytes(&rest, nhdr.n_descsz);
	if (!desc)
		return false;

	note->type = nhdr.n_type;
	note->namesz = nhdr.n_namesz;
	note->descsz = nhdr.n_descsz;
	note->name = name;
	note->desc = desc;
	note->size = cur->left - rest.left;
	*cur = rest;
	return true;
}

/**
 * crash_note_is() - test the name and the type of a note
 * @note: from crash_note_next()
 * @name: the originator, such as "CORE"
 * @type: n_type; each originator has its own types
 *
 * Context: Any.
 * Return: true if both are equal, also if the note's name lacks its terminator.
 */
bool crash_note_is(const struct crash_note *note, const char *name, u32 type)
{
	size_t len = strlen(name);

	return note->type == type && strnlen(note->name, note->namesz) == len &&
	       !memcmp(note->name, name, len);
}

/**
 * crash_note_size() - size of a note
 * @name: the originator
 * @descsz: bytes of contents
 *
 * Context: Any.
 * Return: the size with all padding; SIZE_MAX if no note can be that large.
 */
size_t crash_note_size(const char *name, size_t descsz)
{
	size_t namesz = strlen(name) + 1;

	if (descsz > U32_MAX)
		return SIZE_MAX;
	return size_add(sizeof(struct elf64_note) + namesz + padding_after(namesz),
			size_add(descsz, padding_after(descsz)));
}

/**
 * crash_note_append() - write a note
 * @buf: destination; need not be aligned
 * @room: size of @buf, bytes
 * @name: the originator
 * @type: n_type
 * @desc: contents; may be NULL if @descsz is 0
 * @descsz: bytes of contents
 *
 * Context: Any, NMI included.
 * Return: crash_note_size() bytes if the note was written; 0 if @room is less
 * than that, and then nothing was written.
 */
size_t crash_note_append(void *buf, size_t room, const char *name, u32 type,
			 const void *desc, size_t descsz)
{
	size_t size = crash_note_size(name, descsz);
	size_t namesz = strlen(name) + 1;
	struct elf64_note nhdr = {
		.n_namesz = namesz,
		.n_descsz = descsz,
		.n_type = type,
	};
	u8 *at = buf;

	if (size > room)
		return 0;

	memcpy(at, &nhdr, sizeof(nhdr));
	at += sizeof(nhdr);
	memcpy(at, name, namesz);
	at += namesz;
	memset(at, 0, padding_after(namesz));
	at += padding_after(namesz);
	if (descsz)
		memcpy(at, desc, descsz);
	memset(at + descsz, 0, padding_after(descsz));
	return size;
}
