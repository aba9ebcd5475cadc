# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What the last good start has loaded, kept as it was in $STATE/armed: the image, the
# initramfs and a text with the rest.  To load it once more, after CPUs or memory have come
# or while a server is down, nothing of the configuration or of the package is asked, which
# may have changed meanwhile.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

# checksum FILE...: a line for each
checksum()
{
	for summer in sha256sum md5sum cksum; do
		! command -v $summer >/dev/null || break
	done
	"$summer" "$@"
}

# configuration_sum: all that start is made of, but for the state of the machine
configuration_sum()
{
	for sum_file in "$CONF_FILE" "$SYSCONFIG_FILE" "$HOOKS_FOLDER"/*.d/* "$LIB/lib"/* \
			"$LIB/capture"/* "$image"; do
		[ ! -f "$sum_file" ] || checksum "$sum_file"
	done | checksum - | sed 's/ .*//'
}

# armed_value FOLDER NAME
armed_value()
{
	sed -n "s/^$2=//p" "$1/text" 2>/dev/null
}

# keep_for_loading: in $STATE/armed.new what is to be loaded.  The image is a copy, since
# somebody may write over it; the initramfs, which only we make, a second name.
keep_for_loading()
{
	rm -rf "$STATE/armed.new"
	mkdir -m 700 "$STATE/armed.new" || die "cannot make $STATE/armed.new"
	cp "$image" "$STATE/armed.new/image" || die "no room in $STATE for $image"
	ln "$INITRAMFS" "$STATE/armed.new/initramfs" 2>/dev/null ||
		cp "$INITRAMFS" "$STATE/armed.new/initramfs" || die "no room in $STATE for $INITRAMFS"
	cat >"$STATE/armed.new/text" <<-END
		cmdline=$cmdline
		arguments=${KEXEC_ARGS-}
		image=$image
		target=$target_name
		path=$save_path
		early=${KDUMP_EARLY-no}
		configuration=$(configuration_sum)
		sums=$(armed_sums "$STATE/armed.new")
	END
}

armed_sums()
{
	checksum "$1/image" "$1/initramfs" 2>/dev/null | sed 's/ .*//' | tr '\n' ' '
}

# check_armed: is what was armed last still there, and whole?
check_armed()
{
	[ -s "$STATE/armed/text" ] &&
		[ "$(armed_value "$STATE/armed" sums)" = "$(armed_sums "$STATE/armed")" ]
}

# accept_loaded: what is in armed.new has been loaded
accept_loaded()
{
	rm -rf "$STATE/armed.old"
	[ ! -d "$STATE/armed" ] || mv "$STATE/armed" "$STATE/armed.old"
	mv "$STATE/armed.new" "$STATE/armed" || return
	rm -rf "$STATE/armed.old"
	sync
	tell_armed
}

# tell_armed: for status
tell_armed()
{
	sed -n '/^image=/p; /^target=/p' "$STATE/armed/text" >"$RUN/armed"
}

# arm_last: where a server does not answer now, what was armed for it when it did; only if
# it would be made of the same configuration
arm_last()
{
	if [ "$problems" -gt "$unreachable" ] || ! check_armed ||
			[ "$(armed_value "$STATE/armed" configuration)" != "$(configuration_sum)" ]; then
		return 0
	fi
	if ! is_loaded; then
		refuse_switches loaded
		load_folder "$STATE/armed" || return 0
		tell_armed
	fi
	apply_sysctl
	echo "kdump: armed as it was last time, since the server does not answer now" >&2
	exit "$EXIT_UNVERIFIED"
}
