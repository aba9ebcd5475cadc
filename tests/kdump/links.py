# SPDX-License-Identifier: GPL-2.0
"""Bonds, VLANs and bridges between an address and its cards."""
from layers import made
from machine import PCI

LINKS = """capture_config=$modules_folder/config
ip() { :; }
net_links= wanted_drivers= wanted_paths= wanted_modules= target_line=1
take_link $DEVICE
echo "status<$?>"
echo "$net_links"
echo "top<${link_top-}> modules<$wanted_modules> problems<$problems>"
echo "drivers<"$wanted_drivers">"
"""
BOND = ("port eth0 00:0\nport eth1 00:1\n"
        "bond bond0 00:0 eth0,eth1 mode=active-backup miimon=100 primary=eth1\n")
# The device, and how the capture kernel sets it up, or why it does not.
WAYS = [
    ("eth0", "card eth0 00:0\ntop<eth0> modules<> problems<0>"),
    ("bond0", BOND + "top<bond0> modules< bonding> problems<0>"),
    ("bond0.5", BOND + "vlan bond0.5 bond0 5\ntop<bond0.5> modules< 8021q bonding> problems<0>"),
    ("br0", "card eth2 00:2\ntop<eth2> modules<> problems<0>"),
    ("br0.7", "card eth2 00:2\nvlan br0.7 eth2 7\ntop<br0.7> modules< 8021q> problems<0>"),
    ("br1", "the bridge br1 has more than one way out, or none (eth3 eth4)"),
    ("br2", "the bridge br2 has more than one way out, or none ()"),
    ("wg0", "no network card leads to the server, but wg0, which the capture kernel"),
]


def ways(runner, shell):
    """Bonds and VLANs are told with all that they are made of, and a bridge is seen through."""
    with made(parts=("BONDING", "VLAN_8021Q")) as machine:
        for number in range(5):
            machine.file(f"sys/class/net/eth{number}/address", f"00:{number}\n")
            machine.link(f"sys/class/net/eth{number}/device", machine.path / "sys" / PCI)
        machine.driver(PCI, "card")
        for name, text in (("slaves", "eth0 eth1"), ("mode", "active-backup 1"), ("miimon", "0"),
                           ("primary", "eth1"), ("lacp_rate", "")):
            machine.file(f"sys/class/net/bond0/bonding/{name}", f"{text}\n")
        machine.file("sys/class/net/bond0/address", "00:0\n")
        for name, lower, number in (("bond0.5", "bond0", 5), ("br0.7", "br0", 7)):
            machine.file(f"proc/net/vlan/{name}", f"{name}  VID: {number}\t REORDER_HDR: 1  x\n"
                         f"         total frames received  0\nDevice: {lower}\n")
        for name, ports in (("br0", ("eth2", "tap0")), ("br1", ("eth3", "eth4")),
                            ("br2", ("tap1",))):
            machine.file(f"sys/class/net/{name}/bridge/x", "")
            for port in ports:
                machine.file(f"sys/class/net/{name}/brif/{port}", "")
                machine.link(f"sys/class/net/{port}/master", machine.path / f"sys/class/net/{name}")
        for name, wanted in WAYS:
            output = machine.run(shell, f"DEVICE={name}\n{LINKS}")
            runner.check(f"{shell} {name}", output, wanted,
                         f"problems<{int('problems<0>' not in wanted)}>")
            if "problems<0>" in wanted:
                runner.check(f"{shell} {name}", output, "card|")
        runner.equal(f"{shell} master", machine.run(shell, "master_of eth2; master_of eth0"),
                     "br0\neth0\n")
        machine.file("modules/config", "")
        runner.check(f"{shell} no bonding", machine.run(shell, f"DEVICE=bond0.5\n{LINKS}"),
                     "has no VLANs (CONFIG_VLAN_8021Q)", "has no bonds (CONFIG_BONDING)",
                     "problems<2>")


CASES = (ways,)
