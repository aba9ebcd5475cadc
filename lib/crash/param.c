// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the crashkernel= options of a command line. kernel/crash_reserve.c calls
 * it, and the x86 decompressor, which must not put the kernel into a region that
 * an option fixes. param_value.c reads the value of an option.
 *
 *	SIZE[@OFFSET]
 *	START-[END]:SIZE[,START-[END]:SIZE...][@OFFSET]
 *	auto
 *	SIZE,high
 *	SIZE,low
 *
 * The first three forms are one kind of option, ",high" and ",low" are a kind
 * each. The last option of a kind counts. An option of the first kind disables
 * the other two kinds. Documentation/admin-guide/kdump/kdump.rst describes them.
 */
#include <linux/crash_param.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/string.h>

#include "param_value.h"

#define OPTION_NAME	"crashkernel="

/*
 * One crashkernel= word of the command line, without the quotes that may
 * enclose the word, and its value, without the quotes that may enclose the
 * value. @for_init: the word stands behind "--".
 */
struct option {
	const char *name;
	const char *name_end;
	const char *value;
	const char *value_end;
	bool for_init;
};

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

static enum crashkernel_kind __init kind_of(const struct option *opt)
{
	if (ends_with(opt->value, opt->value_end, ",high"))
		return CRASHKERNEL_HIGH;
	if (ends_with(opt->value, opt->value_end, ",low"))
		return CRASHKERNEL_LOW;
	return CRASHKERNEL_PLAIN;
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
				struct option last[CRASHKERNEL_KINDS])
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
static int __init read_option(const struct option last[CRASHKERNEL_KINDS],
			      enum crashkernel_kind kind, u64 system_ram,
			      struct crashkernel_spec *spec,
			      struct crashkernel_error *err)
{
	const struct option *opt = &last[kind];
	struct crashkernel_scan scan = { .at = opt->value, .end = opt->value_end };

	if (kind == CRASHKERNEL_PLAIN && is_text(opt->value, opt->value_end, "auto"))
		spec->size = crashkernel_auto_size(system_ram);
	else
		crashkernel_read_value(&scan, kind, system_ram, spec);

	if (scan.reason) {
		memset(spec, 0, sizeof(*spec));
		set_error(err, opt, scan.at, scan.reason);
		return -EINVAL;
	}
	if (scan.doubt)
		set_error(err, opt, scan.doubt_at, scan.doubt);
	else if (opt->for_init)
		set_error(err, opt, opt->value, "options of the kernel stand before '--'");
	return 0;
}

/**
 * crashkernel_parse - read the crashkernel= options of a command line
 * @cmdline: the kernel command line, NUL-terminated
 * @system_ram: RAM of this machine, bytes
 * @spec: result; all zero unless 0 is returned
 * @err: the error if -EINVAL is returned; a doubt, if there is one, with 0; points
 *       into @cmdline
 *
 * Words are split and unquoted like all kernel options. Offset 0 is the same as no
 * offset: the kernel chooses a place. Only the options that count are checked, see
 * the top of this file.
 *
 * With a list of ranges, or "auto", the size may be 0 on this machine. That is not
 * an error: 0 is returned, and @spec->size is 0.
 *
 * Context: Boot time only. Pure.
 * Return: 0; -ENOENT if there is no such option; -EINVAL if an option that counts
 * is malformed, has a size of 0 outside a list of ranges and without ",low", has a
 * size that is not less than @system_ram, or is a ",low" without a ",high".
 */
int __init crashkernel_parse(const char *cmdline, u64 system_ram,
			     struct crashkernel_spec *spec,
			     struct crashkernel_error *err)
{
	struct option last[CRASHKERNEL_KINDS] = {};
	int ret = -ENOENT;

	memset(spec, 0, sizeof(*spec));
	memset(err, 0, sizeof(*err));
	find_options(cmdline, last);

	if (last[CRASHKERNEL_PLAIN].value)
		return read_option(last, CRASHKERNEL_PLAIN, system_ram, spec, err);
	if (last[CRASHKERNEL_HIGH].value) {
		ret = read_option(last, CRASHKERNEL_HIGH, system_ram, spec, err);
		if (ret)
			return ret;
	}
	if (last[CRASHKERNEL_LOW].value)
		ret = read_option(last, CRASHKERNEL_LOW, system_ram, spec, err);
	return ret;
}
