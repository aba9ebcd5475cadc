# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Which files of modules the capture kernel needs, in the order in which they can
# be loaded, from modules.dep, modules.alias and modules.builtin of its folder.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# modules_for NAME|MODALIAS...: paths relative to the folder, each after what it
# needs.  Names that are built in are left out; unknown ones are printed as "? NAME".
modules_for()
{
	modules_dep=$modules_folder/modules.dep
	[ -r "$modules_dep" ] || modules_dep=/dev/null
	modules_alias=$modules_folder/modules.alias
	[ -r "$modules_alias" ] || modules_alias=/dev/null
	modules_builtin=$modules_folder/modules.builtin
	[ -r "$modules_builtin" ] || modules_builtin=/dev/null
	modules_soft=$modules_folder/modules.softdep
	[ -r "$modules_soft" ] || modules_soft=/dev/null
	printf '%s\n' "$@" | awk -v dep="$modules_dep" -v aliases="$modules_alias" \
		-v builtin="$modules_builtin" -v softdep="$modules_soft" '
		function name_of(path) {
			sub(/.*\//, "", path); sub(/\.ko.*/, "", path); gsub(/-/, "_", path)
			return path
		}
		# A pattern of the shell as one of awk.
		function pattern(text) {
			gsub(/[.+(){}^$|]/, "\\\\&", text)
			gsub(/\*/, ".*", text); gsub(/\?/, ".", text)
			return "^" text "$"
		}
		# What is only better to have (soft) may be missing.
		function need(name, soft,    i, n, list) {
			if (done[name]++) return
			if (!(name in path) && name in called) {
				n = split(called[name], list, " ")
				for (i = 1; i <= n; i++) need(list[i], soft)
				return
			}
			if (!(name in path)) {
				if (!soft && !(name in inside)) print "? " name
				return
			}
			n = split(needs[name], list, " ")
			for (i = n; i > 0; i--) need(name_of(list[i]), soft)
			n = split(before[name], list, " ")
			for (i = 1; i <= n; i++) need(list[i], 1)
			print path[name]
		}
		BEGIN {
			while ((getline line < dep) > 0) {
				at = index(line, ":"); file = substr(line, 1, at - 1)
				path[name_of(file)] = file; needs[name_of(file)] = substr(line, at + 1)
			}
			while ((getline line < builtin) > 0) inside[name_of(line)]
			# What is to come before a module may be the name of a cipher that several have.
			while ((getline line < aliases) > 0) {
				split(line, word, " "); gsub(/-/, "_", word[2])
				if (word[1] == "alias" && word[2] ~ /^[a-z0-9_]+$/)
					called[word[2]] = called[word[2]] " " word[3]
			}
			close(aliases)
			# softdep NAME pre: FIRST... post: LATER...
			while ((getline line < softdep) > 0)
				if (line ~ /^softdep .* pre: /) {
					split(line, word, " "); sub(/.* pre: /, "", line); sub(/ post:.*/, "", line)
					gsub(/-/, "_", line); before[word[2]] = before[word[2]] " " line
				}
		}
		/:/ { wanted[++count] = $0; next }
		NF { gsub(/-/, "_"); need($1, 0) }
		END {
			while (count && (getline line < aliases) > 0) {
				split(line, word, " ")
				for (i = 1; i <= count; i++)
					if (word[1] == "alias" && wanted[i] ~ pattern(word[2])) need(word[3], 0)
			}
		}'
}

# capture_fstype FSTYPE: as the capture kernel calls it.  Where it knows no ext2 and ext3
# the driver of ext4 mounts them.
capture_fstype()
{
	case $1 in
	ext2 | ext3)
		if modules_for "$1" | grep -q '^?'; then
			echo ext4
			return
		fi
		;;
	esac
	echo "$1"
}

# Set $module_files to what the target and the administrator want, and $watchdog_files
# to what comes before: a driver may wait for ever for its disk.  What the target needs may be
# built in without being listed anywhere; what the administrator names must be there.
find_modules()
{
	fstype=$(capture_fstype "$fstype")
	root_fstype=$(capture_fstype "$root_fstype")
	module_files=
	driver_names=$(echo "$wanted_drivers" | tr '|' ' ')
	# shellcheck disable=SC2046,SC2086 # lists of words
	watchdog_files=$(modules_for $(echo "$watchdog_drivers" | tr '|' ' ') $WATCHDOGS |
		sed '/^?/d' | tr '\n' ' ')
	# shellcheck disable=SC2086 # lists of words
	for module_file in $(modules_for $fstype $root_fstype $wanted_modules $driver_names |
				sed '/^?/d') \
			$(modules_for ${conf_extra_modules-} | tr ' ' :); do
		case $module_file in
		'?':*)
			problem "$CONF_FILE" "${line_extra_modules-0}" \
				"there is no module '${module_file#?:}' in $modules_folder" \
				"correct the name, or remove it"
			;;
		*)
			word_in "$module_file" "$watchdog_files" ||
				module_files="$module_files $module_file"
			;;
		esac
	done
	# modules.builtin is there wherever modules are installed.
	if [ -r "$modules_folder/modules.builtin" ]; then
		check_filesystem_module
		check_drivers
	fi
}

# A file system that is neither a module here nor known to be built in: better now
# than after a crash.
check_filesystem_module()
{
	check_fstype=$fstype
	[ "$target" != nfs ] || check_fstype=nfs
	! modules_for "$check_fstype" | grep -q '^?' ||
		target_problem "the capture kernel $kernel_release has no $check_fstype" \
			"install its modules in $modules_folder, or name another target"
}

# Likewise the drivers of the target and of the controllers before it.
check_drivers()
{
	for check_driver in $wanted_drivers; do
		check_name=${check_driver%%"|"*}
		if is_driver_module "$check_name" && modules_for "$check_name" | grep -q '^?' &&
				! has_driver_for "${check_driver#*"|"}"; then
			target_problem "the capture kernel $kernel_release has no driver $check_name, which leads to the target" \
				"name a kernel that has it (KDUMP_KERNELVER), or another target"
		fi
	done
}

# is_driver_module NAME: has it a name that all kernels know it by?  What cannot be a
# module, as the driver of PCI bridges, is in no list.
is_driver_module()
{
	[ -n "$1" ] || return
	[ ! -e "$SYS/module/$1/initstate" ] || return 0
	grep -q "/$(echo "$1" | sed 's/_/[_-]/g')\.ko" \
		"${RUNNING_MODULES-/lib/modules/$(uname -r)}/modules.builtin" 2>/dev/null
}

# has_driver_for MODALIAS: what drives the device here may come from somewhere else
has_driver_for()
{
	[ -n "$1" ] || return
	[ -z "$(modules_for "$1")" ] || return 0
	tr '\000' '\n' 2>/dev/null <"$modules_folder/modules.builtin.modinfo" |
		sed -n 's/^[^.=]*\.alias=//p' | while read -r driver_pattern; do
			# shellcheck disable=SC2254 # it is a pattern
			case $1 in
			$driver_pattern) echo "found" ;;
			esac
		done | grep -q found
}
