// SPDX-License-Identifier: GPL-2.0
/*
 * Gathers the crashed kernel's notes: one PT_NOTE segment per CPU from kexec,
 * or one with everything from firmware, become the one of /proc/vmcore.
 *
 * Every note is passed on as it was written. One kind is added: gdb names a
 * thread by the pr_pid of its registers, and takes threads of the same name for
 * one. All idle tasks have pid 0. Where pr_pid is 0, gdb turns to the latest
 * NT_PRPSINFO before it (elfcore_make_pid() in BFD), so each idle CPU gets one
 * with a number of its own. Readers that look for tasks by pid, such as drgn,
 * go on finding 0 in the registers.
 */
#include <linux/align.h>
#include <linux/crash_elf.h>
#include <linux/elf.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/sprintf.h>
#include <linux/string.h>

#include "notes.h"

#define NOTE_NAME	"CORE"
/* The largest struct elf_prpsinfo, the same as a note, pr_fname, pr_psargs. */
#define PSINFO_MAX	136
#define PSINFO_NOTE_MAX	(PSINFO_MAX + 32)
#define PSINFO_FNAME	16
#define PSINFO_ARGS	80

/**
 * struct note_form - the form of process notes on one machine
 * @machine: e_machine
 * @prstatus_size: bytes of struct elf_prstatus, in files of both classes
 * @prstatus_pid: offset of its pr_pid
 * @psinfo_size: bytes of struct elf_prpsinfo
 * @psinfo_pid: offset of its pr_pid
 * @psinfo_fname: offset of its pr_fname, which pr_psargs follows
 *
 * These are the structures of the crashed kernel's machine, which need not be
 * ours: a 32-bit x86 kernel may take the dump of a 64-bit one.
 */
struct note_form {
	u16 machine;
	u16 prstatus_size;
	u16 prstatus_pid;
	u16 psinfo_size;
	u16 psinfo_pid;
	u16 psinfo_fname;
};

static const struct note_form note_forms[] = {
	{ EM_X86_64,	336, 32, 136, 24, 40 },
	{ EM_386,	144, 24, 124, 12, 28 },
	{ EM_AARCH64,	392, 32, 136, 24, 40 },
	{ EM_PPC64,	504, 32, 136, 24, 40 },
	{ EM_PPC,	268, 24, 128, 16, 32 },
};

/* The form of @note if it has the registers of an idle task, or NULL. */
static const struct note_form *find_idle_form(const struct crash_note *note,
					      u16 machine)
{
	const struct note_form *form;
	u32 pid;

	for (form = note_forms; form < note_forms + ARRAY_SIZE(note_forms); form++) {
		if (form->machine != machine ||
		    form->prstatus_size != note->descsz)
			continue;
		memcpy(&pid, note->desc + form->prstatus_pid, sizeof(pid));
		return pid ? NULL : form;
	}
	return NULL;
}

/* Add a note to the size that is needed, and to the buffer of zeros, if there is one. */
static bool append_gathered_note(struct vmcore_notes *notes, const void *note, size_t size)
{
	size_t room = notes->buf ? notes->room : VMCORE_MAX_NOTES;
	/* The end of a segment may have cut off the padding. */
	size_t padded = ALIGN(size, CRASH_NOTE_ALIGN);

	if (padded > room - notes->size)
		return false;
	if (notes->buf)
		memcpy(notes->buf + notes->size, note, size);
	notes->size += padded;
	return true;
}

/* Let the registers that follow belong to a thread of their own for gdb. */
static bool append_idle_psinfo(struct vmcore_notes *notes,
			       const struct note_form *form, u32 cpu)
{
	u32 pid = VMCORE_IDLE_PID + cpu;
	char desc[PSINFO_MAX] = {};
	char note[PSINFO_NOTE_MAX];
	size_t size;

	memcpy(desc + form->psinfo_pid, &pid, sizeof(pid));
	/*
	 * gdb warns unless the first is the name of the file with the symbols,
	 * and says that the second has generated the core.
	 */
	snprintf(desc + form->psinfo_fname, PSINFO_FNAME, "vmlinux");
	snprintf(desc + form->psinfo_fname + PSINFO_FNAME, PSINFO_ARGS,
		 "vmlinux (CPU %u idle)", cpu);
	size = crash_note_append(note, sizeof(note), NOTE_NAME, NT_PRPSINFO,
				 desc, form->psinfo_size);
	return size && append_gathered_note(notes, note, size);
}

/* Registers are numbered by segment, one per CPU, or within one for all. */
static u32 count_cpu(struct vmcore_notes *notes, u32 index)
{
	u32 cpu = max(index, notes->nr_cpus);

	notes->nr_cpus = cpu + 1;
	return cpu;
}

/**
 * vmcore_notes_add() - gather the notes of one segment
 * @notes: the notes gathered so far; all zero but @machine to begin with
 * @index: number of the segment among its kind, which is the number of the CPU
 *         if there is one segment per CPU
 * @segment: the notes, 4-byte aligned; not trusted
 * @len: bytes at @segment
 *
 * A note header of zeros is the end of the segment. A note without a name is
 * passed over. A note whose lengths do not fit ends the segment: the rest of the
 * segment is lost.
 *
 * Notes have the form of the ELF gABI, with 4-byte alignment for both classes.
 * linux/elfcore.h defines the form of their contents.
 *
 * Context: Any; the caller serialises access to @notes.
 */
void vmcore_notes_add(struct vmcore_notes *notes, u32 index,
		      const void *segment, size_t len)
{
	struct crash_note_cursor cur = { .pos = segment, .left = len };
	static const struct elf64_note end;
	const void *start = segment;
	struct crash_note note;

	for (; crash_note_next(&cur, &note); start = cur.pos) {
		if (crash_note_is(&note, NOTE_NAME, NT_PRSTATUS)) {
			const struct note_form *idle = find_idle_form(&note, notes->machine);
			u32 cpu = count_cpu(notes, index);

			if (idle && !append_idle_psinfo(notes, idle, cpu))
				notes->nr_bad++;
		}
		if (!note.namesz || !append_gathered_note(notes, start, note.size))
			notes->nr_bad++;
	}
	/* Unless it stands at the end that the crashed kernel has marked. */
	if (memcmp(cur.pos, &end, min(cur.left, sizeof(end))))
		notes->nr_bad++;
}
