// SPDX-License-Identifier: GPL-2.0
/*
 * The log of the crashed kernel: the printk ring buffer, of kernels from 5.10 on.
 *
 * It consists of rings of descriptors, of infos and of text. A message has a
 * number, id; its descriptor and info are those at id modulo their count. The
 * descriptor says in which state it is and where in the text ring its block is;
 * positions there count on for ever, so the ring's offset is the position modulo
 * its size. Layouts are in vmcoreinfo; the rest is in the kernel's
 * kernel/printk/printk_ringbuffer.c and Documentation/admin-guide/kdump.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "vmcoreinfo.h"

/* No kernel has a ring of more messages, or of more text. */
#define COUNT_BITS_MAX 27
#define SIZE_BITS_MAX 32

/* After so many broken messages in a row, the log is not one. */
#define BROKEN_MAX 65536

#define STRUCT_MAX 1024

/* The two topmost bits of a descriptor's state; the others are its id. */
enum desc_state {
	DESC_RESERVED,		/* being written when the kernel crashed */
	DESC_COMMITTED,
	DESC_FINALIZED,
	DESC_REUSABLE,
};

/* Entries of vmcoreinfo, in the order of struct layout. */
static const char *const layout_names[] = {
	"SIZE(printk_ringbuffer)", "OFFSET(printk_ringbuffer.desc_ring)",
	"OFFSET(printk_ringbuffer.text_data_ring)", "OFFSET(prb_desc_ring.count_bits)",
	"OFFSET(prb_desc_ring.descs)", "OFFSET(prb_desc_ring.infos)",
	"OFFSET(prb_desc_ring.head_id)", "OFFSET(prb_desc_ring.tail_id)",
	"SIZE(prb_desc)", "OFFSET(prb_desc.state_var)", "OFFSET(prb_desc.text_blk_lpos)",
	"OFFSET(prb_data_blk_lpos.begin)", "OFFSET(prb_data_blk_lpos.next)",
	"SIZE(printk_info)", "OFFSET(printk_info.ts_nsec)", "OFFSET(printk_info.text_len)",
	"OFFSET(printk_info.caller_id)", "OFFSET(prb_data_ring.size_bits)",
	"OFFSET(prb_data_ring.data)",
};

struct layout {
	uint64_t ringbuffer_size, desc_ring, text_ring, count_bits, descs, infos, head_id, tail_id;
	uint64_t desc_size, state, text_block, begin, next;
	uint64_t info_size, time, text_len, caller, size_bits, data;
};

_Static_assert(sizeof(struct layout) == sizeof(layout_names) / sizeof(char *) * sizeof(uint64_t),
	       "a name for each");

/* A structure of the crashed kernel, copied. */
struct copy {
	unsigned char bytes[STRUCT_MAX];
	size_t size;
};

struct ring {
	const struct memory *memory;
	struct layout layout;
	unsigned int word;		/* bytes of a long */
	uint64_t id_mask;
	unsigned int count_bits;
	unsigned int size_bits;
	uint64_t descs, infos, data;	/* virtual addresses */
	uint64_t head, tail;		/* ids */
	char *text;			/* room for the longest block */
};

static uint64_t field(const struct copy *copy, uint64_t offset, size_t size)
{
	uint32_t small;
	uint64_t wide;
	uint16_t half;

	/* A field outside of its structure: corrupt vmcoreinfo. */
	if (offset > copy->size || copy->size - offset < size)
		return 0;
	switch (size) {
	case sizeof(half):
		memcpy(&half, copy->bytes + offset, size);
		return half;
	case sizeof(small):
		memcpy(&small, copy->bytes + offset, size);
		return small;
	}
	memcpy(&wide, copy->bytes + offset, size);
	return wide;
}

static bool read_struct(const struct ring *ring, uint64_t vaddr, uint64_t size, struct copy *copy)
{
	if (!size || size > sizeof(copy->bytes))
		return false;
	copy->size = size;
	return memory_virtual(ring->memory, vaddr, copy->bytes, size);
}

static const char *missing_entry(struct ring *ring)
{
	uint64_t *value = (uint64_t *)&ring->layout;
	const char *info = ring->memory->source->info;
	size_t i;

	for (i = 0; i < sizeof(layout_names) / sizeof(*layout_names); i++)
		if (!info_decimal(info, layout_names[i], &value[i]))
			return layout_names[i];
	return NULL;
}

static bool read_ring(struct ring *ring, uint64_t vaddr)
{
	const struct layout *layout = &ring->layout;
	unsigned int word = ring->word;
	struct copy copy;

	if (!read_struct(ring, vaddr, layout->ringbuffer_size, &copy))
		return false;
	ring->count_bits = field(&copy, layout->desc_ring + layout->count_bits, sizeof(uint32_t));
	ring->descs = field(&copy, layout->desc_ring + layout->descs, word);
	ring->infos = field(&copy, layout->desc_ring + layout->infos, word);
	ring->head = field(&copy, layout->desc_ring + layout->head_id, word) & ring->id_mask;
	ring->tail = field(&copy, layout->desc_ring + layout->tail_id, word) & ring->id_mask;
	ring->size_bits = field(&copy, layout->text_ring + layout->size_bits, sizeof(uint32_t));
	ring->data = field(&copy, layout->text_ring + layout->data, word);
	return ring->count_bits && ring->count_bits <= COUNT_BITS_MAX &&
	       ring->size_bits && ring->size_bits <= SIZE_BITS_MAX;
}

static enum result find_ring(struct ring *ring)
{
	const struct source *source = ring->memory->source;
	const char *missing;
	struct copy pointer;
	uint64_t symbol;

	if (!info_hex(source->info, "SYMBOL(prb)", &symbol))
		return fail(RESULT_UNREADABLE, "%s: %s", source->name, source->info_size ?
			    "no printk ring buffer, so a kernel older than 5.10" :
			    "no vmcoreinfo, so the log cannot be found");
	missing = missing_entry(ring);
	if (missing)
		return fail(RESULT_UNREADABLE, "%s: vmcoreinfo has no %s", source->name, missing);
	if (!read_struct(ring, symbol, ring->word, &pointer))
		return fail(RESULT_UNREADABLE, "%s: where the log is cannot be read at %#" PRIx64,
			    source->name, symbol);
	symbol = field(&pointer, 0, ring->word);
	if (!read_ring(ring, symbol))
		return fail(RESULT_UNREADABLE, "%s: the log's head at %#" PRIx64 " is corrupt",
			    source->name, symbol);
	return RESULT_OK;
}

/* Where a block of text is in its ring, and its size with the id in front. */
static bool locate(const struct ring *ring, uint64_t begin, uint64_t next, uint64_t *offset,
		   uint64_t *size)
{
	uint64_t ring_size = 1ULL << ring->size_bits;

	*offset = begin % ring_size;
	*size = next - begin;
	/* A block that does not fit before the end of the ring is at its beginning. */
	if (begin >> ring->size_bits != next >> ring->size_bits && next % ring_size) {
		*offset = 0;
		*size = next % ring_size;
	}
	return *size >= ring->word && *size <= ring_size - *offset;
}

static bool read_text(const struct ring *ring, const struct copy *desc, uint64_t id,
		      struct log_record *record)
{
	const struct layout *layout = &ring->layout;
	uint64_t begin = field(desc, layout->text_block + layout->begin, ring->word);
	uint64_t next = field(desc, layout->text_block + layout->next, ring->word);
	uint64_t offset, size;
	struct copy owner;

	/* Odd positions: a message without text. */
	if (begin & next & 1) {
		record->size = 0;
		return true;
	}
	if (!locate(ring, begin, next, &offset, &size) ||
	    !read_struct(ring, ring->data + offset, ring->word, &owner) ||
	    field(&owner, 0, ring->word) != id)
		return false;
	if (record->size > size - ring->word)
		record->size = size - ring->word;
	return memory_virtual(ring->memory, ring->data + offset + ring->word, ring->text,
			      record->size);
}

enum message_state {
	MESSAGE_READ,
	MESSAGE_NONE,
	MESSAGE_BROKEN,
};

static enum message_state read_message(const struct ring *ring, uint64_t id,
				       struct log_record *record)
{
	const struct layout *layout = &ring->layout;
	uint64_t index = id & ((1ULL << ring->count_bits) - 1), state;
	unsigned int state_bits = 8 * ring->word - 2;
	struct copy desc, info;

	if (!read_struct(ring, ring->descs + index * layout->desc_size, layout->desc_size, &desc) ||
	    !read_struct(ring, ring->infos + index * layout->info_size, layout->info_size, &info))
		return MESSAGE_BROKEN;
	state = field(&desc, layout->state, ring->word);
	if ((state & ring->id_mask) != id)
		return MESSAGE_BROKEN;
	switch ((enum desc_state)(state >> state_bits & 3)) {
	case DESC_RESERVED:
	case DESC_REUSABLE:
		return MESSAGE_NONE;
	case DESC_COMMITTED:
	case DESC_FINALIZED:
		break;
	}
	record->time = field(&info, layout->time, sizeof(uint64_t));
	record->caller = field(&info, layout->caller, sizeof(uint32_t));
	record->size = field(&info, layout->text_len, sizeof(uint16_t));
	record->text = ring->text;
	return read_text(ring, &desc, id, record) ? MESSAGE_READ : MESSAGE_BROKEN;
}

static enum result read_messages(struct ring *ring, const struct log_reader *reader, void *context)
{
	uint64_t left = ((ring->head - ring->tail) & ring->id_mask) + 1;
	uint64_t broken = 0, all_broken = 0, id;
	struct log_record record;

	if (left > 1ULL << ring->count_bits) {
		/* One of the two is wrong; head is written more often. */
		left = 1ULL << ring->count_bits;
		ring->tail = (ring->head - left + 1) & ring->id_mask;
	}
	for (id = ring->tail; left && broken < BROKEN_MAX; left--, id = (id + 1) & ring->id_mask) {
		enum message_state state = read_message(ring, id, &record);

		if (state == MESSAGE_BROKEN) {
			broken++;
			all_broken++;
		} else if (state == MESSAGE_READ) {
			if (broken)
				reader->gap(context, broken);
			broken = 0;
			reader->message(context, &record);
		}
	}
	if (broken)
		reader->gap(context, broken + left);
	if (all_broken)
		return fail(RESULT_UNREADABLE, "%s: %" PRIu64 " messages cannot be read",
			    ring->memory->source->name, all_broken + left);
	return RESULT_OK;
}

/**
 * log_read - go through the log
 * @memory:  of the crashed kernel
 * @reader:  what is done with each message
 * @context: for its functions
 *
 * Return: RESULT_OK when all messages could be read, or the error, which has
 * been told.
 */
enum result log_read(const struct memory *memory, const struct log_reader *reader, void *context)
{
	struct ring ring = {
		.memory = memory,
		.word = memory->source->word,
	};
	enum result result;

	ring.id_mask = ~0ULL >> (64 - 8 * ring.word + 2);
	ring.text = malloc(LOG_TEXT_MAX);
	if (!ring.text)
		return fail(RESULT_FAILED, "no memory for a message");
	result = find_ring(&ring);
	if (result == RESULT_OK)
		result = read_messages(&ring, reader, context);
	free(ring.text);
	return result;
}
