/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fs/proc/vmcore.c owns the exported dump. These functions replace, remove and
 * extend it.
 */
#ifndef _FS_PROC_VMCORE_OWNER_H
#define _FS_PROC_VMCORE_OWNER_H

struct crash_source;
struct vmcore_device;

int vmcore_load(struct crash_source *source);
void vmcore_unload(void);
int vmcore_attach_device(struct vmcore_device *device);

#endif /* _FS_PROC_VMCORE_OWNER_H */
