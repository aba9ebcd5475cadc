# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Packages of other suites than this machine's, without root and without
# installing anything: a private apt state, on the mirror that this machine's
# apt uses. To be sourced by a script that has set -eu.
#
#     open_suites FOLDER SUITE...    prepare FOLDER, whose content is lost; for the
#                                    architecture $architecture, if that is set
#     ask COMMAND ARGUMENT...        run apt-get or apt-cache on those suites

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

ask()
{
	APT_CONFIG=$apt/conf "$@" </dev/null 2>"$apt/log" || {
		cat "$apt/log" >&2
		die "$* failed for $suites at $mirror"
	}
}

open_suites()
{
	apt=$1
	shift
	suites=$*
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	mirror=$(apt-get update --print-uris |
		sed -n "s|^'\(.*\)/dists/$codename/InRelease'.*|\1|p" | head -n 1)
	[ -n "$mirror" ] ||
		die "apt has no source for Debian $codename, so there is no mirror to ask"

	rm -rf "$apt"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	cat >"$apt/conf" <<-END
	Dir::State::lists "$apt/lists";
	Dir::State::status "$apt/status";
	Dir::State::extended_states "$apt/extended_states";
	Dir::Cache "$apt/cache";
	Dir::Etc::sourcelist "$apt/sources.list";
	Dir::Etc::sourceparts "/dev/null";
	Dir::Etc::preferences "/dev/null";
	Dir::Etc::preferencesparts "/dev/null";
	APT::Sandbox::User "root";
	APT::Install-Recommends "false";
	Acquire::Languages "none";
	Debug::NoLocking "true";
	quiet "2";
	END
	if [ -n "${architecture-}" ]; then
		cat >>"$apt/conf" <<-END
		APT::Architecture "$architecture";
		APT::Architectures { "$architecture"; };
		END
	fi
	# A mirror may hold a suite that its release file calls out of date; it is signed all the same.
	for suite in $suites; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg" \
			"check-valid-until=no] $mirror $suite main"
	done >"$apt/sources.list"
	ask apt-get update
}
