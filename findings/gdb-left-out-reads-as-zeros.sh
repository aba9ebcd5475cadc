#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# gdb shows memory that a core file does not have as zeros.
#
# A program header may say that memory goes on (p_memsz) behind what the file has
# of it (p_filesz). A filtered ELF dump uses that for pages that were left out. One
# expects gdb to say "Cannot access memory" there, as it does where no header
# speaks of an address. gdb 13.1 and 16.3 print zeros instead, without a word, so
# that a page that was left out cannot be told from one that was zero.
#
# Installs Debian 12's gdb 13.1-3 below a temporary folder; exits 1 if gdb answers
# otherwise.
set -eu

version=13.1-3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get -qq update >log 2>&1 || { cat log >&2; exit 2; }
# What Debian's base system has everywhere stays out.
packages=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts \
	--no-breaks --no-replaces --no-enhances "gdb=$version" | grep '^[a-z]' |
	grep -Ev '^(gdb|libc6|libgcc-s1|gcc-12-base|debconf.*|dpkg|tar|perl-base|cdebconf|media-types)$')
# shellcheck disable=SC2086 # a list of words
apt-get -qq download "gdb=$version" $packages >log 2>&1 || { cat log >&2; exit 2; }
for deb in ./*.deb; do
	dpkg-deb -x "$deb" root
done

# A core with one header: 4 KiB of "A" in the file, 8 KiB of memory at 0x10000.
python3 - <<'END'
import struct
header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
load = struct.pack("<IIQQQQQQ", 1, 6, 0x1000, 0x10000, 0x10000, 0x1000, 0x2000, 0x1000)
with open("core", "wb") as core:
    core.write((header + load).ljust(0x1000, b"\0") + b"A" * 0x1000)
END

ask()
{
	LD_LIBRARY_PATH=root/usr/lib/x86_64-linux-gnu:root/lib/x86_64-linux-gnu \
		PYTHONHOME=root/usr root/usr/bin/gdb -nx -batch --data-directory root/usr/share/gdb \
		-ex "x/1gx $1" -core core 2>&1 | grep "$1"
}

LD_LIBRARY_PATH=root/usr/lib/x86_64-linux-gnu PYTHONHOME=root/usr root/usr/bin/gdb --version | head -n 1
status=0
expect()
{
	got=$(ask "$1")
	echo "$2: $got"
	case $got in
	*"$3"*) ;;
	*)
		echo "gdb does not do this any more: expected '$3'" >&2
		status=1
		;;
	esac
}
expect 0x10ff8 "in the file" 0x4141414141414141
expect 0x11000 "in memory, not in the file" 0x0000000000000000
expect 0x12000 "in no program header" "Cannot access memory"
exit $status
