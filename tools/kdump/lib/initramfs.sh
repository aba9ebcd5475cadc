# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# The capture kernel's initramfs.  First a plan, a line for each thing in it:
#
#     d MODE NAME            a folder
#     f MODE NAME SOURCE     a file
#     l NAME TARGET          a symbolic link
#
# The plan and the content of all sources have a fingerprint.  Only when that
# differs from the one of the image that is there, the image is made again.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

plan_file()
{
	echo "f $1 $2 $3"
}

# plan_program FILE [NAME]: a program and the libraries that it loads
plan_program()
{
	program_name=${2-/bin/$(basename "$1")}
	plan_file 755 "$program_name" "$1"
	libraries_of "$1" | while read -r library; do
		plan_file 755 "$library" "$library"
	done
}

# libraries_of FILE: what the dynamic loader finds, and the loader itself.  A script
# and a static program have none.
libraries_of()
{
	for loader in /lib64/ld-linux-*.so.* /lib/ld-linux*.so.* /lib/ld-musl-*.so.*; do
		[ -x "$loader" ] || continue
		# Asked for the libraries of a program that has none it may crash.
		"$loader" --verify "$1" >/dev/null 2>&1 || continue
		library_list=$("$loader" --list "$1" 2>/dev/null) || continue
		echo "$loader"
		echo "$library_list" | awk '$2 == "=>" && $3 ~ /^\// { print $3; next }
			$1 ~ /^\// { print $1 }'
		return
	done
}

# program_path NAME: where a program of this system is.  Not by command -v, which
# tells of functions and of a shell's own programs, too.
program_path()
{
	case $1 in
	/*)
		[ -f "$1" ] && [ -x "$1" ] && echo "$1"
		return
		;;
	*/*) return 1 ;;	# from which folder?
	esac
	echo "$PATH" | tr : '\n' | while read -r path_folder; do
		if [ -f "$path_folder/$1" ] && [ -x "$path_folder/$1" ]; then
			echo "$path_folder/$1"
			break
		fi
	done | grep .
}

# plan_command NAME: a program of this system by its name, or by its place, where it is
# found there, too.  One outside of the usual folders keeps its place, since it may look for
# its libraries from there ($ORIGIN), and has a link in /bin.
plan_command()
{
	command_path=$(program_path "$1")
	command_real=$(readlink -f "$command_path")
	case $command_real in
	*/busybox*) command_place=/bin/${1##*/} ;;	# is there already
	*)
		command_place=$command_real
		! in_path "$command_real" || command_place=/bin/${1##*/}
		plan_program "$command_path" "$command_place"
		;;
	esac
	[ "$command_place" = "/bin/${1##*/}" ] || echo "l /bin/${1##*/} $command_place"
	case $1 in
	*/*) in_path "$1" || [ "$1" = "$command_place" ] || echo "l $1 $command_place" ;;
	esac
}

# in_path FILE: is it in a folder that in the initramfs is /bin, too?
in_path()
{
	case ${1%/*} in
	/bin | /sbin | /usr/bin | /usr/sbin) ;;
	*) return 1 ;;
	esac
}

# The first busybox that needs no library, else any, with its libraries.
find_busybox()
{
	for busybox in "$LIB/busybox" /bin/busybox /usr/bin/busybox /usr/lib/initramfs-tools/bin/busybox \
			/bin/busybox.static; do
		[ -x "$busybox" ] && "$busybox" sh -c : 2>/dev/null && return
	done
	die "there is no busybox: install busybox-static (or busybox)"
}

plan_base()
{
	for folder in /bin /etc /etc/kdump /etc/kdump/hooks /lib /lib/kdump /proc /sys /dev /run /mnt /tmp \
			/root /root/.ssh /var /var/run; do
		echo "d 700 $folder"
	done
	find_busybox
	plan_program "$busybox" /bin/busybox
	echo "l /bin/sh busybox"	# it links the others by itself, see kdump-save
	echo "l /sbin bin"
	echo "l /usr/bin ../bin"
	echo "l /usr/sbin ../bin"
	for capture_file in "$LIB"/capture/*; do
		plan_file 755 "/lib/kdump/$(basename "$capture_file")" "$capture_file"
	done
	echo "l /init lib/kdump/kdump-save"
	plan_file 600 /etc/kdump/settings "$WORK/settings"
	plan_file 600 /etc/kdump/modules "$WORK/modules"
	plan_file 600 /etc/kdump/watchdogs "$WORK/watchdogs"
	[ ! -x "$LIB/vmcore-save" ] || plan_program "$LIB/vmcore-save"
}

# plan_blkid: the program that tells copies of a file system apart, where busybox has none
plan_blkid()
{
	grep -q "^[A-Z_]*DEVICE='\(UUID\|LABEL\)=" "$WORK/settings" &&
		! "$busybox" --list 2>/dev/null | grep -q -x blkid &&
		program_path blkid >/dev/null || return 0
	plan_command blkid
}

# plan_modules LIST FILE...: modules, and the list of them for the capture side
plan_modules()
{
	module_list=$1
	shift
	: >"$module_list"
	for module_file; do
		case $module_file in
		/*) module_source=$module_file ;;
		*) module_source=$modules_folder/$module_file ;;
		esac
		module_base=$(basename "$module_file")
		module_base=${module_base%%.ko*}.ko
		module_told=$(module_parameters "${module_base%.ko}")
		echo "/lib/modules/$module_base${module_told:+ }$module_told" >>"$module_list"
		plan_file 600 "/lib/modules/$module_base" "$module_source"
		plan_firmware "$module_source"
	done
}

plan_ssh()
{
	plan_file 600 /etc/kdump/ssh_key "$ssh_home/key"
	plan_file 600 /root/.ssh/known_hosts "$ssh_known"
	# Both look up who they are.
	echo "root:x:0:0:root:/root:/bin/sh" >"$WORK/passwd"
	plan_file 644 /etc/passwd "$WORK/passwd"
	case $ssh_client in
	dropbear) plan_command dbclient ;;
	openssh)
		plan_command ssh
		[ "${collector%% *}" != scp ] || plan_command scp
		;;
	esac
}

# each_hook COMMAND: COMMAND FILE NAME for each, with its name in the initramfs
each_hook()
{
	for hook_name in kdump_pre kdump_post kdump_emergency; do
		eval "hook_file=\${conf_$hook_name-}"
		[ -z "$hook_file" ] || "$1" "$hook_file" "/etc/kdump/hooks/$hook_name"
	done
	for hook_folder in pre.d post.d emergency.d; do
		for hook_file in "$HOOKS_FOLDER/$hook_folder"/*; do
			[ ! -f "$hook_file" ] || [ ! -x "$hook_file" ] ||
				"$1" "$hook_file" "/etc/kdump/hooks/$hook_folder/$(basename "$hook_file")"
		done
	done
}

# What check_program and plan_command want. No program for people to run, so distributions put it where no PATH leads.
fence_sender()
{
	program_path fence_kdump_send && return
	for fence_folder in /usr/libexec /usr/libexec/fence-agents /usr/lib/fence-agents; do
		program_path "$fence_folder/fence_kdump_send" && return
	done
	echo fence_kdump_send
}

# Programs that the administrator names; each must be there.
check_programs()
{
	case ${collector_program##*/} in
	vmcore-save)
		[ -x "$LIB/vmcore-save" ] || problem "$CONF_FILE" "${line_core_collector-0}" \
			"there is no saver $LIB/vmcore-save" "install it, or write core_collector makedumpfile or cp" ;;
	*) check_program core_collector "$collector_program" ;;
	esac
	for extra_bin in ${conf_extra_bins-}; do
		check_program extra_bins "$extra_bin"
	done
	if [ -n "${conf_fence_kdump_nodes-}" ]; then
		check_program fence_kdump_nodes "$(fence_sender)"
	fi
	find_busybox
	each_hook check_interpreter
	for script in "$collector_program" ${transfer_program-} ${conf_extra_bins-}; do
		script=$(program_path "$script") && check_interpreter "$script"
	done
}

check_program()
{
	eval "program_line=\${line_$1-0}"
	program_path "$2" >/dev/null || problem "$CONF_FILE" "$program_line" \
		"there is no program '$2'" "install it, or correct the line"
}

# check_interpreter FILE: what runs a script must be in the initramfs, too
check_interpreter()
{
	# The program, or what env is to find.
	interpreter=$(LC_ALL=C sed -n '1s/^#![[:blank:]]*//p; q' "$1" |
		awk '{ print $1 ~ /\/env$/ ? $2 : $1 }')
	[ -n "$interpreter" ] || return 0
	case $interpreter in
	/*) ! in_path "$interpreter" || interpreter=${interpreter##*/} ;;
	esac
	# These keep their place, or are in /bin.
	for extra_bin in ${conf_extra_bins-}; do
		[ "$extra_bin" != "$interpreter" ] && [ "${extra_bin##*/}" != "$interpreter" ] || return 0
	done
	"$busybox" --list | grep -q -x -F "$interpreter" || problem "$1" 1 \
		"the capture kernel has no $interpreter to run this script" \
		"write it for sh, or name $interpreter in extra_bins"
}

plan_programs()
{
	case ${collector_program##*/} in
	vmcore-save) ;;
	*) plan_command "$collector_program" ;;
	esac
	for extra_bin in ${conf_extra_bins-}; do
		plan_command "$extra_bin"
	done
	[ -z "${conf_fence_kdump_nodes-}" ] || plan_command "$(fence_sender)"
	plan_layers
	[ "$target" != command ] || plan_command "$transfer_program"
}

# Set $plan, the file with the plan.
make_plan()
{
	plan=$WORK/plan
	write_settings >"$WORK/settings"
	{
		plan_base
		plan_blkid
		# shellcheck disable=SC2086 # lists of words
		plan_modules "$WORK/watchdogs" $watchdog_files
		# shellcheck disable=SC2086
		plan_modules "$WORK/modules" $module_files
		each_hook plan_program
		plan_programs
		[ "$target" != ssh ] || plan_ssh
	} >"$plan.all"
	# A name counts once; folders that nobody named come before their files.
	awk '$1 == "l" { name = $2 } $1 != "l" { name = $3 } !seen[name]++' "$plan.all" >"$plan"
}

# What must be the same for the image to be the same.
fingerprint()
{
	sed "s|$WORK|WORK|" "$plan"
	sed -n 's/^f [^ ]* [^ ]* //p' "$plan" | while read -r source; do
		checksum "$source"
	done | sed "s|$WORK|WORK|"
}

# unpack_module FILE: its content, whatever it is compressed with
unpack_module()
{
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.gz) gzip -dc "$1" ;;
	*.zst) zstd -qdc "$1" ;;
	*) cat "$1" ;;
	esac
}

# check_unpackers: what the modules are compressed with must be there
check_unpackers()
{
	for unpack_pair in .xz:xz .gz:gzip .zst:zstd; do
		case " $module_files " in
		*"${unpack_pair%:*} "*)
			program_path "${unpack_pair#*:}" >/dev/null ||
				problem "$SYSCONFIG_FILE" 0 \
					"there is no program ${unpack_pair#*:}, which unpacks the modules in $modules_folder" \
					"install it"
			;;
		esac
	done
}

# lay_out_cache ROOT: libraries that lie where only ld.so's cache finds them need one there, too
lay_out_cache()
{
	sed -n 's/^f [^ ]* \(.*\)\/[^ /]*\.so[^ /]* .*/\1/p' "$plan" | sort -u |
		grep -v -x -E '(/usr)?/lib(32|64|x32)?(/[^/]*-linux-[^/]*)?' >"$1/etc/ld.so.conf" || {
		rm -f "$1/etc/ld.so.conf"
		return 0
	}
	for cache_maker in ldconfig.real ldconfig; do
		cache_maker=$(program_path $cache_maker) && break
	done
	[ -z "$cache_maker" ] || "$cache_maker" -X -r "$1" >/dev/null 2>&1 ||
		warn "no cache of the libraries in $(tr '\n' ' ' <"$1/etc/ld.so.conf") could be made"
}

# lay_out ROOT: make what the plan says
lay_out()
{
	while read -r kind mode name source; do
		case $kind in
		d) mkdir -p "$1$name" && chmod "$mode" "$1$name" ;;
		f)
			lay_out_folder "$1${name%/*}" && unpack_module "$source" >"$1$name" &&
				chmod "$mode" "$1$name"
			;;
		l) lay_out_folder "$1${mode%/*}" && ln -sf "$name" "$1$mode" ;;
		esac || return
	done <"$plan"
}

lay_out_folder()
{
	[ -d "$1" ] || mkdir -p "$1"
}

# build_initramfs FILE: 0600, since keys are in it
build_initramfs()
{
	build_root=$WORK/root
	umask 077
	rm -rf "$build_root"
	mkdir -p "$build_root" "$(dirname "$1")"
	lay_out "$build_root" || die "the initramfs cannot be made in $WORK: no room, or a file of it is gone"
	lay_out_cache "$build_root"
	# What it will take once unpacked, for the check of the reservation.
	du -sk "$build_root" | awk '{ print $1 * 1024 }' >"$1.unpacked"
	(cd "$build_root" && find . | cpio -o -H newc 2>/dev/null) >"$WORK/archive" ||
		die "cpio could not write the initramfs to $WORK"
	gzip -c "$WORK/archive" >"$1.new" || die "no room for $1"
	mv "$1.new" "$1"
	rm -rf "$build_root" "$WORK/archive"
}

# is_up_to_date: is the image there, whole, and of these inputs?
is_up_to_date()
{
	[ -s "$INITRAMFS" ] && cmp -s "$WORK/inputs" "$INITRAMFS.inputs" &&
		checksum "$INITRAMFS" | cmp -s - "$INITRAMFS.sum"
}

# update_initramfs [force|aside]: make the image if it is not there or not of these inputs.
# With force, in any case; with aside, for a verb that only looks, not in its place.
update_initramfs()
{
	make_plan
	fingerprint >"$WORK/inputs"
	if [ "${1-}" != force ] && [ -s "$INITRAMFS" ]; then
		if [ "${conf_force_no_rebuild-0}" = 1 ]; then
			say "the initramfs is kept as it is (force_no_rebuild)"
			return
		fi
		if [ "${conf_force_rebuild-0}" != 1 ] && is_up_to_date; then
			say "the initramfs is up to date"
			return
		fi
	fi
	[ "${1-}" != aside ] || INITRAMFS=$WORK/initramfs.img
	say "making the initramfs $INITRAMFS"
	rm -f "$INITRAMFS.inputs"
	build_initramfs "$INITRAMFS"
	# A machine that loses power now must not find a name with nothing behind it.
	sync
	checksum "$INITRAMFS" >"$INITRAMFS.sum"
	cp "$WORK/inputs" "$INITRAMFS.inputs"
}
