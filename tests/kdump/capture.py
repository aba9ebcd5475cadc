# SPDX-License-Identifier: GPL-2.0
"""Functions of the capture side, in a folder that stands for its machine.

Each case is a script and what it must print. It runs with the libraries that it
names and may replace what these call; $RUN and $MOUNT are in a folder of its own.
"""
import mmap
import pathlib
import tempfile

CAPTURE = pathlib.Path(__file__).resolve().parents[2] / "tools" / "kdump" / "capture"

# What each shell runs, that of a part too.
PREPARE = """
RECIPIENT= TARGET=local TARGET_NAME=there HOST=host SAVE_PATH=/path FREE_MB=0 STEP_TIMEOUT=20
for library in common $LIBRARIES; do
    . "$FOLDER/$library.sh"
done
usleep() { sleep 0.1; }
say() { echo "$*"; }
date() { echo DATE; }
setsid() { shift; exec setsid $SHELL -c '. "$FOLDER/prepare"; "$@"' part "$@"; }
"""

# Of all processes, one is enough to look at for progress: that of the tests.
START = """set -u
export FOLDER='{folder}' LIBRARIES='{libraries}' SHELL='{shell}'
for library in common $LIBRARIES; do
    sed -e '/^\\. /d' -e "s|^RUN=.*|RUN=$FOLDER/run|" -e "s|^MOUNT=.*|MOUNT=$FOLDER/mnt|" \
        -e "s|^VMCORE=.*|VMCORE=$FOLDER/vmcore|" -e "s|/proc/\\[0-9\\]\\*|/proc/$PPID|" \
        -e '/^main$/d' "{capture}/$library"* >"$FOLDER/$library.sh"
done
. "$FOLDER/prepare"
mkdir -p "$RUN/state" "$RUN/record" "$MOUNT"
[ -e "$VMCORE" ] || echo the memory >"$VMCORE"
"""

# Libraries, script, output.
FUNCTIONS = [
    # The deadline of the step before is not that of a copy that shows no progress yet.
    ("step", """
     deadline 1
     copy_step copy 100 sh -c "cat '$RUN/deadline' >'$FOLDER/seen'; exit 3"
     echo $? $(($(cat "$FOLDER/seen") - now >= 100))
     """, "3 1"),
    # A look at a target that is gone does not return; the copy is given up all the same.
    ("step", """
     echo 'stat() { sleep 30; }' >>"$FOLDER/prepare"
     . "$FOLDER/prepare"
     state_set copy "$FOLDER/vmcore"
     uptime_now
     began=$now
     copy_step copy 3 sleep 1000
     echo $? $((now - began < 20)) "$(cat "$RUN/error")"
     """, "copy: no progress for 3 s, killed 124 1 copy: no progress for 3 s"),
    # Too little room left is seen while a copy goes on, and after it.
    ("step", """
     echo 'FREE_MB=10 TARGET=nfs; df() { cat "$FOLDER/room"; }' >>"$FOLDER/prepare"
     . "$FOLDER/prepare"
     echo a b c 10 >"$FOLDER/room"
     copy_step copy 20 true
     echo $?
     copy_step copy 20 sh -c "echo a b c 9 >'$FOLDER/room'"
     echo $?
     copy_step copy 20 sleep 1000
     echo $?
     """, "0 125 less than 10 MB (KDUMP_FREE_DISK_SIZE) are left, the copy ends 125"),
    # What could not be written back does not count as saved.
    ("ssh target save", """
     sync() { [ $# -eq 0 ] || echo "sync ${1##*/}"; return $#; }
     old_log() { echo log >"$1"; }
     ssh_run() { eval "$1"; }
     mkdir "$MOUNT/folder"
     COLLECTOR=cp
     for TARGET in local ssh; do
         case $TARGET in
         local) state_set folder /folder; dump=dump_mounted ;;
         ssh) state_set folder "$MOUNT/folder"; dump=dump_ssh ;;
         esac
         ($dump)
         (save_log)
         echo record | target_put kdump-status
         echo $?
         ls "$MOUNT/folder"
         rm "$MOUNT/folder"/*
     done
     """, "sync vmcore-incomplete the dump could not be written to there "
     "sync vmcore-dmesg.txt the log could not be saved "
     "sync kdump-status.new 1 kdump-status.new vmcore-dmesg.txt vmcore-incomplete "
     "sync vmcore-incomplete the dump could not be written to there "
     "sync vmcore-dmesg.txt.new the log could not be saved "
     "sync kdump-status.new 1 kdump-status.new vmcore-dmesg.txt.new vmcore-incomplete"),
    # A log of which messages cannot be read is saved, one of which none can is not.
    ("target save", """
     (set -o pipefail) 2>/dev/null && set -o pipefail && kinds="local command" || kinds=local
     old_log() { [ "${log#* }" = none ] || echo "${log#* }" >"$1"; return "${log% *}"; }
     mkdir "$MOUNT/folder" "$RUN/out"
     state_set folder /folder
     for TARGET in $kinds; do
         echo $(for log in "0 line" "4 line" "1 line" "4 none"; do
             rm -f "$MOUNT/folder"/*
             (save_log) && state_get log
         done 2>/dev/null)
     done | uniq
     """, "saved saved, but for messages that cannot be read "
     "the log could not be saved the log could not be saved"),
    # The saver is not told which dump, so that under another kernel than ours it filters.
    ("save", """
     printf '#!/bin/sh\\necho "$@"\\n' >"$FOLDER/vmcore-save"
     chmod 755 "$FOLDER/vmcore-save"
     PATH=$FOLDER:$PATH DESTINATION=/there/vmcore
     for COLLECTOR in "vmcore-save -l 31" "vmcore-save -d 17 -c lzo"; do
         collect -m 4096 | sed "s|$FOLDER||"
     done
     """, "-l 31 -m 4096 -s /run/saver /there/vmcore "
     "-d 17 -c lzo -m 4096 -s /run/saver /there/vmcore"),
    # What is encrypted never lies on the target as it is, has another name, and ends in a log of
    # which nothing could be read all the same.
    ("ssh target save", """
     RECIPIENT=age1x SUFFIX=.age COLLECTOR=vmcore-save SAVER=$FOLDER/vmcore-save
     PATH=$FOLDER:$PATH
     export log RUN
     cat >"$SAVER" <<'END'
#!/bin/sh
printf '%s\\n' "$*" | sed "s|$FOLDER||g" >>"$FOLDER/calls"
for last; do :; done
case $*:$last in
--encrypt*)
    echo encrypted=77 >"$RUN/sealed"
    tr a-z n-za-m
    ;;
*:-) echo "dump $log" | tr a-z n-za-m ;;
*) echo "dump $log" | tr a-z n-za-m >"$last" ;;
esac
END
     chmod 755 "$SAVER"
     sync() { :; }
     old_log() { [ "$log" = none ] || echo "$log" >"$1"; }
     record_text() { echo "record"; }
     ssh_run() { eval "$1"; }
     mkdir -p "$MOUNT/folder" "$RUN/out"
     : >"$RUN/info"
     for TARGET in local ssh; do
         case $TARGET in
         local) state_set folder /folder; dump=dump_mounted ;;
         ssh) state_set folder "$MOUNT/folder"; dump=dump_ssh ;;
         esac
         log=secret
         save_log
         ($dump)
         save_report
         echo $(cd "$MOUNT/folder" && echo * && cat vmcore-dmesg.txt.age && cat vmcore.age)
         grep -r -c secret "$MOUNT" | grep -v ':0'
         grep -c frperg "$MOUNT/folder/report.txt.age"
         log=none
         (save_log)
         rm "$MOUNT/folder"/*
     done
     grep -v -e --encrypt -e --dmesg "$FOLDER/calls"
     """, "report.txt.age vmcore-dmesg.txt.age vmcore.age frperg qhzc frperg 1 "
     "the log could not be saved "
     "report.txt.age vmcore-dmesg.txt.age vmcore.age frperg qhzc frperg 1 "
     "the log could not be saved "
     "--recipient age1x -s /run/saver /mnt/folder/vmcore.age-incomplete "
     "--recipient age1x -s /run/saver -"),
    # On a partition the record says where what is encrypted ends.
    ("target save", """
     RECIPIENT=age1x TARGET=raw SAVER=saver
     old_log() { echo log >"$1"; }
     saver() { echo encrypted=77 >"$RUN/sealed"; cat; }
     target_put() { cat >/dev/null; }
     save_log
     echo encrypted=99 >"$RUN/saver"
     record_size encrypted "$RUN/saver"
     TARGET=local record_size encrypted "$RUN/sealed"
     echo "$(record_get encrypted) $(record_get encrypted_log) $(state_get log)"
     """, "99 77 saved"),
    # Removing old dumps may take too long, and costs neither the record nor the dump.
    ("main layers", """
     FORMAT= DEVICE=/dev/null LAYERS= target_hangs=no
     step() { shift 2; echo "$1"; [ "$1" != rotate_old ] || return 124; }
     KEEP_OLD=-1
     open_target
     echo $? $target_hangs
     KEEP_OLD=1
     finish 0
     """, "open_local rotate_old make_folder 0 no "
     "release_reserve save_report save_record done: ok, there/path/host-DATE "
     "save_own_log rotate_old"),
    # What is lost is not called ok: the record has a warning for each kind.
    ("main save", """
     FORMAT= COLLECTOR=vmcore-save target_hangs=no STALL_TIMEOUT=9
     step() { shift 2; "$@"; }
     target_step() { shift; "$@"; }
     say() { :; }
     for what in begin save_record save_report save_own_log release_reserve; do
         eval "$what() { :; }"
     done
     for log in 'state_set log saved' 'state_set log saved,_but' 'fail no_log'; do
         for kernel in 1 0; do
             save_log() { $log; }
             keep_summary() { :; }
             rm -f "$RUN"/record/*
             printf 'filter: on\\nkernel: pages %s bytes 0\\n' $kernel >"$RUN/summary"
             (save_log >/dev/null) || save_log() { return 1; }
             rm -f "$RUN/error"
             save_the_log
             tell_lost
             finish 0
             echo "$(record_get result):$(record_get warning)"
         done
     done
     printf 'filter: off\\nkernel: pages 0 bytes 0\\n' >"$RUN/summary"
     without_kernel || echo unknown
     """, "ok: incomplete:the dump has no page of the kernel "
     "incomplete:messages of the log cannot be read "
     "incomplete:messages of the log cannot be read; the dump has no page of the kernel "
     "incomplete:saving the log failed "
     "incomplete:saving the log failed; the dump has no page of the kernel unknown"),
    # Where the target cannot be reached the record goes beside kdump's own files.
    ("main", """
     FORMAT= DEVICE=/dev/null target_hangs=no KDUMP_FOLDER=
     open_target() { failed "opening there"; }
     step() { shift 2; echo "$1"; }
     target_step() { shift; "$@"; }
     save_all
     echo $? $(record_get stage) $(record_get result) $(record_get error) "<$KDUMP_FOLDER>"
     """, "opening there failed: no reason given keep_log save_record_elsewhere "
     "1 open failed opening there failed <>"),
    # A gateway outside of the address's network, as with a prefix of 32 bits.
    ("network", """
     NET_ADDRESS=10.0.0.2/32 NET_GATEWAY=10.0.0.1
     ip() {
         case "$2 $3" in "add default") [ "${route-}" = "$NET_GATEWAY" ] || return 2 ;; esac
         [ "$1" = addr ] || route=$3
     }
     network_static eth0 && echo "$route"
     """, "default"),
    # A volume is asked for until it is there; another one is none.
    ("layers", """
     SYS=$FOLDER
     for volume in a-x a-b; do
         mkdir -p "$FOLDER/class/block/dm-${#volume}${volume#a-}/dm"
         echo LVM-$volume >"$FOLDER/class/block/dm-${#volume}${volume#a-}/dm/uuid"
     done
     lvm() { echo "$*"; mkdir -p "$FOLDER/class/block/dm-5/dm"
         [ $((tries += 1)) -lt 3 ] || echo LVM-a-c >"$FOLDER/class/block/dm-5/dm/uuid"; }
     tries=0
     layer_lvm LVM-a-c vg-lv A B me
     echo $tries $(dm_node LVM-a-c) $(dm_node LVM-a)
     cat "$RUN/layer"
     """, "3 /dev/dm-5 lvchange -ay -K --sysinit --config global{system_id_source=lvmlocal} "
     "local{system_id=\"me\"} --select vg_uuid=A && lv_uuid=B"),
    # What a tool said last is in the error, and nothing is set up on what is not there.
    ("step layers", """
     step() { echo "$*"; shift 2; "$@"; }
     layer_a() { echo "$*"; }
     layer_b() { echo said >"$RUN/layer"; echo b failed >"$RUN/error"; return 1; }
     set_up_layers ""
     set_up_layers "a 1 first x y
b 2 second
a 3 third"
     echo $? $(cat "$RUN/error")
     """, "setting up first 20 layer_a 1 first x y 1 first x y "
     "setting up second 20 layer_b 2 second 1 b failed (said)"),
    # An array is started without members that are missing only late, and copies nothing.
    ("layers", """
     SYS=$FOLDER md=$FOLDER/class/block/md0/md
     mkdir -p $md
     mkdir() { :; }
     : >$md/sync_action
     uptime_now() { now=${now:-100}; }
     usleep() { now=$((now + 8)); }
     mdadm() {
         echo "$*" >>"$FOLDER/asked"
         case "$*" in
         *--run) echo active >$md/array_state ;;
         *--assemble*) echo inactive >$md/array_state ;;
         esac
     }
     layer_md 1:2 /dev/md0
     sort "$FOLDER/asked" | uniq -c
     cat $md/sync_action
     """, "2 --assemble /dev/md0 --config=none --uuid=1:2 1 --assemble /dev/md0 --config=none "
     "--uuid=1:2 --run 2 --stop /dev/md0 frozen"),
    # A VLAN over a bond, of which one card does not come; names may be others than before.
    ("network", """
     SYS=$FOLDER/sys NET_TIMEOUT=20 network_until=115
     mkdir -p $SYS/class/net/bond0/bonding
     uptime_now() { now=$((${now:-100} + 3)); }
     interface_by_address() { [ $1 = 00:0 ] && echo eth7; }
     ip() { echo "$*"; }
     links_up "port eth0 00:0
port eth1 00:1
bond bond0 00:5 eth0,eth1 mode=1 miimon=100 primary=eth0
vlan bond0.5 bond0 5"
     echo $network_link $(cd $SYS/class/net/bond0/bonding && grep . *)
     (links_up "bond bond0 00:5 eth1 mode=1")
     links_up "card eth0 00:0"
     echo $network_link
     """, "link set bond0 address 00:5 link set eth7 down "
     "link set bond0 up link add link bond0 name bond0.5 type vlan id 5 "
     "bond0.5 miimon:100 mode:1 primary:eth7 slaves:+eth7 link set bond0 address 00:5 "
     "no card of bond0 is there eth7"),
    # A network that is slow to begin is asked again, until there is hardly time left.
    ("network target", """
     NET_TIMEOUT=60 NFS_VERSIONS="4.1 3" NFS_OPTIONS= NFS_ADDRESS= NFS_SOURCE=nfs SSH_LOGIN=ssh
     uptime_now() { now=${now:-100}; }
     udhcpc() { echo "$*"; }
     network_until=155
     network_dhcp eth0
     later() { tries=$((${tries:-0} + 1)); now=$((now + 3)); [ $tries -gt 7 ]; }
     ssh_run() { later; }
     mount() { later; }
     for kind in ssh nfs; do
         (open_$kind && echo $kind after $tries)
         NET_TIMEOUT=20
         (open_$kind)
         NET_TIMEOUT=60
     done
     """, "-i eth0 -n -q -f -t 18 -T 3 -s /lib/kdump/udhcpc-script "
     "ssh after 8 cannot reach ssh nfs after 8 cannot mount nfs by NFS version 4.1 3"),
]


def run(runner, shell, folder, libraries, script):
    """What a script of the capture side prints."""
    pathlib.Path(folder, "prepare").write_text(PREPARE)
    return runner.shell(shell, START.format(capture=CAPTURE, folder=folder, libraries=libraries,
                                            shell=" ".join(shell)) + script)


def progress(runner, shell, folder):
    """For each look whether it shows what the first one did."""
    vmcore = pathlib.Path(folder, "vmcore")
    vmcore.write_bytes(bytes(4 * mmap.PAGESIZE))
    seen = []
    with open(vmcore, "rb") as file:
        for part, looks in ((0, 2), (1, 1)):
            with mmap.mmap(file.fileno(), mmap.PAGESIZE, prot=mmap.PROT_READ,
                           offset=part * mmap.PAGESIZE):
                seen += [run(runner, shell, folder, "step", "progress") for _ in range(looks)]
    return [one == seen[0] for one in seen]


def functions(runner, shell):
    """Parts of the capture side, one by one."""
    for libraries, script, wanted in FUNCTIONS:
        with tempfile.TemporaryDirectory() as folder:
            output = run(runner, shell, folder, libraries, script)
            runner.equal(f"{shell} {script}", " ".join(output.split()), wanted)


def mapped(runner, shell):
    """A program that maps the dump makes progress when it maps another part of it."""
    with tempfile.TemporaryDirectory() as folder:
        runner.equal(f"{shell} progress", progress(runner, shell, folder), [True, True, False])


CASES = (functions, mapped)
