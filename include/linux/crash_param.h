/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The crashkernel= option, as text and as numbers.
 *
 * The parser keeps no state and needs only its arguments: the kernel, its
 * decompressor and the tests in user space compile the same source.
 */
#ifndef _LINUX_CRASH_PARAM_H
#define _LINUX_CRASH_PARAM_H

#include <linux/types.h>

/**
 * struct crashkernel_spec - the reservation that the command line requests
 * @size: size of the main reservation in bytes; 0: none is requested
 * @base: its physical address if @fixed
 * @low_size: bytes requested below 4 GiB by ",low"
 * @fixed: an offset other than 0 was given, see crashkernel_parse()
 * @high: ",high": the main reservation may lie above 4 GiB
 * @low_given: ",low" was given beside ",high", also with size 0
 */
struct crashkernel_spec {
	u64 size;
	u64 base;
	u64 low_size;
	bool fixed;
	bool high;
	bool low_given;
};

/**
 * struct crashkernel_error - the place and the reason of an error or a doubt
 * @option: the option on the command line, from its name on
 * @option_len: length of the option, bytes
 * @at: offset of the wrong character from @option, bytes; at most @option_len,
 *	the end of the option
 * @reason: text of the error or the doubt, for the user; NULL if there is none
 */
struct crashkernel_error {
	const char *option;
	size_t option_len;
	size_t at;
	const char *reason;
};

int crashkernel_parse(const char *cmdline, u64 system_ram,
		      struct crashkernel_spec *spec,
		      struct crashkernel_error *err);
u64 crashkernel_auto_size(u64 system_ram);

#endif /* _LINUX_CRASH_PARAM_H */
