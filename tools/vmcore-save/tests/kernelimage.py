# SPDX-License-Identifier: GPL-2.0
"""The memory of x86_64 kernels that never were: page tables, sections, struct pages.

Each page frame is made to be of a kind, and that says by itself at which levels it
is left out. Nothing here reads a struct page, or knows the rules of the filter.
"""
import struct

from corefile import Core, PAGE

IMAGE = 0xffffffff80000000
POINTER = 0xffff888012345600
POISON = 0xdead000000000100
NO_TYPE = 0xffffffff
MAX_ORDER = 10
CACHE, PRIVATE, USER, FREE, ANY = 2 | 4, 4, 8, 16, 31
FLAGS = ("lru", "private", "swapcache", "swapbacked", "slab", "head", "hwpoison", "hugetlb")

# From which release on there is a way of saying things.
RELEASES = ("5.10.0", "6.4.1", "6.6.30", "6.10.3-test", "6.16.0", "7.1.0-rc1")
FOLIO, IN_FLAGS, TYPES, UNACCEPTED, INFO = range(1, 6)


class Page:
    """A struct page in the making."""

    def __init__(self, flags=0, mapping=0, kind=NO_TYPE, references=1, link=0, private=0):
        self.flags, self.mapping, self.kind = flags, mapping, kind
        self.references, self.link, self.private = references, link, private
        self.back = 0

    def pack(self, size):
        words = struct.pack("<6QII", self.flags, self.link, self.back, self.mapping, 0,
                            self.private, self.kind, self.references)
        return words.ljust(size, b"\0")


class Kernel:
    """A kernel, by chance: its memory, and what each page frame is.

    left_out   page frame -> the bits of a level by any of which it is left out
    unknown    page frames that nothing can be said about, and that are kept
    """

    def __init__(self, random, age=None, missing=True):
        self.random = random
        self.age = random.randrange(len(RELEASES)) if age is None else age
        self.size = random.choice((56, 64))
        self.classic = random.random() < .4
        self.section_bits = random.randint(21, 22 if self.classic else 27)
        self.five, self.sme = random.random() < .3, 1 << 47 if random.random() < .3 else 0
        self.bits = dict(zip(FLAGS, random.sample(range(8, 24), len(FLAGS))))
        self.memory, self.tables, self.structs = {}, {}, {}
        self.taken, self.left_out, self.unknown, self.bases = set(), {}, set(), {}
        self.linear = 0xff11 << 48 if self.five else 0xffff888 << 36
        self.linear += random.randrange(64) << 30
        self.vmemmap = 0xffd4 << 48 if self.five else 0xffffea << 40
        self.vmemmap += random.randrange(9) << 30
        self.kinds = self._kinds()
        self._choose_areas()
        self._build(missing)

    # Memory

    def _choose_areas(self):
        section = 1 << self.section_bits - 12
        far = self.random.choice((1 << 18, 1 << 20, 5 << 20)) // section * section
        self.areas = [range(at, at + count) for at, count in
                      ((self.random.randrange(0x400), 900), (far + self.random.randrange(99), 500))]
        # More blocks of 128 MiB than are remembered.
        for number in range(1, 7):
            at = far + number * 0x18000 + self.random.randrange(99)
            self.areas.append(range(at, at + 60))
        self.mapped = self.areas[:]
        alone = (far + 2000 + 2 * section) // section * section
        self.areas.append(range(alone, alone + 40))      # of a section that is not there
        for area in self.areas:
            for frame in area:
                text = b"%08x %02x " % (frame, self.random.randrange(256))
                self.memory[frame] = bytearray((text * PAGE)[:PAGE] if frame % 16 else PAGE)

    def take(self, count=1):
        """Page frames for the kernel itself, one behind the other."""
        while True:
            area = self.random.choice(self.areas[:2])
            first = self.random.choice(area)
            wanted = range(first, first + count)
            if wanted[-1] in area and not self.taken.intersection(wanted):
                self.taken.update(wanted)
                for frame in wanted:
                    self.memory[frame] = bytearray(PAGE)
                return first

    def put(self, paddr, data):
        """Write, in physical memory."""
        while data:
            frame, into = divmod(paddr, PAGE)
            part = min(len(data), PAGE - into)
            self.memory[frame][into:into + part] = data[:part]
            paddr, data = paddr + part, data[part:]

    def map(self, vaddr, paddr, large=0):
        """Enter a mapping into the page tables; large: the number of levels left out."""
        table = self.top
        for level in reversed(range(large, 5 if self.five else 4)):
            at = table * PAGE + (vaddr >> 12 + 9 * level & 511) * 8
            if level == large:
                entry = paddr | self.sme | 0x63 | (0x80 if large else 0)
                self.put(at, struct.pack("<Q", entry))
                return
            if at not in self.tables:
                self.tables[at] = self.take()
                self.put(at, struct.pack("<Q", self.tables[at] * PAGE | self.sme | 0x63))
            table = self.tables[at]

    def _build(self, missing):
        self.top = self.take()
        for gib in sorted({area[at] >> 18 for area in self.areas for at in (0, -1)}):
            self.map(self.linear + (gib << 30), gib << 30, large=2)
        self.roots = self.take()
        shift = self.section_bits - 12
        sections = {frame >> shift for area in self.mapped for frame in area}
        pieces = self._map_structs(sections)
        self._enter_sections(sections)
        lost = self._lose(pieces) if missing and not self.classic and self.size == 64 else set()
        self.unknown.update(self.areas[-1], lost)
        for area in self.areas:
            self._fill(area)
        for frame, page in self.structs.items():
            self._put_struct(frame, page, pieces)

    def _map_structs(self, sections):
        """Find room for the struct pages. Return where each piece of the array is."""
        pieces, shift = {}, self.section_bits - 12
        for section in sorted(sections):
            first = section << shift
            if self.classic:
                start = self.take((self.size << shift) // PAGE) * PAGE
                self.bases[section] = self.linear + start - first * self.size
                for at in range(0, self.size << shift, PAGE):
                    pieces[(self.bases[section] + first * self.size + at) // PAGE] = start + at
                continue
            self.bases[section] = self.vmemmap
            for area in self.mapped:
                frames = range(max(first, area[0]), min(first + (1 << shift), area[-1] + 1))
                if frames:
                    begin, end = (self.vmemmap + frame * self.size
                                  for frame in (frames[0], frames[-1] + 1))
                    for piece in range(begin // PAGE, (end - 1) // PAGE + 1):
                        if piece not in pieces:
                            pieces[piece] = self.take() * PAGE
                            self.map(piece * PAGE, pieces[piece])
        return pieces

    def _enter_sections(self, sections):
        roots = {}
        for section in sections:
            root, into = divmod(section, 256)
            if root not in roots:
                roots[root] = self.take()
                self.put(self.roots * PAGE + root * 8,
                         struct.pack("<Q", self.linear + roots[root] * PAGE))
            self.put(roots[root] * PAGE + into * 16,
                     struct.pack("<Q", self.bases[section] % (1 << 64) | 0xf))

    def _lose(self, pieces):
        """Have a few struct pages not mapped. Return of which page frames they are."""
        lost = set()
        for piece in self.random.sample(sorted(pieces), 3):
            self.put(self._table(piece) * PAGE + (piece & 511) * 8, bytes(8))
            first = (piece * PAGE - self.vmemmap) // self.size
            lost.update(range(first, first + PAGE // self.size))
        return lost.intersection(self.memory)

    def _table(self, piece):
        """The last table on the way to a page."""
        table = self.top
        for level in reversed(range(1, 5 if self.five else 4)):
            table = self.tables[table * PAGE + (piece << 12 >> 12 + 9 * level & 511) * 8]
        return table

    def _put_struct(self, frame, page, pieces):
        data = page.pack(self.size)
        vaddr = self.vaddr(frame)
        while data:
            piece, into = divmod(vaddr, PAGE)
            part = data[:PAGE - into]
            if piece in pieces:
                self.put(pieces[piece] + into, part)
            vaddr, data = vaddr + len(part), data[len(part):]

    def vaddr(self, frame):
        """Where the struct page of a page frame is."""
        return self.bases[frame >> self.section_bits - 12] + frame * self.size

    # What pages are

    def _kinds(self):
        flag = {name: 1 << bit for name, bit in self.bits.items()}
        swap = flag["swapcache"] | flag["swapbacked"]
        anon = POINTER | 1
        slab = Page(mapping=anon)
        if self.age >= TYPES:
            slab.kind = self.type("slab")
        else:
            slab.flags = flag["slab"]
        return {
            "kernel": (Page(), 0), "slab": (slab, 0), "movable": (Page(mapping=POINTER | 2), 0),
            "cache": (Page(flag["lru"], POINTER), CACHE), "swap": (Page(swap), CACHE),
            "private": (Page(flag["lru"] | flag["private"], POINTER), PRIVATE),
            "private swap": (Page(swap | flag["private"]), PRIVATE),
            "user": (Page(flag["lru"], anon), USER), "ksm": (Page(0, POINTER | 3), USER),
        }

    def type(self, name):
        """A page type, as the type word has it."""
        old = {"buddy": 0xffffff7f, "offline": 0xfffffeff}
        new = {"buddy": 0xf0000000, "offline": 0xf1000000, "unaccepted": 0xf7000000,
               "slab": 0xf5000000, "hugetlb": 0xf4000000}
        return (new if self.age >= TYPES else old)[name]

    def _fill(self, area):
        """Give each page frame of an area a kind."""
        frame = area[0]
        while frame <= area[-1]:
            order = self.random.choice((0, 0, 0, 1, 2, 3, 4, 6))
            while order and (frame & (1 << order) - 1 or not self._is_open(area, frame, order)):
                order -= 1
            if frame in self.taken or frame in self.unknown:
                if area in self.mapped:
                    self.structs[frame] = Page()
                self.left_out[frame] = 0
            elif self.random.random() < .3:
                self._add_free(frame, order)
            elif order:
                self._add_compound(frame, order)
            else:
                self._add_single(frame)
            frame += 1 << order

    def _is_open(self, area, frame, order):
        frames = range(frame, frame + (1 << order))
        return (frames[-1] in area and not self.taken.intersection(frames) and
                not self.unknown.intersection(frames))

    def _copy(self, kind):
        page, level = self.kinds[kind]
        return Page(page.flags, page.mapping, page.kind, page.references), level

    def _add_free(self, frame, order):
        stale = (0, POISON, POINTER, self.vaddr(frame) + 8)
        for at in range(1 << order):
            self.structs[frame + at] = Page(references=0, link=self.random.choice(stale))
            self.left_out[frame + at] = FREE
        head = self.structs[frame]
        head.kind, head.private = self.type("buddy"), order
        if order and self.random.random() < .2:
            # A block that says of itself that it is larger than it is.
            self.structs[frame + (1 << order - 1)], level = self._copy("cache")
            self.left_out.update((frame + at, 0) for at in range(1 << order))
            self.left_out[frame + (1 << order - 1)] = level
            self.unknown.add(frame)

    def _add_single(self, frame):
        kind = self.random.choice((*self.kinds, "broken", "offline", "senseless"))
        if kind == "senseless":
            page, level = self._senseless(), 0
            self.unknown.add(frame)
        elif kind == "offline":
            page, level = Page(kind=self.type("offline")), ANY
        elif kind == "broken":
            page, level = self._copy(self.random.choice([*self.kinds]))
            page.flags, level = page.flags | 1 << self.bits["hwpoison"], ANY
        else:
            page, level = self._copy(kind)
        self.structs[frame], self.left_out[frame] = page, level

    def _senseless(self):
        lru, head = 1 << self.bits["lru"], 1 << self.bits["head"]
        return self.random.choice((
            Page(lru, 0x7f0012345600), Page(lru, POINTER, references=0x80000001),
            Page(kind=self.type("buddy"), references=0, private=MAX_ORDER + 1),
            Page(kind=self.type("buddy"), references=3), Page(lru, POINTER, link=POINTER | 1),
            Page(head | lru, POINTER)))

    def _add_compound(self, frame, order):
        kind = self.random.choice((*self.kinds, "hugetlb"))
        page, level = self._copy("kernel" if kind == "hugetlb" else kind)
        page.flags |= 1 << self.bits["head"]
        tails = [Page(link=self._tail(frame, order), references=0)
                 for _ in range((1 << order) - 1)]
        self._say_order(tails[0], order)
        if kind == "hugetlb":
            level = USER
            self._say_hugetlb(page, tails[0])
        frames = range(frame, frame + (1 << order))
        self.structs.update(zip(frames, (page, *tails)))
        self.left_out.update((number, level) for number in frames)
        if self.random.random() < .3:
            self._break(frames, kind)

    def _break(self, frames, kind):
        """One page is broken. Of a huge page, nothing here says which one."""
        broken = frames[0] if kind == "hugetlb" else self.random.choice(frames)
        self.structs[broken].flags |= 1 << self.bits["hwpoison"]
        for frame in frames if kind == "hugetlb" else (broken,):
            self.left_out[frame] = ANY

    def _tail(self, frame, order):
        if self.age >= INFO:
            return -(self.size << order) % (1 << 64) | 1
        return self.vaddr(frame) | 1

    def _say_order(self, second, order):
        if self.age >= IN_FLAGS:
            second.flags |= order
        else:
            second.back |= order << 8

    def _say_hugetlb(self, head, second):
        if self.age >= TYPES:
            head.kind = self.type("hugetlb")
        elif self.age >= IN_FLAGS:
            second.flags |= 1 << self.bits["hugetlb"]
        else:
            second.back |= 2

    # The dump

    def info(self):
        """What the kernel says of itself."""
        def signed(name):
            return str(self.type(name) - (1 << 32))
        top = self.top * PAGE
        base = (top - self.random.randrange(min(top, 1 << 30) + 1)) >> 21 << 21
        info = {
            "OSRELEASE": RELEASES[self.age], "PAGESIZE": "4096", "NUMBER(phys_base)": str(base),
            "SYMBOL(swapper_pg_dir)": f"{IMAGE + top - base:x}",
            "NUMBER(pgtable_l5_enabled)": str(int(self.five)), "NUMBER(sme_mask)": str(self.sme),
            "SYMBOL(mem_section)": f"{self.linear + self.roots * PAGE:x}",
            "LENGTH(mem_section)": "512", "SIZE(mem_section)": "16",
            "OFFSET(mem_section.section_mem_map)": "0",
            "NUMBER(SECTION_SIZE_BITS)": str(self.section_bits), "SIZE(page)": str(self.size),
            "OFFSET(page.flags)": "0", "OFFSET(page.lru)": "8", "OFFSET(page.mapping)": "24",
            "OFFSET(page.private)": "40", "OFFSET(page._mapcount)": "48",
            "OFFSET(page._refcount)": "52", "LENGTH(zone.free_area)": str(MAX_ORDER + 1),
            "NUMBER(PG_head_mask)": str(1 << self.bits["head"]),
            "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)": signed("buddy"),
            "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)": signed("offline"),
            f"OFFSET(page.compound_{'info' if self.age >= INFO else 'head'})": "8",
        }
        for name in ("lru", "private", "swapcache", "swapbacked", "hwpoison"):
            info[f"NUMBER(PG_{name})"] = str(self.bits[name])
        if self.age >= TYPES:
            info["NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)"] = signed("slab")
            info["NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)"] = signed("hugetlb")
        else:
            info["NUMBER(PG_slab)"] = str(self.bits["slab"])
        if self.age < IN_FLAGS:
            name, base = ("folio._folio", self.size) if self.age >= FOLIO else ("page.compound", 0)
            info |= {f"OFFSET({name}_dtor)": str(base + 16),
                     f"OFFSET({name}_order)": str(base + 17), "NUMBER(HUGETLB_PAGE_DTOR)": "2"}
        elif self.age < TYPES:
            info["NUMBER(PG_hugetlb)"] = str(self.bits["hugetlb"])
        if self.age >= UNACCEPTED:
            info["NUMBER(PAGE_UNACCEPTED_MAPCOUNT_VALUE)"] = signed("unaccepted")
        return info

    def core(self, **info):
        """A dump of it in pieces, in any order: some end in the midst of a page."""
        core = Core()
        core.info |= self.info() | info
        pieces = []
        for area in self.areas:
            memory = b"".join(bytes(self.memory[frame]) for frame in area)
            cuts = sorted({0, len(memory), *(self.random.randrange(0, len(memory), step)
                                             for step in (PAGE, PAGE, PAGE, 8, 1024))})
            pieces += [(area[0] * PAGE + begin, memory[begin:end])
                       for begin, end in zip(cuts, cuts[1:])]
        self.random.shuffle(pieces)
        for paddr, data in pieces:
            core.add(paddr, data, vaddr=self.linear + paddr)
        return core

    def kept(self, level):
        """The page frames that a level keeps, in order."""
        return sorted(frame for frame in self.memory if not level & self.left_out[frame])
