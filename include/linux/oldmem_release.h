/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads and mappings of old memory, for code that gives parts of it back to the system
 * while there are readers. Without such code nothing is counted.
 */
#ifndef _LINUX_OLDMEM_RELEASE_H
#define _LINUX_OLDMEM_RELEASE_H

#include <linux/types.h>

#ifdef CONFIG_CRASH_FIRMWARE
int oldmem_begin_read(void);
void oldmem_end_read(int idx);
void oldmem_wait_for_reads(void);
void oldmem_begin_mapping(void);
void oldmem_end_mapping(bool made);
void oldmem_copy_mapping(void);
void oldmem_drop_mapping(void);
bool oldmem_lock_mappings(void);
void oldmem_unlock_mappings(void);
#else
static inline int oldmem_begin_read(void)
{
	return 0;
}

static inline void oldmem_end_read(int idx)
{
}

static inline void oldmem_begin_mapping(void)
{
}

static inline void oldmem_end_mapping(bool made)
{
}

static inline void oldmem_copy_mapping(void)
{
}

static inline void oldmem_drop_mapping(void)
{
}
#endif

#endif /* _LINUX_OLDMEM_RELEASE_H */
