/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /proc/vmcore-kern-summary
 */
#ifndef _FS_PROC_VMCORE_SUMMARY_H
#define _FS_PROC_VMCORE_SUMMARY_H

struct proc_dir_entry;
struct vmcore_filter;

struct proc_dir_entry *vmcore_summary_create(struct vmcore_filter *filter);

#endif /* _FS_PROC_VMCORE_SUMMARY_H */
