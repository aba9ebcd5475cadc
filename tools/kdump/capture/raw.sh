# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What is where on a raw partition: the dump from its start, and in the last
# $RAW_TAIL bytes the status record, one block, and the kernel log after it.
# shellcheck disable=SC2034 # both sides use it

RAW_TAIL=4194304
RAW_BLOCK=4096
# What a copy returns that found no end before these: the number of ENOSPC.
RAW_FULL=28
