/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Device dumps in /proc/vmcore: ELF notes of type NT_VMCOREDD, one for each
 * dump. The driver defines the data behind the header.
 */
#ifndef _UAPI_VMCORE_H
#define _UAPI_VMCORE_H

#include <linux/types.h>

#define VMCOREDD_NOTE_NAME "LINUX"
#define VMCOREDD_MAX_NAME_BYTES 44

/**
 * struct vmcoredd_header - the beginning of the note of a device dump
 * @n_namesz: length of @name, with the terminator
 * @n_descsz: size of @dump_name and of the data after this header, bytes
 * @n_type: NT_VMCOREDD
 * @name: VMCOREDD_NOTE_NAME, padded with zeros
 * @dump_name: name of the dump; unique, terminated
 */
struct vmcoredd_header {
	__u32 n_namesz;
	__u32 n_descsz;
	__u32 n_type;
	__u8 name[8];
	__u8 dump_name[VMCOREDD_MAX_NAME_BYTES];
};

#endif /* _UAPI_VMCORE_H */
