# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Writes crashkernel= to the configuration of the boot loader: GRUB's, by grubby where the
# distribution has it, and that of systemd-boot.
# shellcheck disable=SC2154 # variables that other files set

# write_option FILE PATTERN: crashkernel= on the lines that match becomes $option.  The file
# as it was stays beside it, since a machine may not boot with a wrong one.
write_option()
{
	sed "/$2/s/crashkernel=[^ \"']*/$option/g" "$1" >"$WORK/option" || die "$1 cannot be read"
	replace_file "$1"
}

# Put $WORK/option into the place of a file.
replace_file()
{
	! cmp -s "$WORK/option" "$1" || return 0
	replace_place=$(readlink -f "$1") || die "$1 cannot be written"
	if [ -e "$replace_place" ]; then
		cp -p "$replace_place" "$replace_place.old" || die "$replace_place.old cannot be written"
		cp -p "$replace_place" "$replace_place.new"
	fi
	{ cat "$WORK/option" >"$replace_place.new" && sync "$replace_place.new" &&
		mv "$replace_place.new" "$replace_place"; } || die "$1 cannot be written"
	say "$option has been written to $1"
}

# The words that GRUB's own files put on the kernel's command line.  Where several of them
# have the option the kernel takes the last one, so all get the same.
write_grub()
{
	[ -f "$ROOT/etc/default/grub" ] || return 1
	for grub_make in update-grub grub2-mkconfig grub-mkconfig ''; do
		! command -v "$grub_make" >/dev/null || break
	done
	for grub_cfg in "$ROOT/boot/grub/grub.cfg" "$ROOT/boot/grub2/grub.cfg" ''; do
		[ ! -f "$grub_cfg" ] || break
	done
	[ -n "$grub_make" ] && [ -n "$grub_cfg" ] || return 1

	grub_line='^[[:space:]]*\(export \)*GRUB_CMDLINE_LINUX'
	grub_found=0
	for grub_file in "$ROOT/etc/default/grub" "$ROOT"/etc/default/grub.d/*.cfg; do
		[ -f "$grub_file" ] || continue
		grep -q "$grub_line.*crashkernel=" "$grub_file" || continue
		write_option "$grub_file" "$grub_line"
		grub_found=1
	done
	if [ $grub_found = 0 ]; then
		{
			cat "$ROOT/etc/default/grub"
			echo "GRUB_CMDLINE_LINUX_DEFAULT=\"\${GRUB_CMDLINE_LINUX_DEFAULT-} $option\""
		} >"$WORK/option"
		replace_file "$ROOT/etc/default/grub"
	fi
	make_grub
}

# make_grub: make grub.cfg, and look whether the kernels get the option
make_grub()
{
	case $grub_make in
	update-grub) set -- ;;
	*) set -- -o "$grub_cfg" ;;
	esac
	"$grub_make" "$@" >"$WORK/grub-messages" 2>&1 || {
		sed 's/^/    /' "$WORK/grub-messages" >&2
		die "$grub_make failed: the machine boots with what $grub_cfg had before"
	}
	grep -q "^[[:space:]]*linux.*$option" "$grub_cfg" ||
		die "$grub_make has made a $grub_cfg without $option: do not rely on it"
}

# Kernels get the words of one file, when kernel-install writes their entries.
write_systemd_boot()
{
	command -v bootctl >/dev/null && command -v kernel-install >/dev/null || return 1
	bootctl is-installed >/dev/null 2>&1 || return 1
	boot_file=$ROOT/etc/kernel/cmdline
	if [ -f "$boot_file" ]; then
		cp "$boot_file" "$WORK/option"
	else
		mkdir -p "$ROOT/etc/kernel"
		tr ' ' '\n' <"$PROC/cmdline" | grep -v '^BOOT_IMAGE=\|^initrd=' | tr '\n' ' ' >"$WORK/option"
	fi
	boot_words=$(tr '\n' ' ' <"$WORK/option" | sed "s/crashkernel=[^ ]*//g; s/  */ /g; s/^ //; s/ \$//")
	echo "$boot_words $option" >"$WORK/option"
	replace_file "$boot_file"

	for boot_version in "$ROOT"/lib/modules/*; do
		boot_version=${boot_version##*/}
		for boot_image in "$ROOT/lib/modules/$boot_version/vmlinuz" "$ROOT/boot/vmlinuz-$boot_version" ''; do
			[ ! -f "$boot_image" ] || break
		done
		[ -n "$boot_image" ] || continue
		kernel-install add "$boot_version" "$boot_image" ||
			die "kernel-install failed: kernel $boot_version boots with what it had before"
	done
}

# reset_crashkernel OPTION
reset_crashkernel()
{
	option=$1
	reset_done=0
	if command -v grubby >/dev/null; then
		grubby --update-kernel=ALL --args="$option" || die "grubby failed"
		grubby --info=ALL | grep -q "$option" || die "grubby has not written $option"
		say "$option has been written by grubby"
		reset_done=1
	elif write_grub; then
		reset_done=1
	fi
	! write_systemd_boot || reset_done=1
	[ $reset_done = 1 ] ||
		die "neither GRUB nor systemd-boot is set up here: write $option into the configuration of the boot loader"
	say "the memory is reserved from the next boot on"
}
