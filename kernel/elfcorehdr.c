// SPDX-License-Identifier: GPL-2.0
/*
 * The address of the crashed kernel's ELF headers.
 *
 * It comes from elfcorehdr= on the command line, from the device tree, or from
 * the platform's setup code. If there is one, this kernel was started after a
 * crash, see is_kdump_kernel().
 */
#define pr_fmt(fmt) "elfcorehdr: " fmt

#include <linux/crash_dump.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/string.h>

unsigned long long elfcorehdr_addr = ELFCORE_ADDR_MAX;
EXPORT_SYMBOL_GPL(elfcorehdr_addr);

unsigned long long elfcorehdr_size;

/*
 * No u64 has more digits, in any base. With more, memparse() would wrap around
 * silently.
 */
#define MAX_DIGITS	22

/* Read a number with K, M, G ... behind it, in memparse()'s notation. */
static const char *__init parse_elfcorehdr_bytes(const char *text, char **end, u64 *bytes)
{
	if (*text < '0' || *text > '9')
		return "a number is missing";
	if (strspn(text, "0123456789abcdefABCDEFxX") > MAX_DIGITS)
		return "the number is too large";
	*bytes = memparse(text, end);
	return NULL;
}

/* Read the option. Return an error text, with the place in *at; NULL if there is none. */
static const char *__init parse_elfcorehdr(char *text, u64 *addr, u64 *size,
					   char **at)
{
	const char *wrong;
	u64 last;

	*at = text;
	*size = 0;
	wrong = parse_elfcorehdr_bytes(text, at, addr);
	if (wrong)
		return wrong;
	if (**at == '@') {
		*size = *addr;
		if (!*size)
			return "the size is zero";
		text = ++*at;
		wrong = parse_elfcorehdr_bytes(text, at, addr);
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
		       text ? text : "", wrong, at);
		elfcorehdr_addr = ELFCORE_ADDR_ERR;
		return -EINVAL;
	}
	elfcorehdr_addr = addr;
	elfcorehdr_size = size;
	return 0;
}
early_param("elfcorehdr", setup_elfcorehdr);
