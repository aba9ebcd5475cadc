/* SPDX-License-Identifier: GPL-2.0 */
/*
 * crashkernel=SIZE@ADDRESS, for code that runs before the kernel and chooses a place
 * for it: the decompressor, and the EFI stub, which is linked with that.
 */
#ifndef _ASM_X86_CRASHKERNEL_H
#define _ASM_X86_CRASHKERNEL_H

#include <linux/types.h>

#ifdef CONFIG_CRASH_RESERVE
/* arch/x86/boot/compressed/crashkernel.c */
bool crashkernel_fixed(u64 ram, u64 *start, u64 *size);

/* drivers/firmware/efi/libstub/x86-crashkernel.c */
void efi_hold_crashkernel(void);
bool efi_release_crashkernel(void);
#else
static inline bool crashkernel_fixed(u64 ram, u64 *start, u64 *size)
{
	return false;
}

static inline void efi_hold_crashkernel(void)
{
}

static inline bool efi_release_crashkernel(void)
{
	return false;
}
#endif

#endif /* _ASM_X86_CRASHKERNEL_H */
