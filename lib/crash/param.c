// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the crashkernel= option. Called by kernel/crash_reserve.c, and by the
 * x86 decompressor, which must not put the kernel where the option points.
 *
 *	SIZE[@OFFSET]
 *	START-[END]:SIZE[,START-[END]:SIZE...][@OFFSET]
 *	auto
 *	SIZE,high
 *	SIZE,low
 *
 * The first three are one kind, the others a kind each. Of each kind the last
 * one on the command line counts; the first kind, where present, silences the
 * other two. Documentation/admin-guide/kdump/kdump.rst describes them.
 *
 * Machines have booted for years with options that are not quite of these forms:
 * text behind the offset, a mistake in a range that is for other machines. What
 * was always taken still is, as it was meant then, and called doubtful.
 *
 * The decompressor runs unrelocated: no static data here may hold a pointer.
 */
#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/crash_param.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/string.h>

#define OPTION_NAME	"crashkernel="
#define NO_DIGIT	16

enum option_kind {
	OPTION_PLAIN,
	OPTION_HIGH,
	OPTION_LOW,
	OPTION_KINDS,
};

/*
 * One crashkernel= word of the command line, without the quotes that may
 * enclose the word, and its value, without those that may enclose the value.
 * @for_init: it stands behind "--".
 */
struct option {
	const char *name;
	const char *name_end;
	const char *value;
	const char *value_end;
	bool for_init;
};

/*
 * Reading position in a value. The first error sticks: it stops @at where the
 * error is, and everything that is tried after it does nothing. What is merely
 * doubtful does not stop it; of that, too, the first counts.
 */
struct scan {
	const char *at;
	const char *end;
	const char *reason;
	const char *doubt_at;
	const char *doubt;
};

/*
 * RAM from which on a reservation of that size is chosen by "auto", ascending.
 *
 * What works with this project's own capture kernel and an initramfs of busybox
 * was measured with tests/bench: 34 MiB at 2 GiB of RAM, not more than 36 MiB at 8,
 * 32 and 128 GiB, for /proc/vmcore-kern (Documentation/performance.txt). Twice
 * that is for threads, buffers and devices of a real machine, and 32 MiB more for
 * an initramfs with modules; smaller machines cannot spare that. Above 128 GiB
 * nothing was measured.
 */
struct auto_size {
	u64 ram;
	u64 size;
};

static const struct auto_size auto_sizes[] = {
	{ SZ_256M,		SZ_64M },
	{ SZ_2G,		SZ_128M },
	{ 128 * (u64)SZ_1G,	SZ_256M },
	{ 1024 * (u64)SZ_1G,	SZ_512M },
};

/*
 * Firmware keeps some memory for itself, so that a machine sold with 2 GiB
 * shows less. Where sizes are chosen by RAM, make up for it.
 */
static u64 __init nominal_ram(u64 system_ram)
{
	if (system_ram > U64_MAX - SZ_128M)
		return system_ram;
	return ALIGN(system_ram, SZ_128M);
}

/**
 * crashkernel_auto_size - size of the reservation that "auto" stands for
 * @system_ram: RAM of this machine, bytes
 *
 * Context: Boot time only. Pure.
 * Return: bytes to reserve; 0 where the machine is too small to spare any.
 */
u64 __init crashkernel_auto_size(u64 system_ram)
{
	u64 ram = nominal_ram(system_ram), size = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(auto_sizes) && ram >= auto_sizes[i].ram; i++)
		size = auto_sizes[i].size;
	return size;
}

static bool __init is_text(const char *start, const char *end, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(end - start) == len && !memcmp(start, text, len);
}

static bool __init ends_with(const char *start, const char *end,
			     const char *suffix)
{
	size_t len = strlen(suffix);

	return (size_t)(end - start) >= len && !memcmp(end - len, suffix, len);
}

static enum option_kind __init kind_of(const struct option *opt)
{
	if (ends_with(opt->value, opt->value_end, ",high"))
		return OPTION_HIGH;
	if (ends_with(opt->value, opt->value_end, ",low"))
		return OPTION_LOW;
	return OPTION_PLAIN;
}

/*
 * Find the word at @text, or behind blanks there, and split it as next_arg()
 * does: double quotes protect blanks anywhere in a word, and are dropped where
 * they enclose the word or its value. Return where the word ends, NULL if there
 * is none. @opt->value is NULL unless the word is a crashkernel= option.
 */
static const char *__init next_word(const char *text, struct option *opt)
{
	bool quoted, in_quote;
	const char *end;

	while (isspace(*text))
		text++;
	if (!*text)
		return NULL;

	quoted = *text == '"';
	text += quoted;
	in_quote = quoted;
	for (end = text; *end && (in_quote || !isspace(*end)); end++)
		if (*end == '"')
			in_quote = !in_quote;

	opt->name = text;
	opt->name_end = end;
	if (quoted && end > text && end[-1] == '"')
		opt->name_end--;

	opt->value = NULL;
	if (strncmp(text, OPTION_NAME, strlen(OPTION_NAME)))
		return end;
	opt->value = text + strlen(OPTION_NAME);
	opt->value_end = opt->name_end;
	if (opt->value < opt->value_end && *opt->value == '"') {
		opt->value++;
		if (opt->value_end == end && opt->value_end > opt->value &&
		    end[-1] == '"')
			opt->value_end--;
	}
	return end;
}

static void __init find_options(const char *cmdline,
				struct option last[OPTION_KINDS])
{
	const char *text = cmdline;
	bool for_init = false;
	struct option opt;

	while ((text = next_word(text, &opt))) {
		for_init |= is_text(opt.name, opt.name_end, "--");
		opt.for_init = for_init;
		if (opt.value)
			last[kind_of(&opt)] = opt;
	}
}

static void __init scan_fail(struct scan *scan, const char *at,
			     const char *reason)
{
	if (scan->reason)
		return;
	scan->at = at;
	scan->reason = reason;
}

static void __init scan_doubt(struct scan *scan, const char *at,
			      const char *doubt)
{
	if (scan->reason || scan->doubt)
		return;
	scan->doubt_at = at;
	scan->doubt = doubt;
}

static bool __init scan_char(struct scan *scan, char c)
{
	if (scan->reason || scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static void __init scan_end(struct scan *scan, const char *reason)
{
	if (scan->at != scan->end)
		scan_fail(scan, scan->at, reason);
}

/* The value of the digit at @at, greater than any if there is none. */
static unsigned int __init digit_at(const struct scan *scan, const char *at)
{
	if (at >= scan->end)
		return NO_DIGIT;
	if (isdigit(*at))
		return *at - '0';
	if (isxdigit(*at))
		return tolower(*at) - 'a' + 10;
	return NO_DIGIT;
}

/* Decimal, 0x and hexadecimal, or 0 and octal: what simple_strtoull() reads. */
static unsigned int __init scan_radix(struct scan *scan)
{
	if (digit_at(scan, scan->at) != 0)
		return 10;
	if (digit_at(scan, scan->at + 2) >= 16 || tolower(scan->at[1]) != 'x')
		return 8;
	scan->at += 2;
	return 16;
}

/* The power of two that a unit letter stands for; 0 without a unit. */
static unsigned int __init scan_unit(struct scan *scan)
{
	static const char units[] = "kmgtpe";
	unsigned int i;

	if (scan->at == scan->end)
		return 0;
	for (i = 0; units[i]; i++) {
		if (tolower(*scan->at) == units[i]) {
			scan->at++;
			return 10 * (i + 1);
		}
	}
	return 0;
}

/*
 * A number of bytes with an optional unit, in memparse()'s notation. That takes a
 * unit without a number for zero.
 */
static u64 __init scan_bytes(struct scan *scan, const char *missing)
{
	const char *start = scan->at;
	unsigned int radix, digit, shift;
	bool overflow = false;
	u64 value = 0;

	if (scan->reason)
		return 0;
	radix = scan_radix(scan);
	if (digit_at(scan, scan->at) >= radix) {
		if (scan_unit(scan))
			scan_doubt(scan, start, "a unit without a number is taken for 0");
		else
			scan_fail(scan, start, missing);
		return 0;
	}
	while ((digit = digit_at(scan, scan->at)) < radix) {
		overflow |= check_mul_overflow(value, (u64)radix, &value);
		overflow |= check_add_overflow(value, (u64)digit, &value);
		scan->at++;
	}
	shift = scan_unit(scan);
	if (overflow || value > U64_MAX >> shift) {
		scan_fail(scan, start, "number does not fit in 64 bits");
		return 0;
	}
	return value << shift;
}

static const char not_less_than_ram[] = "size is not less than the RAM present";

/* A size to reserve: it has to leave room for the kernel that asks for it. */
static void __init check_fits(struct scan *scan, const char *at, u64 size,
			      u64 system_ram)
{
	if (size >= system_ram)
		scan_fail(scan, at, not_less_than_ram);
}

/* START-[END]:SIZE. END is outside the range. */
struct ram_range {
	u64 start;
	u64 end;
	u64 size;
	const char *size_at;
};

static void __init scan_range(struct scan *scan, struct ram_range *range)
{
	const char *at;

	range->start = scan_bytes(scan, "start of a range expected");
	if (!scan_char(scan, '-'))
		scan_fail(scan, scan->at, "'-' expected in a range");
	at = scan->at;
	range->end = U64_MAX;
	if (!scan_char(scan, ':')) {
		range->end = scan_bytes(scan, "end of the range or ':' expected");
		if (range->end <= range->start)
			scan_fail(scan, at, "end of the range is not above its start");
		if (!scan_char(scan, ':'))
			scan_fail(scan, scan->at, "':' expected after a range");
	}
	range->size_at = scan->at;
	range->size = scan_bytes(scan, "size expected after ':'");
}

static const char not_after_size[] = "',', '@' or the end expected after a size";

/*
 * Step over the ranges behind the one that counts here. A mistake in them is
 * another machine's: it should be known, but costs this one nothing.
 */
static void __init skip_ranges(struct scan *scan)
{
	struct scan rest = *scan;
	struct ram_range range;

	while (scan_char(&rest, ','))
		scan_range(&rest, &range);
	if (rest.at != rest.end && *rest.at != '@')
		scan_fail(&rest, rest.at, not_after_size);
	scan->doubt_at = rest.doubt_at;
	scan->doubt = rest.doubt;
	if (rest.reason)
		scan_doubt(scan, rest.at, rest.reason);
	while (scan->at != scan->end && *scan->at != '@')
		scan->at++;
}

/* A list: the size of the first range that holds this machine's RAM, or 0. */
static u64 __init scan_ranges(struct scan *scan, u64 system_ram)
{
	u64 ram = nominal_ram(system_ram);
	struct ram_range range;

	do {
		scan_range(scan, &range);
		if (scan->reason)
			return 0;
		if (ram >= range.start && ram < range.end) {
			skip_ranges(scan);
			check_fits(scan, range.size_at, range.size, system_ram);
			return range.size;
		}
	} while (scan_char(scan, ','));
	return 0;
}

/* Only a list of ranges has colons. */
static bool __init is_list(const struct scan *scan)
{
	const char *at = scan->at;

	while (at < scan->end && *at != ':')
		at++;
	return at < scan->end;
}

static void __init check_size(struct scan *scan, const char *at, u64 size,
			      u64 system_ram)
{
	if (!size)
		scan_fail(scan, at, "size is zero");
	check_fits(scan, at, size, system_ram);
}

static void __init scan_auto(struct scan *scan, u64 system_ram,
			     struct crashkernel_spec *spec)
{
	scan->at = scan->end;
	spec->size = crashkernel_auto_size(system_ram);
}

/*
 * What is behind '@'. Where there is no number, it was always taken for 0 after a
 * single size, and refused after a list.
 */
static void __init scan_offset(struct scan *scan, bool list,
			       struct crashkernel_spec *spec)
{
	static const char missing[] = "offset expected after '@'";
	const char *start = scan->at;
	struct scan offset = *scan;

	spec->base = scan_bytes(&offset, missing);
	if (offset.reason == missing && !list)
		scan_doubt(scan, start, missing);
	else
		*scan = offset;
	if (scan->at != scan->end)
		scan_doubt(scan, scan->at, "nothing should follow the offset");
	if (spec->size > U64_MAX - spec->base)
		scan_fail(scan, start, "region does not fit in 64 bits");
}

static void __init scan_plain(struct scan *scan, u64 system_ram,
			      struct crashkernel_spec *spec)
{
	const char *size_at = scan->at;
	bool list = is_list(scan);

	if (list)
		spec->size = scan_ranges(scan, system_ram);
	else
		spec->size = scan_bytes(scan, "size expected");

	if (scan_char(scan, '@'))
		scan_offset(scan, list, spec);
	else
		scan_end(scan, list ? not_after_size :
			 "'@', ',high', ',low' or the end expected after the size");
	if (!list)
		check_size(scan, size_at, spec->size, system_ram);
	if (!spec->size)
		spec->base = 0;
	spec->fixed = spec->base;
}

static void __init scan_high(struct scan *scan, u64 system_ram,
			     struct crashkernel_spec *spec)
{
	const char *at = scan->at;

	spec->high = true;
	spec->size = scan_bytes(scan, "size expected");
	scan_end(scan, "',high' expected after the size");
	check_size(scan, at, spec->size, system_ram);
}

static void __init scan_low(struct scan *scan, u64 system_ram,
			    struct crashkernel_spec *spec)
{
	const char *at = scan->at;

	if (!spec->high)
		scan_fail(scan, scan->end, "',low' means nothing without a ',high' option");
	spec->low_given = true;
	spec->low_size = scan_bytes(scan, "size expected");
	scan_end(scan, "',low' expected after the size");
	if (spec->low_size >= system_ram)
		scan_doubt(scan, at, not_less_than_ram);
}

static void __init set_error(struct crashkernel_error *err,
			     const struct option *opt, const char *at,
			     const char *reason)
{
	err->option = opt->name;
	err->option_len = opt->name_end - opt->name;
	err->at = at - opt->name;
	err->reason = reason;
}

/* Read the option of the given kind into @spec. */
static int __init read_option(const struct option last[OPTION_KINDS],
			      enum option_kind kind, u64 system_ram,
			      struct crashkernel_spec *spec,
			      struct crashkernel_error *err)
{
	const struct option *opt = &last[kind];
	struct scan scan = { .at = opt->value, .end = opt->value_end };

	switch (kind) {
	case OPTION_HIGH:
		scan.end -= strlen(",high");
		scan_high(&scan, system_ram, spec);
		break;
	case OPTION_LOW:
		scan.end -= strlen(",low");
		scan_low(&scan, system_ram, spec);
		break;
	default:
		if (is_text(opt->value, opt->value_end, "auto"))
			scan_auto(&scan, system_ram, spec);
		else
			scan_plain(&scan, system_ram, spec);
		break;
	}
	if (opt->for_init)
		scan_doubt(&scan, opt->value, "options of the kernel stand before '--'");
	if (scan.reason) {
		memset(spec, 0, sizeof(*spec));
		set_error(err, opt, scan.at, scan.reason);
		return -EINVAL;
	}
	if (scan.doubt)
		set_error(err, opt, scan.doubt_at, scan.doubt);
	return 0;
}

/**
 * crashkernel_parse - read the crashkernel= options of a command line
 * @cmdline: the kernel command line, NUL-terminated
 * @system_ram: RAM of this machine, bytes
 * @spec: result; all zero unless 0 is returned
 * @err: what is wrong if -EINVAL is returned; what is doubtful, if anything is,
 *       with 0; points into @cmdline
 *
 * Only words of their own count, split and unquoted like any kernel option. Offset
 * 0 is the same as none: the kernel chooses a place. Only the options that count
 * are checked, see the top of this file.
 *
 * A list of ranges, and "auto", may well come to size 0 on a given machine. That
 * is no error: 0 is returned, and @spec->size is 0.
 *
 * Context: Boot time only. Pure.
 * Return: 0; -ENOENT if there is no such option; -EINVAL if one that counts is
 * malformed, is zero where it may not be, is not less than @system_ram, or is a
 * ",low" without a ",high".
 */
int __init crashkernel_parse(const char *cmdline, u64 system_ram,
			     struct crashkernel_spec *spec,
			     struct crashkernel_error *err)
{
	struct option last[OPTION_KINDS] = {};
	int ret = -ENOENT;

	memset(spec, 0, sizeof(*spec));
	memset(err, 0, sizeof(*err));
	find_options(cmdline, last);

	if (last[OPTION_PLAIN].value)
		return read_option(last, OPTION_PLAIN, system_ram, spec, err);
	if (last[OPTION_HIGH].value) {
		ret = read_option(last, OPTION_HIGH, system_ram, spec, err);
		if (ret)
			return ret;
	}
	if (last[OPTION_LOW].value)
		ret = read_option(last, OPTION_LOW, system_ram, spec, err);
	return ret;
}
