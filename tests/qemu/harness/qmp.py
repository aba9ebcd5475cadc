# SPDX-License-Identifier: GPL-2.0
"""QEMU's machine protocol, as much as the tests need."""
import json

from .channel import ChannelTimeout


class MonitorError(Exception):
    """QEMU refused a command, or did not answer."""


class Monitor:
    def __init__(self, channel, timeout=300):
        self._channel = channel
        self._timeout = timeout
        self._ready = False

    def close(self):
        self._channel.close()

    def _exchange(self, command, arguments):
        request = {"execute": command}
        if arguments:
            request["arguments"] = arguments
        self._channel.send(json.dumps(request).encode())
        while True:
            try:
                answer = json.loads(self._channel.line(self._timeout))
            except ChannelTimeout:
                raise MonitorError(f"{command}: no answer in {self._timeout} s") from None
            if "error" in answer:
                raise MonitorError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def execute(self, command, **arguments):
        """Run a command; return its result. Events and the greeting are skipped."""
        if not self._ready:
            self._exchange("qmp_capabilities", None)
            self._ready = True
        return self._exchange(command, {name.replace("_", "-"): value
                                        for name, value in arguments.items()})
