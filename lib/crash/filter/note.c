// SPDX-License-Identifier: GPL-2.0
/*
 * The text of a VMCOREINFO note: lines of the form key=value.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "rules.h"

/**
 * vmcore_note_open() - find the lines of a note
 * @from: result: text, len, nr_lines and lines are set
 * @text: contents of the note; not trusted, must outlive @from
 * @len: bytes of it
 *
 * A line without its newline may have been cut off within a number, so it is
 * ignored.
 *
 * Context: Any.
 */
void vmcore_note_open(struct vmcore_note_reader *from, const char *text, size_t len)
{
	const char *at = text, *end, *newline;

	from->text = text;
	from->len = min_t(size_t, len, VMCORE_NOTE_BYTES);
	from->nr_lines = 0;
	end = text + from->len;
	while (from->nr_lines < VMCORE_NOTE_LINES) {
		newline = memchr(at, '\n', end - at);
		if (!newline)
			return;
		if (memchr(at, '=', newline - at))
			from->lines[from->nr_lines++] = at - text;
		at = newline + 1;
	}
}

/**
 * vmcore_note_find() - find the value that belongs to a key
 * @from: the note
 * @key: up to the equals sign
 * @len: result: bytes of the value
 *
 * Context: Any.
 * Return: the value, which is followed by a newline; NULL if there is no such line.
 * Of several lines, the first counts.
 */
const char *vmcore_note_find(const struct vmcore_note_reader *from,
			     const char *key, size_t *len)
{
	size_t key_len = strlen(key);
	u32 i;

	for (i = 0; i < from->nr_lines; i++) {
		const char *line = from->text + from->lines[i];
		size_t left = from->len - from->lines[i];

		if (left > key_len && line[key_len] == '=' &&
		    !memcmp(line, key, key_len)) {
			line += key_len + 1;
			*len = (const char *)memchr(line, '\n', left - key_len - 1) - line;
			return line;
		}
	}
	return NULL;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/**
 * vmcore_parse_number() - read a number in the form of "%ld" or "%lx"
 * @text: with or without 0x; not terminated
 * @len: bytes of @text; all of them must be part of the number
 * @base: 10 or 16; with 0x it is 16 in any case
 * @number: result; undefined if there is none
 *
 * Context: Any.
 * Return: true if @text is a number that fits 64 bits.
 */
bool vmcore_parse_number(const char *text, size_t len, unsigned int base,
			 u64 *number)
{
	bool negative = len && *text == '-';
	u64 value = 0;

	text += negative;
	len -= negative;
	if (len > 2 && text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
		len -= 2;
	}
	if (!len)
		return false;
	for (; len; len--, text++) {
		unsigned int digit = digit_value(*text);

		if (digit >= base || check_mul_overflow(value, base, &value) ||
		    check_add_overflow(value, digit, &value))
			return false;
	}
	*number = negative ? -value : value;
	return true;
}

/**
 * vmcore_note_number() - find the number that belongs to a key
 * @from: the note; not trusted
 * @key: up to the equals sign
 * @base: as for vmcore_parse_number()
 * @number: result; undefined if there is none
 *
 * Context: Any.
 * Return: true if there is such a line, and its value is a number.
 */
bool vmcore_note_number(const struct vmcore_note_reader *from, const char *key,
			unsigned int base, u64 *number)
{
	size_t len;
	const char *value = vmcore_note_find(from, key, &len);

	return value && vmcore_parse_number(value, len, base, number);
}

/**
 * vmcore_note_need() - find a number that rules cannot do without
 * @from: the note; rules->lacks is set to @key if the number is missing or out
 *	of range, unless it is set already
 * @key: up to the equals sign
 * @base: as for vmcore_parse_number()
 * @low: the smallest number that makes sense
 * @high: the largest
 *
 * Context: Any.
 * Return: the number, or @low.
 */
u64 vmcore_note_need(struct vmcore_note_reader *from, const char *key,
		     unsigned int base, u64 low, u64 high)
{
	u64 number;

	if (vmcore_note_number(from, key, base, &number) && number >= low &&
	    number <= high)
		return number;
	if (!from->rules->lacks)
		from->rules->lacks = key;
	return low;
}
