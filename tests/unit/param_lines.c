// SPDX-License-Identifier: GPL-2.0
/*
 * Random command lines with crashkernel= in them, most of them well-formed.
 */
#include "param_lines.h"
#include "unit.h"
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>

enum form { FORM_AUTO, FORM_SIZE, FORM_RANGE, FORM_HIGH, FORM_LOW, FORMS };

static void add_number(u64 *random, char *to)
{
	static const char *const formats[] = { "%llu", "%llu", "%llu", "%#llx", "%#llo", "0%llu" };
	static const char units[] = "KMGkmgtpeTPE";
	u64 number = unit_one_in(random, 3) ? unit_number(random) : unit_below(random, 4096);
	size_t nr_units;

	sprintf(to + strlen(to), formats[unit_below(random, ARRAY_SIZE(formats))],
		(unsigned long long)number);
	if (!unit_one_in(random, 4)) {
		nr_units = unit_one_in(random, 4) ? strlen(units) : 3;
		strncat(to, &units[unit_below(random, nr_units)], 1);
	}
}

static void add_option(u64 *random, char *to)
{
	unsigned int more = unit_below(random, 3);
	unsigned int form = unit_below(random, FORMS);

	strcat(to, "crashkernel=");
	if (form == FORM_AUTO) {
		strcat(to, "auto");
		return;
	}
	do {
		add_number(random, to);
		if (form != FORM_RANGE)
			break;
		strcat(to, "-");
		if (!unit_one_in(random, 3))
			add_number(random, to);
		strcat(to, ":");
		add_number(random, to);
		if (more)
			strcat(to, ",");
	} while (more--);
	if (form == FORM_HIGH || form == FORM_LOW) {
		strcat(to, form == FORM_HIGH ? ",high" : ",low");
	} else if (unit_one_in(random, 2)) {
		strcat(to, "@");
		add_number(random, to);
	}
}

/* One to four words, mostly well-formed options. */
void param_make_line(u64 *random, char *to)
{
	static const char *const words[] = {
		"quiet", "--", "x=\"a b\"", "\"", "crashkernel", "crashkernel=64M",
		"\"crashkernel=64M\"", "crashkernel=\"64M@16M\"", "x=crashkernel=1M", "\t\n",
		"\"crashkernel=\"", "crashkernel=\"\"", "\"crashkernel=\"1M,low\"\"",
	};
	unsigned int left = 1 + unit_below(random, 4);

	*to = '\0';
	while (left--) {
		if (unit_one_in(random, 4))
			strcat(to, words[unit_below(random, ARRAY_SIZE(words))]);
		else
			add_option(random, to);
		if (left)
			strcat(to, " ");
	}
}

/* Exchange, drop or double a character. */
void param_mutate(u64 *random, char *text)
{
	static const char chars[] = "0123456789xXkKMGTPEabfglow\" \t,,::--@@==.+";
	size_t len = strlen(text), at = unit_below(random, len + 1);
	char *here = text + at;

	switch (unit_below(random, 3)) {
	case 0:
		if (at < len)
			*here = chars[unit_below(random, sizeof(chars) - 1)];
		break;
	case 1:
		if (at < len)
			memmove(here, here + 1, len - at);
		break;
	default:
		memmove(here + 1, here, len - at + 1);
		break;
	}
}
