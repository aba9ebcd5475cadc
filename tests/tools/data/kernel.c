// SPDX-License-Identifier: GPL-2.0
/*
 * As much of a kernel as the commands of gdb look for: its types and variables, in a
 * program that is linked where a kernel is, and that never runs.
 */
struct list_head { struct list_head *next, *prev; };
struct atomic { int counter; };
struct mm_struct { unsigned long total_vm; unsigned long rss_stat[4]; };
struct signal_struct { struct list_head thread_head; };

struct task_struct {
	struct { unsigned int cpu; } thread_info;
	unsigned int __state;
	int exit_state, on_cpu, pid, tgid;
	unsigned int flags;
	void *stack;
	struct { unsigned long sp; } thread;
	struct list_head tasks, thread_node;
	struct mm_struct *mm;
	struct task_struct *real_parent;
	struct signal_struct *signal;
	unsigned long start_time;
	char comm[16];
};

struct inactive_task_frame { unsigned long r15, r14, r13, r12, bx, bp, ret_addr; };
struct rq { struct task_struct *curr, *idle; };
struct orc_entry { short sp_offset, bp_offset; unsigned short bits; };
struct module_memory { void *base; unsigned int size; };

struct module {
	int state;
	struct list_head list;
	char name[56];
	const char *version;
	unsigned long taints;
	struct module_memory mem[7];
};

struct uts_namespace { struct { char field[6][65]; } name; };

struct inactive_task_frame frame_type;
struct orc_entry orc_type;
struct module module_type;
struct uts_namespace init_uts_ns;
unsigned long __per_cpu_offset[2];
unsigned long __cpu_online_mask = 1;
struct atomic panic_cpu;
struct list_head modules = { &modules, &modules };
struct signal_struct init_signals;
struct task_struct init_task = {
	.tasks = { &init_task.tasks, &init_task.tasks },
	.thread_node = { &init_signals.thread_head, &init_signals.thread_head },
	.signal = &init_signals, .comm = "swapper/0",
};

struct signal_struct init_signals = { { &init_task.thread_node, &init_task.thread_node } };
struct rq runqueues = { &init_task, &init_task };
unsigned long tainted_mask, _totalram_pages;
char __per_cpu_start;

void panic(void)
{
}
