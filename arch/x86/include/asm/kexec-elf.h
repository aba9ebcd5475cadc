/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_KEXEC_ELF_H
#define _ASM_X86_KEXEC_ELF_H

extern const struct kexec_file_ops kexec_elf64_ops;

#endif /* _ASM_X86_KEXEC_ELF_H */
