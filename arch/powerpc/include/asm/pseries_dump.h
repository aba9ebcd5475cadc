/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What arch/powerpc/kernel/fadump.c asks, before it looks for firmware of powernv
 * itself: dumps by the firmware of pseries.
 */
#ifndef _ASM_POWERPC_PSERIES_DUMP_H
#define _ASM_POWERPC_PSERIES_DUMP_H

#include <linux/types.h>

struct pt_regs;

#if defined(CONFIG_FA_DUMP) && defined(CONFIG_PPC_PSERIES)
void pseries_dump_scan(unsigned long node);
void pseries_dump_append_args(char *line);
bool pseries_dump_is_wanted(void);
bool pseries_dump_reserve(void);
bool pseries_dump_is_there(void);
bool pseries_dump_is_registered(void);
bool pseries_dump_uses(u64 start, u64 size);
void pseries_dump_crash(struct pt_regs *regs, const char *why);
void pseries_dump_stop(void);
void pseries_dump_share(void);
#else
static inline void pseries_dump_scan(unsigned long node) { }
static inline void pseries_dump_append_args(char *line) { }
static inline bool pseries_dump_is_wanted(void) { return false; }
static inline bool pseries_dump_reserve(void) { return false; }
static inline bool pseries_dump_is_there(void) { return false; }
static inline bool pseries_dump_is_registered(void) { return false; }
static inline bool pseries_dump_uses(u64 start, u64 size) { return false; }
static inline void pseries_dump_crash(struct pt_regs *regs, const char *why) { }
static inline void pseries_dump_stop(void) { }
static inline void pseries_dump_share(void) { }
#endif

#endif /* _ASM_POWERPC_PSERIES_DUMP_H */
