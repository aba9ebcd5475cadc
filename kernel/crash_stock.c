// SPDX-License-Identifier: GPL-2.0
/*
 * Notes as the stock code of architectures writes them that do not select
 * ARCH_HAS_CRASH_DUMP_HOOKS. The generic code calls crash_note_append() directly.
 */
#include <linux/crash_dump.h>
#include <linux/crash_elf.h>
#include <linux/limits.h>
#include <linux/string.h>

/**
 * append_elf_note - write a note
 * @buf: place of the note, with room for it
 * @name: name of the note
 * @type: type of the note
 * @data: the descriptor
 * @data_len: bytes of @data
 *
 * Context: Any.
 * Return: place of the next note.
 */
Elf_Word *append_elf_note(Elf_Word *buf, char *name, unsigned int type,
			  void *data, size_t data_len)
{
	return (void *)buf + crash_note_append(buf, SIZE_MAX, name, type, data,
					       data_len);
}

/**
 * final_note - write the note that ends a list of notes
 * @buf: place of the note, with room for it
 *
 * Context: Any.
 */
void final_note(Elf_Word *buf)
{
	memset(buf, 0, sizeof(struct elf_note));
}
