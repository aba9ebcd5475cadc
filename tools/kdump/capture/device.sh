# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Kernel modules, and block devices by name, LABEL= or UUID=.

# Insert the modules that kdump put in, in an order that satisfies what each
# needs.  One that fails may not be needed after all; the next step will tell.
load_modules()
{
	while read -r module_file; do
		insmod "$module_file" || say "cannot load $module_file"
	done </etc/kdump/modules
}

# Print the device that a specification names, once it is there.
find_device()
{
	case $1 in
	LABEL=* | UUID=*) findfs "$1" 2>/dev/null ;;
	*) [ -b "$1" ] && echo "$1" ;;
	esac
}

# wait_device SPEC: print its device; the step around bounds the wait.
wait_device()
{
	until find_device "$1"; do
		usleep 200000
	done
}
