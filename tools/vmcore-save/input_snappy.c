// SPDX-License-Identifier: GPL-2.0
/*
 * Decompressing snappy, as its format_description.txt has it. QEMU and makedumpfile
 * write it; the library is C++, which a static program for a capture kernel does
 * without.
 */
#include <stdint.h>
#include <string.h>

#include "input_kdump.h"

/* The kind of an element is in two bits of its first byte. */
enum element {
	ELEMENT_LITERAL,
	ELEMENT_COPY_1,		/* so many bytes of offset follow */
	ELEMENT_COPY_2,
	ELEMENT_COPY_4,
};

struct snappy {
	const unsigned char *in;
	const unsigned char *end;
	unsigned char *out;
	size_t done;
	size_t size;
};

/* A number of so many bytes, the lowest one first. */
static bool take_number(struct snappy *snappy, unsigned int bytes, uint32_t *number)
{
	unsigned int i;

	if ((size_t)(snappy->end - snappy->in) < bytes)
		return false;
	for (*number = 0, i = 0; i < bytes; i++)
		*number |= (uint32_t)*snappy->in++ << (8 * i);
	return true;
}

/* The length in front, 7 bits a byte. */
static bool take_length(struct snappy *snappy, uint64_t *length)
{
	unsigned int shift;
	uint32_t byte;

	for (*length = 0, shift = 0; shift < 35; shift += 7) {
		if (!take_number(snappy, 1, &byte))
			return false;
		*length |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static bool take_literal(struct snappy *snappy, uint32_t tag)
{
	uint32_t length = tag >> 2;

	/* From 60 on, so many bytes less 59 have the length. */
	if (length >= 60 && !take_number(snappy, length - 59, &length))
		return false;
	if (length >= (size_t)(snappy->end - snappy->in) || length >= snappy->size - snappy->done)
		return false;
	memcpy(snappy->out + snappy->done, snappy->in, length + 1);
	snappy->in += length + 1;
	snappy->done += length + 1;
	return true;
}

static bool take_copy(struct snappy *snappy, uint32_t tag)
{
	uint32_t length = (tag >> 2) + 1, offset;

	switch (tag & 3) {
	case ELEMENT_COPY_1:
		length = (tag >> 2 & 7) + 4;
		if (!take_number(snappy, 1, &offset))
			return false;
		offset |= tag >> 5 << 8;
		break;
	default:
		if (!take_number(snappy, (tag & 3) == ELEMENT_COPY_2 ? 2 : 4, &offset))
			return false;
	}
	if (!offset || offset > snappy->done || length > snappy->size - snappy->done)
		return false;
	/* It may go on into what it writes itself. */
	for (; length; length--, snappy->done++)
		snappy->out[snappy->done] = snappy->out[snappy->done - offset];
	return true;
}

/**
 * snappy_unpack - decompress
 * @in:	    compressed data
 * @size:   their bytes
 * @out:    receives what they are
 * @wanted: bytes of that
 *
 * Return: whether it is exactly that.
 */
bool snappy_unpack(const char *in, size_t size, char *out, size_t wanted)
{
	struct snappy snappy = {
		.in = (const unsigned char *)in,
		.end = (const unsigned char *)in + size,
		.out = (unsigned char *)out,
		.size = wanted,
	};
	uint64_t length;
	uint32_t tag;

	if (!take_length(&snappy, &length) || length != wanted)
		return false;
	while (take_number(&snappy, 1, &tag))
		if (!((tag & 3) == ELEMENT_LITERAL ? take_literal(&snappy, tag) :
						     take_copy(&snappy, tag)))
			return false;
	return snappy.done == wanted;
}
