// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and mappings of old memory, for code that gives parts of it back to the system:
 * it waits for the reads, and does nothing while there is a mapping.
 */
#include <linux/atomic.h>
#include <linux/oldmem_release.h>
#include <linux/rwsem.h>
#include <linux/srcu.h>

DEFINE_STATIC_SRCU(read_srcu);

/* Mappings of the dump. */
static struct {
	struct rw_semaphore lock;	/* held for reading while a mapping is made */
	atomic_t nr;
} mappings = {
	.lock = __RWSEM_INITIALIZER(mappings.lock),
};

/**
 * oldmem_begin_read() - begin to use answers about which memory is RAM
 *
 * Context: Process context. May nest.
 * Return: the argument of oldmem_end_read().
 */
int oldmem_begin_read(void)
{
	return srcu_read_lock(&read_srcu);
}

/**
 * oldmem_end_read() - the opposite of oldmem_begin_read()
 * @idx: from oldmem_begin_read()
 *
 * Context: Process context.
 */
void oldmem_end_read(int idx)
{
	srcu_read_unlock(&read_srcu, idx);
}

/**
 * oldmem_wait_for_reads() - wait until all reads that are under way have ended
 *
 * Context: Process context, sleeps. A read can wait in a page fault for long.
 */
void oldmem_wait_for_reads(void)
{
	synchronize_srcu(&read_srcu);
}

/**
 * oldmem_begin_mapping() - a process is about to map old memory
 *
 * Context: In ->mmap, with the mmap lock held. oldmem_end_mapping() follows.
 */
void oldmem_begin_mapping(void)
{
	down_read(&mappings.lock);
	atomic_inc(&mappings.nr);
}

/**
 * oldmem_end_mapping() - the mapping is made
 * @made: it is there, else it has failed
 *
 * Context: In ->mmap, after oldmem_begin_mapping().
 */
void oldmem_end_mapping(bool made)
{
	if (!made)
		atomic_dec(&mappings.nr);
	up_read(&mappings.lock);
}

/**
 * oldmem_copy_mapping() - a mapping has become two
 *
 * Context: In ->open of a mapping.
 */
void oldmem_copy_mapping(void)
{
	atomic_inc(&mappings.nr);
}

/**
 * oldmem_drop_mapping() - a mapping has gone
 *
 * Context: In ->close of a mapping, when its pages are not mapped any more.
 */
void oldmem_drop_mapping(void)
{
	atomic_dec(&mappings.nr);
}

/**
 * oldmem_lock_mappings() - keep processes from mapping old memory
 *
 * Context: Process context, may sleep; the mmap lock is not held.
 * Return: true if none has; then oldmem_unlock_mappings() has to follow.
 */
bool oldmem_lock_mappings(void)
{
	down_write(&mappings.lock);
	if (!atomic_read(&mappings.nr))
		return true;
	up_write(&mappings.lock);
	return false;
}

/**
 * oldmem_unlock_mappings() - the opposite of oldmem_lock_mappings()
 *
 * Context: Process context.
 */
void oldmem_unlock_mappings(void)
{
	up_write(&mappings.lock);
}
