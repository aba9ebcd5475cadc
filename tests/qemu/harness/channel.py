# SPDX-License-Identifier: GPL-2.0
"""A stream socket read by lines and by counts, every read with a deadline."""
import time


class ChannelTimeout(Exception):
    """Nothing complete arrived in time."""


class ChannelClosed(Exception):
    """The other side has gone."""


class Channel:
    def __init__(self, sock):
        self._socket = sock
        self._data = bytearray()

    def close(self):
        self._socket.close()

    def send(self, data):
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise ChannelClosed from error

    def _fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise ChannelTimeout
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(1 << 20)
        except TimeoutError:
            raise ChannelTimeout from None
        except OSError as error:
            raise ChannelClosed from error
        if not data:
            raise ChannelClosed
        self._data += data

    def _take(self, count):
        data = bytes(self._data[:count])
        del self._data[:count]
        return data

    def line(self, timeout):
        """The next line, without its end, as text."""
        deadline = time.monotonic() + timeout
        while (end := self._data.find(b"\n")) < 0:
            self._fill(deadline)
        return self._take(end + 1).decode(errors="replace").rstrip()

    def exactly(self, count, timeout):
        """The next count bytes."""
        deadline = time.monotonic() + timeout
        while len(self._data) < count:
            self._fill(deadline)
        return self._take(count)
