# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What modules are told when they are loaded.  insmod, which does it in the capture kernel,
# reads neither modprobe's files nor the command line, as modprobe does.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# all_parameters: lines "MODULE OPTION=VALUE...", those that count more come later: modprobe's
# files, MODULE.OPTION=VALUE on the command line, options in kdump.conf
all_parameters()
{
	modprobe -c 2>/dev/null | sed -n 's/^options[[:space:]][[:space:]]*//p'
	printf '%s\n' "$cmdline" | tr -s ' \t' '\n' |
		sed -n 's/^\([A-Za-z0-9_-]*\)\.\([A-Za-z0-9_-]*=.*\)$/\1 \2/p'
	printf '%s\n' "${conf_options-}"
}

# module_parameters NAME: on one line.  - and _ are alike in the names of modules; a value with
# quotes or blanks in it is nothing that the list can hold.
module_parameters()
{
	[ -n "${parameters_known-}" ] || parameters_known=$(all_parameters)
	printf '%s\n' "$parameters_known" | awk -v wanted="$1" '
		BEGIN { gsub(/-/, "_", wanted) }
		{
			name = $1; gsub(/-/, "_", name)
			if (name != wanted || /["\047]/) next
			for (i = 2; i <= NF; i++) { printf "%s%s", separator, $i; separator = " " }
		}'
}
