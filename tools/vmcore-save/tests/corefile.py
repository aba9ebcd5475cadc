# SPDX-License-Identifier: GPL-2.0
"""ELF core files of machines that never were."""
import struct

PAGE = 4096
MACHINES = {"x86_64": 62, "i386": 3, "aarch64": 183}
NOTE, LOAD = 4, 1


def note(name, kind, data):
    def padded(blob):
        return blob + bytes(-len(blob) % 4)
    return struct.pack("<III", len(name) + 1, len(data), kind) + padded(name + b"\0") + padded(data)


class Core:
    """A dump in the making: segments, and what its kernel says of itself."""

    def __init__(self, machine="x86_64", page=PAGE, cpus=2, notes=b"", pids=(), bits=None,
                 segments=1):
        self.machine, self.page = machine, page
        self.bits = bits or (32 if machine == "i386" else 64)
        self.note_segments = segments
        self.offsets = []       # of each segment in the file, after write()
        self.info = {"OSRELEASE": "6.12.0-test", "PAGESIZE": str(page), "CRASHTIME": "1700000000",
                     "NUMBER(phys_base)": "0"}
        self.cpus, self.notes, self.pids = cpus, notes, pids
        self.segments = []      # (paddr, vaddr, content, file offset modulo a page)

    def add(self, paddr, content, vaddr=0, shift=0):
        """Add a segment; content is a list of pages, of which None is a hole, or bytes."""
        self.segments.append((paddr, vaddr, content, shift))

    def prstatus(self, pid):
        """The registers of a CPU, which are all 0, and what runs on it."""
        return note(b"CORE", 1, (bytes(32) + struct.pack("<I", pid)).ljust(336, b"\0"))

    def note_segment(self):
        text = "".join(f"{name}={value}\n" for name, value in self.info.items()).encode()
        notes = b"".join(self.prstatus(self.pids[cpu] if self.pids else 0)
                         for cpu in range(self.cpus))
        return notes + self.notes + note(b"VMCOREINFO", 0, text)

    def header(self, count, table):
        ident = b"\x7fELF" + bytes([self.bits // 32, 1, 1]) + bytes(9)
        # More headers than the field can say: the first section has their number.
        section = table + 56 * count if count >= 0xffff else 0
        count = min(count, 0xffff)
        if self.bits == 64:
            return ident + struct.pack("<HHIQQQIHHHHHH", 4, MACHINES[self.machine], 1, 0, table,
                                       section, 0, 64, 56, count, 64 if section else 0, 0, 0)
        return ident + struct.pack("<HHIIIIIHHHHHH", 4, MACHINES[self.machine], 1, 0, table, 0,
                                   0, 52, 32, count, 0, 0, 0)

    def program_header(self, kind, offset, vaddr, paddr, size):
        if self.bits == 64:
            return struct.pack("<IIQQQQQQ", kind, 7, offset, vaddr, paddr, size, size, 0)
        return struct.pack("<IIIIIIII", kind, offset, vaddr, paddr, size, size, 7, 0)

    def write(self, path, compact=False):
        """Write the file, with holes where there are some; compact: one segment behind another."""
        blob = self.note_segment()
        # Each note by itself, as long as there may be more segments.
        cuts, at = [0], 0
        while len(cuts) < self.note_segments:
            name, desc = struct.unpack_from("<II", blob, at)
            at += 12 + -(-name // 4) * 4 + -(-desc // 4) * 4
            cuts.append(at)
        notes = [blob[begin:end] for begin, end in zip(cuts, cuts[1:] + [len(blob)])]
        table = 64 if self.bits == 64 else 52
        count = len(notes) + len(self.segments)
        entry = 56 if self.bits == 64 else 32
        at = -(-(table + entry * count + 64) // 4096) * 4096
        headers = []
        with open(path, "wb") as file:
            for piece in notes:
                file.seek(at)
                file.write(piece)
                headers.append(self.program_header(NOTE, at, 0, 0, len(piece)))
                at += len(piece) + (-len(piece) % 4)
            at += -at % PAGE
            self.offsets = []
            for paddr, vaddr, content, shift in self.segments:
                if not compact:
                    at += -at % PAGE + shift
                pages = [content] if isinstance(content, bytes) else content
                size = sum(self.page if page is None else len(page) for page in pages)
                headers.append(self.program_header(LOAD, at, vaddr, paddr, size))
                self.offsets.append(at)
                for page in pages:
                    if page is not None:
                        file.seek(at)
                        file.write(page)
                    at += self.page if page is None else len(page)
            file.truncate(at)
            file.seek(0)
            file.write(self.header(count, table) + b"".join(headers))
            if count >= 0xffff:
                file.write(struct.pack("<44xI16x", count))

    def memory(self):
        """Map each page number to its content: what no segment has is zero."""
        pages = {}
        for paddr, _, content, _ in reversed(self.segments):
            for piece in [content] if isinstance(content, bytes) else content:
                piece = bytes(self.page) if piece is None else piece
                while piece:
                    number, skip = divmod(paddr, self.page)
                    part, piece = piece[:self.page - skip], piece[self.page - skip:]
                    page = pages.setdefault(number, bytearray(self.page))
                    page[skip:skip + len(part)] = part
                    paddr += len(part)
        return {number: bytes(page) for number, page in pages.items()}
