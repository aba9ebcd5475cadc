# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# /etc/sysconfig/kdump or /etc/default/kdump: NAME=value, NAME="value" or
# NAME='value' on a line, # begins a comment.  Although it looks like shell, it is
# read, not run: a damaged file does nothing.  What it says becomes variables of
# the same name, with the line in line_NAME.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# sys_set NAME VALUE
sys_set()
{
	eval "$1=\$2 line_$1=\$sys_number"
}

# sys_yes_no NAME VALUE: yes or no in any of the forms in use
sys_yes_no()
{
	case $2 in
	yes | true | 1 | on) sys_set "$1" yes ;;
	no | false | 0 | off) sys_set "$1" no ;;
	*) problem "$SYSCONFIG" "$sys_number" "$1 cannot be '$2'" "write yes or no" ;;
	esac
}

# sys_number_in NAME VALUE LOWEST HIGHEST
sys_number_in()
{
	case $2 in
	'' | - | *[!0-9-]* | ?*-*) ;;
	*)
		if [ "${#2}" -le 9 ] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
			sys_set "$1" "$2"
			return
		fi
		;;
	esac
	problem "$SYSCONFIG" "$sys_number" "$1 cannot be '$2'" "write a number from $3 to $4"
}

sys_one_of()
{
	sys_name=$1
	sys_wanted=$2
	shift 2
	for sys_allowed; do
		if [ "$sys_wanted" = "$sys_allowed" ]; then
			sys_set "$sys_name" "$sys_wanted"
			return
		fi
	done
	problem "$SYSCONFIG" "$sys_number" "$sys_name cannot be '$sys_wanted'" "write one of: $*"
}

# sys_option NAME VALUE: an empty value is no value
sys_option()
{
	if [ -z "$2" ]; then
		sys_known "$1" || sys_other "$1"
		return 0
	fi
	case $1 in
	KDUMP_KERNELVER | KDUMP_COMMANDLINE | KDUMP_COMMANDLINE_REMOVE | KDUMP_COMMANDLINE_APPEND | \
	KEXEC_ARGS | KDUMP_BOOTDIR | KDUMP_IMG | KDUMP_IMG_EXT | KDUMP_KERNEL | KDUMP_MODULES | \
	KDUMP_TRANSFER | KDUMP_NETCONFIG | KDUMP_HOST | KDUMP_SYSCTL)
		sys_set "$1" "$2"
		;;
	KEXEC_OPTIONS) sys_set KEXEC_ARGS "$2" ;;
	KDUMP_IMMEDIATE_REBOOT | VMCORE_CREATION_NOTIFICATION | KDUMP_EARLY) sys_yes_no "$1" "$2" ;;
	KDUMP_RUNLEVEL) sys_one_of "$1" "$2" 1 2 3 5 s S ;;
	KDUMP_KEEP_OLD_DUMPS) sys_number_in "$1" "$2" -1 1000000 ;;
	KDUMP_FREE_DISK_SIZE) sys_number_in "$1" "$2" 0 100000000 ;;
	KDUMP_DUMPLEVEL) sys_number_in "$1" "$2" 0 31 ;;
	KDUMP_CPUS) sys_number_in "$1" "$2" 0 8192 ;;
	KDUMP_STEP_TIMEOUT | KDUMP_STALL_TIMEOUT | KDUMP_HOOK_TIMEOUT | KDUMP_NET_TIMEOUT)
		sys_number_in "$1" "$2" 1 86400
		;;
	KDUMP_SSH_CLIENT) sys_one_of "$1" "$2" openssh dropbear ;;
	KDUMP_DUMPFORMAT) sys_format "$2" ;;
	*) sys_without_effect "$@" ;;
	esac
}

# Is it one of the names that sys_option sets?  What is empty is not checked.
sys_known()
{
	case $1 in
	KDUMP_* | KEXEC_* | FADUMP_* | VMCORE_CREATION_NOTIFICATION | MAKEDUMPFILE_OPTIONS) ;;
	*) return 1 ;;
	esac
}

sys_format()
{
	case $1 in
	none | ELF | compressed | lzo | zstd | raw) sys_set KDUMP_DUMPFORMAT "$1" ;;
	snappy)
		problem "$SYSCONFIG" "$sys_number" "the saver does not compress with snappy" \
			"write zstd, lzo or compressed" ;;
	*)
		problem "$SYSCONFIG" "$sys_number" "KDUMP_DUMPFORMAT cannot be '$1'" \
			"write one of: none ELF compressed lzo zstd raw" ;;
	esac
}

# Options of other tools that are accepted, and do nothing here.
sys_without_effect()
{
	case $1 in
	KDUMP_STDLOGLVL | KDUMP_SYSLOGLVL | KDUMP_KMSGLOGLVL | KDUMP_VERBOSE)
		sys_why="there is one level of messages; -q silences the command" ;;
	KDUMP_FADUMP | KDUMP_FADUMP_SHELL | FADUMP_COMMANDLINE_APPEND)
		sys_why="kdump does not arm dumps by firmware: chapter 9 of kdump.txt tells how" ;;
	KDUMP_UPDATE_BOOTLOADER | KDUMP_CRASHKERNEL)
		sys_why="kdump reset-crashkernel writes to the boot loader, when you say so" ;;
	KDUMP_AUTO_RESIZE)
		sys_why="write what kdump estimate tells into crashkernel=" ;;
	KDUMP_CONTINUE_ON_ERROR)
		sys_why="failure_action in kdump.conf says what comes after an error" ;;
	KDUMP_SMTP_SERVER | KDUMP_SMTP_USER | KDUMP_SMTP_PASSWORD | KDUMP_NOTIFICATION_*)
		sys_why="no mail is sent; kdump status tells of the last crash" ;;
	MAKEDUMPFILE_OPTIONS)
		sys_why="write core_collector makedumpfile ... into kdump.conf" ;;
	*)
		sys_other "$@"
		return
		;;
	esac
	ignored "$SYSCONFIG" "$sys_number" "$1" "$sys_why"
}

# Options that would change where the dump goes must not be passed over, and have
# another name here.
sys_other()
{
	case $1 in
	KDUMP_SAVEDIR) sys_instead="write path, or a target as nfs or ssh, into kdump.conf" ;;
	KDUMP_PRESCRIPT) sys_instead="write kdump_pre PROGRAM into kdump.conf" ;;
	KDUMP_POSTSCRIPT) sys_instead="write kdump_post PROGRAM into kdump.conf" ;;
	KDUMP_REQUIRED_PROGRAMS) sys_instead="write extra_bins PROGRAM... into kdump.conf" ;;
	KDUMP_HOST_KEY) sys_instead="run kdump propagate, which pins the server's key" ;;
	KDUMP_SSH_IDENTITY | SSH_KEY) sys_instead="write sshkey FILE into kdump.conf" ;;
	USE_KDUMP) sys_instead="enable or disable the service kdump" ;;
	KDUMP_COREDIR) sys_instead="write path FOLDER into kdump.conf" ;;
	KDUMP_NUM_DUMPS) sys_instead="write KDUMP_KEEP_OLD_DUMPS" ;;
	KDUMP_FAIL_CMD) sys_instead="write failure_action or kdump_emergency into kdump.conf" ;;
	KDUMP_CMDLINE) sys_instead="write KDUMP_COMMANDLINE" ;;
	KDUMP_CMDLINE_APPEND) sys_instead="write KDUMP_COMMANDLINE_APPEND, which adds to the defaults" ;;
	KDUMP_KEXEC_ARGS) sys_instead="write KEXEC_ARGS" ;;
	KDUMP_COMPRESSION) sys_instead="write KDUMP_DUMPFORMAT" ;;
	MAKEDUMP_ARGS) sys_instead="write core_collector makedumpfile ... into kdump.conf" ;;
	HOSTTAG) sys_instead="write KDUMP_HOST" ;;
	NFS) sys_instead="write nfs SERVER:/EXPORT into kdump.conf" ;;
	SSH) sys_instead="write ssh USER@SERVER into kdump.conf" ;;
	*) sys_instead="correct it, or put # before the line" ;;
	esac
	problem "$SYSCONFIG" "$sys_number" "unknown variable '$1'" "$sys_instead"
}

# sys_value TEXT: set $sys_text to what the quotes hold; false if it is no value
sys_value()
{
	case $1 in
	\"*)
		sys_text=${1#\"}
		sys_after=${sys_text#*\"}
		[ "$sys_after" != "$sys_text" ] || return 1
		sys_text=${sys_text%%\"*}
		;;
	\'*)
		sys_text=${1#\'}
		sys_after=${sys_text#*\'}
		[ "$sys_after" != "$sys_text" ] || return 1
		sys_text=${sys_text%%\'*}
		;;
	*)
		sys_text=${1%%[[:space:]]*}
		sys_after=${1#"$sys_text"}
		;;
	esac
	case $sys_after in
	'' | [[:space:]]*) ;;
	*) return 1 ;;
	esac
	sys_after=${sys_after#"${sys_after%%[![:space:]]*}"}
	case $sys_after in
	'' | '#'*) ;;
	*) return 1 ;;
	esac
	case $1:$sys_text in
	\'*) ;;
	*[\`\$\\]*) return 1 ;;
	esac
}

# sys_open_quote VALUE: does a quote begin that does not end on this line?  Then what follows
# belongs to it, and sys_read passes it over.
sys_open_quote()
{
	sys_quote=
	case $1 in
	\"*\"* | \'*\'*) return 1 ;;
	\"*) sys_quote='"' ;;
	\'*) sys_quote="'" ;;
	*) return 1 ;;
	esac
}

# sys_line LINE
sys_line()
{
	case $1 in
	[A-Za-z_]*=*)
		sys_name=${1%%=*}
		case $sys_name in
		[A-Za-z_]*+)
			problem "$SYSCONFIG" "$sys_number" "$sys_name= adds to nothing here: the file is read, not run" \
				"write the whole value: ${sys_name%+}=\"...\""
			sys_open_quote "${1#*=}" || :
			return
			;;
		esac
		case $sys_name in
		*[!A-Za-z0-9_]*)
			problem "$SYSCONFIG" "$sys_number" "'$sys_name' is no name" "write NAME=\"value\""
			return
			;;
		esac
		if sys_value "${1#*=}"; then
			sys_option "$sys_name" "$sys_text"
		elif sys_open_quote "${1#*=}"; then
			problem "$SYSCONFIG" "$sys_number" "the value of $sys_name does not end on its line" \
				"write it on one line: $sys_name=\"value\""
		else
			problem "$SYSCONFIG" "$sys_number" "the value of $sys_name cannot be understood" \
				"write $sys_name=\"value\"; variables and commands of the shell have no meaning here"
		fi
		;;
	*) problem "$SYSCONFIG" "$sys_number" "this is no assignment" "write NAME=\"value\"" ;;
	esac
}

# sys_read FILE
sys_read()
{
	SYSCONFIG=$1
	sys_number=0 sys_quote=
	[ -e "$SYSCONFIG" ] || return 0
	if [ ! -f "$SYSCONFIG" ] || [ ! -r "$SYSCONFIG" ]; then
		problem "$SYSCONFIG" 0 "the file cannot be read" "make it a file that root can read"
		return 0
	fi
	conf_text "$SYSCONFIG" || return 0
	while IFS= read -r sys_text || [ -n "$sys_text" ]; do
		sys_number=$((sys_number + 1))
		if [ -n "$sys_quote" ]; then
			case $sys_text in
			*"$sys_quote"*) sys_quote= ;;
			esac
			continue
		fi
		sys_text=${sys_text%"$(printf '\r')"}
		sys_text=${sys_text#"${sys_text%%[![:space:]]*}"}
		case $sys_text in
		'' | '#'*) continue ;;
		esac
		sys_line "${sys_text#export }"
	done <"$SYSCONFIG"
}
