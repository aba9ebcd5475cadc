// SPDX-License-Identifier: GPL-2.0
/*
 * Where the crashed kernel left its ELF headers, and what became of them.
 *
 * The address is told by elfcorehdr= on the command line, by the device tree, or
 * by the platform's setup code. Whether there is one says, too, whether this
 * kernel was started after a crash at all.
 */
#define pr_fmt(fmt) "elfcorehdr: " fmt

#include <linux/bug.h>
#include <linux/crash_dump.h>
#include <linux/crash_source.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/string.h>

unsigned long long elfcorehdr_addr = ELFCORE_ADDR_MAX;
EXPORT_SYMBOL_GPL(elfcorehdr_addr);

unsigned long long elfcorehdr_size;

/* What ELFCORE_ADDR_ERR stands for: once it is set, this no longer changes. */
static enum crash_dump_state crash_dump_end = CRASH_DUMP_UNUSABLE;

/**
 * crash_dump_state() - what the capture side has
 *
 * It is read from elfcorehdr_addr, which others may have set, so that there is
 * no second truth.
 *
 * Context: Any.
 * Return: the state.
 */
enum crash_dump_state crash_dump_state(void)
{
	switch (READ_ONCE(elfcorehdr_addr)) {
	case ELFCORE_ADDR_MAX:
		return CRASH_DUMP_NONE;
	case ELFCORE_ADDR_ERR:
		return crash_dump_end;
	default:
		return CRASH_DUMP_PRESENT;
	}
}

/**
 * crash_dump_set_state() - the dump has been taken, or cannot be
 * @state: CRASH_DUMP_CONSUMED or CRASH_DUMP_UNUSABLE
 *
 * Both are final, and only a dump that is present can get there: it takes an
 * address to make one present. The caller is the owner of the source, or runs
 * before there is one.
 *
 * Context: Process context or early boot; callers must not race.
 */
void crash_dump_set_state(enum crash_dump_state state)
{
	if (WARN_ON_ONCE(state != CRASH_DUMP_CONSUMED &&
			 state != CRASH_DUMP_UNUSABLE))
		return;
	if (crash_dump_state() != CRASH_DUMP_PRESENT)
		return;
	crash_dump_end = state;
	WRITE_ONCE(elfcorehdr_addr, ELFCORE_ADDR_ERR);
}

/* More digits than a u64 has, in any base, would wrap silently. */
#define MAX_DIGITS	22

/* A number with K, M, G ... behind it, as memparse() has it. */
static const char *__init parse_bytes(const char *text, char **end, u64 *bytes)
{
	if (*text < '0' || *text > '9')
		return "a number is missing";
	if (strspn(text, "0123456789abcdefABCDEFxX") > MAX_DIGITS)
		return "the number is too large";
	*bytes = memparse(text, end);
	return NULL;
}

/* Returns what is wrong, at *at, or NULL. */
static const char *__init parse_elfcorehdr(char *text, u64 *addr, u64 *size,
					   char **at)
{
	const char *wrong;
	u64 last;

	*at = text;
	*size = 0;
	wrong = parse_bytes(text, at, addr);
	if (wrong)
		return wrong;
	if (**at == '@') {
		*size = *addr;
		if (!*size)
			return "the size is zero";
		text = ++*at;
		wrong = parse_bytes(text, at, addr);
		if (wrong)
			return wrong;
	}
	if (**at)
		return "not part of size@address";
	if (!*addr || check_add_overflow(*addr, max(*size, 2ULL), &last))
		return "no headers can be at this address";
	return NULL;
}

static int __init setup_elfcorehdr(char *text)
{
	const char *wrong = "an address is missing";
	char *at = "";
	u64 addr, size;

	if (text)
		wrong = parse_elfcorehdr(text, &addr, &size, &at);
	if (wrong) {
		pr_err("elfcorehdr=%s: %s, at \"%s\"; there will be no dump\n",
		       text ?: "", wrong, at);
		elfcorehdr_addr = ELFCORE_ADDR_ERR;
		return -EINVAL;
	}
	elfcorehdr_addr = addr;
	elfcorehdr_size = size;
	return 0;
}
early_param("elfcorehdr", setup_elfcorehdr);
