// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the value of a crashkernel= option. param.c finds the option and lists
 * the forms.
 *
 * Machines have booted for years with options that do not quite have these
 * forms, such as text behind the offset, or a mistake in a range for another
 * amount of RAM. Where the stock parser takes such an option, this one takes it
 * with the same result, and reports a doubt.
 *
 * The decompressor runs unrelocated: no static data here may hold a pointer.
 */
#include <linux/align.h>
#include <linux/array_size.h>
#include <linux/crash_param.h>
#include <linux/ctype.h>
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "param_value.h"

#define NO_DIGIT	16

/*
 * Amounts of RAM, ascending, and the size that "auto" reserves from each of
 * them on.
 *
 * The sizes are based on measurements with tests/bench of this project's own
 * capture kernel with an initramfs of busybox: /proc/vmcore-kern needs 34 MiB
 * at 2 GiB of RAM, and at most 36 MiB at 8, 32 and 128 GiB
 * (Documentation/performance.txt). Twice that leaves room for threads, buffers
 * and devices of a real machine, and 32 MiB more for an initramfs with modules;
 * smaller machines cannot spare that. Nothing was measured above 128 GiB.
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
 * Firmware keeps some memory for itself: a machine sold with 2 GiB shows less.
 * Round up before a size is chosen by RAM.
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
 * Return: bytes to reserve; 0 if the machine is too small to spare any.
 */
u64 __init crashkernel_auto_size(u64 system_ram)
{
	u64 ram = nominal_ram(system_ram), size = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(auto_sizes) && ram >= auto_sizes[i].ram; i++)
		size = auto_sizes[i].size;
	return size;
}

static void __init scan_fail(struct crashkernel_scan *scan, const char *at,
			     const char *reason)
{
	if (scan->reason)
		return;
	scan->at = at;
	scan->reason = reason;
}

static void __init scan_doubt(struct crashkernel_scan *scan, const char *at,
			      const char *doubt)
{
	if (scan->reason || scan->doubt)
		return;
	scan->doubt_at = at;
	scan->doubt = doubt;
}

static bool __init scan_char(struct crashkernel_scan *scan, char c)
{
	if (scan->reason || scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

static void __init scan_end(struct crashkernel_scan *scan, const char *reason)
{
	if (scan->at != scan->end)
		scan_fail(scan, scan->at, reason);
}

/* Return the value of the digit at @at, NO_DIGIT if there is none. */
static unsigned int __init digit_at(const struct crashkernel_scan *scan, const char *at)
{
	if (at >= scan->end)
		return NO_DIGIT;
	if (isdigit(*at))
		return *at - '0';
	if (isxdigit(*at))
		return tolower(*at) - 'a' + 10;
	return NO_DIGIT;
}

/* Find the radix like simple_strtoull(): decimal, 0x and hexadecimal, 0 and octal. */
static unsigned int __init scan_radix(struct crashkernel_scan *scan)
{
	if (digit_at(scan, scan->at) != 0)
		return 10;
	if (digit_at(scan, scan->at + 2) >= 16 || tolower(scan->at[1]) != 'x')
		return 8;
	scan->at += 2;
	return 16;
}

/* Read a unit letter and return its power of two; return 0 without a unit. */
static unsigned int __init scan_unit(struct crashkernel_scan *scan)
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
 * Read a number of bytes with an optional unit, in memparse()'s notation.
 * memparse() reads a unit without a number as zero.
 */
static u64 __init scan_bytes(struct crashkernel_scan *scan, const char *missing)
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

/* A reservation has to leave room for the kernel that makes it. */
static void __init check_fits(struct crashkernel_scan *scan, const char *at, u64 size,
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

static void __init scan_range(struct crashkernel_scan *scan, struct ram_range *range)
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
 * Step over the ranges behind the one that applies to this machine. A mistake
 * in them concerns machines with another amount of RAM: report it as a doubt
 * only.
 */
static void __init skip_ranges(struct crashkernel_scan *scan)
{
	struct crashkernel_scan rest = *scan;
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

/*
 * Read a list of ranges. Return the size of the first range that has this
 * machine's RAM, 0 if there is none.
 */
static u64 __init scan_ranges(struct crashkernel_scan *scan, u64 system_ram)
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

/* Test for a list of ranges: no other form has colons. */
static bool __init is_list(const struct crashkernel_scan *scan)
{
	const char *at = scan->at;

	while (at < scan->end && *at != ':')
		at++;
	return at < scan->end;
}

static void __init check_size(struct crashkernel_scan *scan, const char *at, u64 size,
			      u64 system_ram)
{
	if (!size)
		scan_fail(scan, at, "size is zero");
	check_fits(scan, at, size, system_ram);
}

/*
 * Read the offset behind '@'. The stock parser reads a missing number as 0
 * after a single size, and refuses it after a list. This one does the same.
 */
static void __init scan_offset(struct crashkernel_scan *scan, bool list,
			       struct crashkernel_spec *spec)
{
	static const char missing[] = "offset expected after '@'";
	const char *start = scan->at;
	struct crashkernel_scan offset = *scan;

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

static void __init scan_plain(struct crashkernel_scan *scan, u64 system_ram,
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

static void __init scan_high(struct crashkernel_scan *scan, u64 system_ram,
			     struct crashkernel_spec *spec)
{
	const char *at = scan->at;

	spec->high = true;
	spec->size = scan_bytes(scan, "size expected");
	scan_end(scan, "',high' expected after the size");
	check_size(scan, at, spec->size, system_ram);
}

static void __init scan_low(struct crashkernel_scan *scan, u64 system_ram,
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

/**
 * crashkernel_read_value() - read the value of a crashkernel= option
 * @scan: the value; afterwards the error and the doubt, if there are any
 * @kind: the kind of the option. "auto" is not read here
 * @system_ram: RAM of this machine, bytes
 * @spec: result; undefined if @scan has an error. The option ",high" has to be
 *	read before ",low"
 *
 * Context: Boot time only. Pure.
 */
void __init crashkernel_read_value(struct crashkernel_scan *scan,
				   enum crashkernel_kind kind, u64 system_ram,
				   struct crashkernel_spec *spec)
{
	switch (kind) {
	case CRASHKERNEL_HIGH:
		scan->end -= strlen(",high");
		scan_high(scan, system_ram, spec);
		break;
	case CRASHKERNEL_LOW:
		scan->end -= strlen(",low");
		scan_low(scan, system_ram, spec);
		break;
	default:
		scan_plain(scan, system_ram, spec);
		break;
	}
}
