// SPDX-License-Identifier: GPL-2.0
/*
 * Texts of others, printed so that they do nothing but be read.
 */
#include <stdint.h>

#include "clean.h"

/*
 * Bytes of the character in front, if it may go to a terminal: no control character
 * (of ISO 6429, one of 8 bits either), nothing that reorders the line. Bytes that are
 * no UTF-8 pass, but for those that are such a control by themselves.
 */
static size_t harmless(const unsigned char *text, size_t size)
{
	size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2, i;
	uint32_t code;

	if (text[0] < 0x80)
		return text[0] == '\t' || (text[0] >= ' ' && text[0] != 0x7f);
	if (text[0] < 0xc2 || text[0] > 0xf4 || length > size)
		return text[0] >= 0xa0;
	code = text[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < 0xa0 || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	    (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	    code == 0xfeff)
		return 0;
	return length;
}

/**
 * clean_print - print a text without what it could do to a terminal
 * @file: where
 * @text: text, of anybody
 * @size: its bytes
 */
void clean_print(FILE *file, const char *text, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)text, *end = bytes + size;
	size_t length;

	while (bytes < end) {
		length = harmless(bytes, end - bytes);
		fwrite(bytes, 1, length, file);
		bytes += length;
		if (length)
			continue;
		/* All bytes of the character. */
		do
			fprintf(file, "\\x%02x", *bytes++);
		while (bytes < end && (*bytes & 0xc0) == 0x80);
	}
}
