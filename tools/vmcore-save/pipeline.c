// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that read and compress chunks of a dump, while one puts what they
 * made into the destination, in order.
 *
 *	slot   0       1       2       3
 *	    +-------+-------+-------+-------+
 *	    | ready | busy  | ready | free  |	chunk N uses slot N modulo slots
 *	    +-------+-------+-------+-------+
 *	      ^ committed next        ^ taken next
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "compress.h"
#include "interrupt.h"
#include "pipeline.h"
#include "sink.h"

enum slot_state {
	SLOT_FREE,
	SLOT_BUSY,
	SLOT_READY,
};

struct slot {
	enum slot_state state;
	uint64_t number;
	struct chunk chunk;
};

/* The lock protects the states, taken, ordered, end and stop. */
struct pipeline {
	const struct pipeline_ops *ops;
	void *context;
	pthread_mutex_t lock;
	pthread_cond_t freed;	/* a slot has become free, or stop is set */
	pthread_cond_t ready;	/* a slot has become ready, or end is set */
	pthread_cond_t turn;	/* a chunk has been looked at in its order */
	struct slot *slots;
	unsigned int count;
	uint64_t taken;		/* chunks that workers have taken */
	uint64_t ordered;	/* and that have been looked at in their order */
	bool end;		/* there are no more */
	bool stop;		/* the main thread wants no more */
	unsigned int workers;	/* that have begun: gives each its number */
};

/* Take the next chunk into its slot; called with the lock held. */
static struct slot *take(struct pipeline *pipeline)
{
	struct slot *slot = &pipeline->slots[pipeline->taken % pipeline->count];

	while (slot->state != SLOT_FREE && !pipeline->stop && !pipeline->end) {
		pthread_cond_wait(&pipeline->freed, &pipeline->lock);
		slot = &pipeline->slots[pipeline->taken % pipeline->count];
	}
	if (pipeline->stop || pipeline->end)
		return NULL;
	memset(slot->chunk.units, 0, sizeof(slot->chunk.units));
	slot->chunk.count = 0;
	slot->chunk.bytes = 0;
	slot->chunk.lost = 0;
	if (!pipeline->ops->next(pipeline->context, &slot->chunk)) {
		pipeline->end = true;
		pthread_cond_broadcast(&pipeline->freed);
		pthread_cond_signal(&pipeline->ready);
		return NULL;
	}
	slot->state = SLOT_BUSY;
	slot->number = pipeline->taken++;
	return slot;
}

/* Whoever has an earlier chunk is on the way to this, and waits for no later one. */
static void look_in_order(struct pipeline *pipeline, struct slot *slot)
{
	pthread_mutex_lock(&pipeline->lock);
	while (pipeline->ordered != slot->number)
		pthread_cond_wait(&pipeline->turn, &pipeline->lock);
	pthread_mutex_unlock(&pipeline->lock);
	pipeline->ops->order(pipeline->context, &slot->chunk);
	pthread_mutex_lock(&pipeline->lock);
	pipeline->ordered++;
	pthread_cond_broadcast(&pipeline->turn);
	pthread_mutex_unlock(&pipeline->lock);
}

static void *worker(void *argument)
{
	struct pipeline *pipeline = argument;
	unsigned int number;
	struct slot *slot;

	pthread_mutex_lock(&pipeline->lock);
	number = pipeline->workers++;
	while ((slot = take(pipeline))) {
		pthread_mutex_unlock(&pipeline->lock);
		pipeline->ops->read(pipeline->context, &slot->chunk, number);
		if (pipeline->ops->order)
			look_in_order(pipeline, slot);
		if (pipeline->ops->work)
			pipeline->ops->work(pipeline->context, &slot->chunk, number);
		pthread_mutex_lock(&pipeline->lock);
		slot->state = SLOT_READY;
		pthread_cond_signal(&pipeline->ready);
	}
	pthread_mutex_unlock(&pipeline->lock);
	return NULL;
}

static bool wait_ready(struct pipeline *pipeline, struct slot *slot, uint64_t number)
{
	bool ready;

	pthread_mutex_lock(&pipeline->lock);
	while (slot->state != SLOT_READY && !(pipeline->end && number >= pipeline->taken))
		pthread_cond_wait(&pipeline->ready, &pipeline->lock);
	ready = slot->state == SLOT_READY;
	pthread_mutex_unlock(&pipeline->lock);
	return ready;
}

static enum result commit_all(struct pipeline *pipeline)
{
	enum result result = RESULT_OK;
	struct slot *slot;
	uint64_t number;

	for (number = 0; result == RESULT_OK; number++) {
		slot = &pipeline->slots[number % pipeline->count];
		if (!wait_ready(pipeline, slot, number))
			break;
		result = pipeline->ops->commit(pipeline->context, &slot->chunk);
		if (result == RESULT_OK)
			result = interrupt_check();
		pthread_mutex_lock(&pipeline->lock);
		slot->state = SLOT_FREE;
		pipeline->stop = result != RESULT_OK;
		pthread_cond_broadcast(&pipeline->freed);
		pthread_mutex_unlock(&pipeline->lock);
	}
	return result;
}

static bool allocate(struct pipeline *pipeline)
{
	unsigned int i;

	pipeline->slots = calloc(pipeline->count, sizeof(*pipeline->slots));
	if (!pipeline->slots)
		return false;
	for (i = 0; i < pipeline->count; i++) {
		struct chunk *chunk = &pipeline->slots[i].chunk;

		chunk->in = aligned_alloc(SINK_ALIGN, CHUNK_SIZE);
		chunk->out = malloc(CHUNK_SIZE + COMPRESS_SLACK);
		if (!chunk->in || !chunk->out)
			return false;
	}
	return true;
}

static void release(struct pipeline *pipeline)
{
	unsigned int i;

	for (i = 0; pipeline->slots && i < pipeline->count; i++) {
		free(pipeline->slots[i].chunk.in);
		free(pipeline->slots[i].chunk.out);
	}
	free(pipeline->slots);
}

static enum result run_threads(struct pipeline *pipeline, unsigned int threads)
{
	pthread_t *ids = calloc(threads, sizeof(*ids));
	unsigned int started = 0, i;
	enum result result;
	sigset_t before;

	/* Signals are for the main thread, which may be waiting for a reader. */
	interrupt_keep_out(&before);
	while (ids && started < threads &&
	       !pthread_create(&ids[started], NULL, worker, pipeline))
		started++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started)
		result = commit_all(pipeline);
	else
		result = fail(RESULT_FAILED, "cannot start a thread");
	for (i = 0; i < started; i++)
		pthread_join(ids[i], NULL);
	free(ids);
	return result;
}

/**
 * pipeline_run - work through all chunks
 * @ops:     what is to be done
 * @context: for the operations
 * @threads: number of workers, at least one
 *
 * Ends early when a commit fails, or at a signal.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result pipeline_run(const struct pipeline_ops *ops, void *context, unsigned int threads)
{
	struct pipeline pipeline = {
		.ops = ops,
		.context = context,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.freed = PTHREAD_COND_INITIALIZER,
		.ready = PTHREAD_COND_INITIALIZER,
		.turn = PTHREAD_COND_INITIALIZER,
		.count = 2 * threads + 1,
	};
	enum result result;

	if (allocate(&pipeline))
		result = run_threads(&pipeline, threads);
	else
		result = fail(RESULT_FAILED, "no memory for %u threads", threads);
	release(&pipeline);
	return result;
}

/**
 * all_zero - tell whether memory is all zeros
 * @buf:  memory
 * @size: bytes, not 0
 *
 * Return: whether it is.
 */
bool all_zero(const void *buf, size_t size)
{
	const char *bytes = buf;

	return !bytes[0] && !memcmp(bytes, bytes + 1, size - 1);
}
