# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# What the capture kernel needs to run beyond the 20 MiB that a disk with vmcore-save takes:
# for each CPU more, for other programs, for drivers of large cards.  But for the CPUs these
# are the sizes that such drivers and programs are known for, not measured here.
# shellcheck disable=SC2034,SC2154 # variables that other files set or use

NEED_CPU=1			# MiB for each CPU beyond two: its own area, stacks, caches
NEED_BOOT=128			# MiB to go on into the running system
NEED_LVM=8			# MiB, which LVM locks while it activates a volume
# Drivers whose queues and firmware take memory, in MiB each.
NEED_DRIVERS="mlx4_core=32 mlx5_core=64 ice=48 i40e=32 ixgbe=24 igb=8 bnxt_en=32 bnx2x=32 qede=32
	cxgb4=32 be2net=24 ena=8 megaraid_sas=24 mpt3sas=32 smartpqi=24 hpsa=16 aacraid=16 lpfc=48 qla2xxx=48"

# need_more: bytes
need_more()
{
	need_cpus=$(capture_cpus)
	if cmdline_has "${cmdline-}" nr_cpus; then
		need_cpus=$(printf '%s\n' "$cmdline" | tr ' ' '\n' | sed -n 's/^nr_cpus=\([0-9]*\)$/\1/p' |
			tail -n 1)
	fi
	need_here=$(nproc --all 2>/dev/null || echo 1)
	if [ "${need_cpus:-0}" -eq 0 ] || [ "$need_cpus" -gt "$need_here" ]; then
		need_cpus=$need_here
	fi
	need_mib=0
	[ "$need_cpus" -le 2 ] || need_mib=$(((need_cpus - 2) * NEED_CPU))
	case ${collector%% *} in
	makedumpfile) need_mib=$((need_mib + 16)) ;;
	esac
	! word_in lvm "${layer_programs-}" || need_mib=$((need_mib + NEED_LVM))
	[ "${final_action-}" != boot ] || need_mib=$((need_mib + NEED_BOOT))
	for need_driver in $NEED_DRIVERS; do
		case " ${module_files-} " in
		*"/${need_driver%=*}.ko"*) need_mib=$((need_mib + ${need_driver#*=})) ;;
		esac
	done
	echo $((need_mib * MIB))
}
