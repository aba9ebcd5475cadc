# SPDX-License-Identifier: GPL-2.0
"""What is encrypted can be decrypted by age, as far as it goes, and by nobody else."""
import os
import random
import signal
import subprocess
import time
import unittest

from case import FAILED, NO_SPACE, TIMEOUT, UNREADABLE, USAGE, Case
from corefile import Core, PAGE
from kdumpreader import KdumpFile, unflatten

CHUNK, TAG = 65536, 16
HEADER = len("age-encryption.org/v1\n-> X25519 \n\n--- \n") + 3 * 43 + 16
ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

# Of order 1, 2, 4 and 8, and such that are the same but for a multiple of the prime.
PRIME = 2 ** 255 - 19
EIGHTH = 325606250916557431795983626356110631294008115727848805560023387167927233504
WEAK = (0, 1, PRIME - 1, PRIME, PRIME + 1, EIGHTH)


def checksum(digits):
    """Of Bech32, behind "age"."""
    total = 1
    for digit in (3, 3, 3, 0, 1, 7, 5, *digits, *[0] * 6):
        top, total = total >> 25, (total & 0x1ffffff) << 5 ^ digit
        for bit, factor in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
            total ^= factor if top >> bit & 1 else 0
    return [(total ^ 1) >> 5 * (5 - at) & 31 for at in range(6)]


def recipient(key, padding=0):
    """A public key as age writes it."""
    bits = int.from_bytes(key, "big") << 4 | padding
    digits = [bits >> 5 * (51 - at) & 31 for at in range(52)]
    return "age1" + "".join(ALPHABET[digit] for digit in digits + checksum(digits))


class Encrypted(Case):
    """A test with a key pair, and a program that decrypts."""

    @classmethod
    def setUpClass(cls):
        try:
            subprocess.run(["age", "--version"], check=True, stdout=subprocess.DEVNULL)
        except FileNotFoundError:
            raise unittest.SkipTest("there is no age: install age") from None

    def setUp(self):
        super().setUp()
        self.identity, self.recipient = self.keys("identity")
        self.seed = int(os.environ.get("SEED", time.time_ns() % 2 ** 32))
        self.random = random.Random(self.seed)

    def keys(self, name):
        path = self.folder / name
        done = subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True,
                              text=True)
        return path, done.stderr.split()[-1]

    def decrypt(self, data, status=0, identity=None):
        """What age makes of it, also if it ends with an error."""
        done = subprocess.run(["age", "-d", "-i", identity or self.identity], input=data,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def encrypt(self, data):
        """By the filter."""
        done = subprocess.run([self.program, "--encrypt", "--recipient", self.recipient, "-"],
                              input=data, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout

    def saved(self, *arguments, **options):
        """Save encrypted."""
        return self.save("-q", "--recipient", self.recipient, "-s", self.status, *arguments,
                         **options)

    def part_saved(self, core):
        """Check that the dump was ended in good order; return how many pages it has."""
        plain = self.decrypt(self.dest.read_bytes())
        return self.part_of(core, KdumpFile(unflatten(plain)))


class Format(Encrypted):
    """The format is that of age."""

    def test_sizes(self):
        """Any size, above all those around multiples of a chunk."""
        sizes = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 16 * CHUNK, 17 * CHUNK + 1}
        sizes |= {max(0, self.random.randrange(1, 40) * CHUNK + self.random.randint(-20, 20))
                  for _ in range(8)}
        for size in sizes:
            with self.subTest(size=size, seed=self.seed):
                data = self.random.randbytes(size)
                encrypted = self.encrypt(data)
                chunks = max(1, -(-size // CHUNK))
                self.assertEqual(len(encrypted), HEADER + size + chunks * TAG)
                self.assertEqual(self.decrypt(encrypted), data)
        self.assertNotEqual(self.encrypt(b"a")[:HEADER], self.encrypt(b"a")[:HEADER])

    def test_filter(self):
        """The filter takes input as it comes, and writes files for the owner alone."""
        with subprocess.Popen([self.program, "--encrypt", "--recipient", self.recipient, self.dest],
                              stdin=subprocess.PIPE) as process:
            for word in (b"one ", b"two ", b"three"):
                process.stdin.write(word)
                process.stdin.flush()
                time.sleep(.05)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.decrypt(self.dest.read_bytes()), b"one two three")
        self.assertEqual(self.dest.stat().st_mode & 0o777, 0o600)
        done = subprocess.run([self.program, "--encrypt", "--recipient", self.recipient,
                               "/dev/full"], input=bytes(3 << 20), capture_output=True, check=False)
        self.assertEqual(done.returncode, NO_SPACE, done.stderr)

    def test_cut(self):
        """Of a file that was cut anywhere, all whole chunks can be decrypted."""
        data = self.random.randbytes(5 * CHUNK + 1000)
        encrypted = self.encrypt(data)
        cuts = {HEADER, HEADER + 1, HEADER + CHUNK + TAG, len(encrypted) - 1, len(encrypted) - 1001}
        cuts |= {self.random.randrange(HEADER, len(encrypted)) for _ in range(20)}
        for cut in cuts:
            with self.subTest(cut=cut, seed=self.seed):
                found = self.decrypt(encrypted[:cut], status=1)
                self.assertEqual(len(found), (cut - HEADER) // (CHUNK + TAG) * CHUNK)
                self.assertTrue(data.startswith(found))
        changed = bytearray(encrypted)
        changed[HEADER + 2 * CHUNK] ^= 1
        self.assertEqual(self.decrypt(bytes(changed), status=1), data[:CHUNK])

    def test_other_key(self):
        """No other key decrypts."""
        other, _ = self.keys("other")
        self.assertEqual(self.decrypt(self.encrypt(b"secret"), status=1, identity=other), b"")

    def test_recipients(self):
        """What is no recipient is refused, and so is a key that is weak."""
        self.assertEqual(self.save("--check-recipient", self.recipient), b"")
        for at in self.random.sample(range(len(self.recipient)), 10):
            letter = self.random.choice(ALPHABET.replace(self.recipient[at], ""))
            self.save("--check-recipient", self.recipient[:at] + letter + self.recipient[at + 1:],
                      status=USAGE)
        secret = self.identity.read_text().split()[-1]
        for text, word in (("", "begins with age1"), ("age1", "checksum"),
                           (self.recipient[:-1], "checksum"), (self.recipient + "q", "checksum"),
                           (self.recipient.upper(), "begins with age1"),
                           ("ssh-ed25519 AAAA", "begins with age1"), (secret, "kept elsewhere"),
                           (recipient(bytes(31) + b"\x09", padding=1), "checksum")):
            self.save("--check-recipient", text, status=USAGE)
            self.assertIn(word, self.errors)
            self.assertNotIn(secret, self.errors)
        for number in WEAK:
            for top in (0, 1 << 255)[:1 + (number < 2)]:
                self.save("--recipient", recipient((number | top).to_bytes(32, "little")),
                          self.source, self.dest, status=USAGE)
                self.assertIn("weak", self.errors)
        self.assertFalse(self.dest.exists())
        good = recipient((9).to_bytes(32, "little"))
        self.assertEqual(self.save("--check-recipient", good), b"")

    def test_usage(self):
        """Options that do not go together."""
        for arguments in (["--encrypt", self.dest], ["--recipient", self.recipient],
                          ["--encrypt", "--recipient", self.recipient],
                          ["--encrypt", "--recipient", self.recipient, "-F", "elf", self.dest],
                          ["--dmesg", "--recipient", self.recipient, "a", "b"],
                          ["--info", "--recipient", self.recipient, "a"]):
            self.save(*arguments, status=USAGE)

    def test_random(self):
        """Without randomness there is no key, which is told in time."""
        self.machine().write(self.source)
        for fault, word in (("wait", "has no randomness after"), ("fail", "gives no randomness")):
            began = time.monotonic()
            self.saved(self.source, self.dest, status=FAILED, env={"FAULT_RANDOM": fault})
            self.assertLess(time.monotonic() - began, 10)
            self.assertIn(word, self.errors)
            self.assertIn(word, self.state()["error"])
            self.assertEqual(self.dest.read_bytes(), b"")


class Dumps(Encrypted):
    """An encrypted dump is the dump."""

    def setUp(self):
        super().setUp()
        self.core = Core()
        self.core.add(0, [self.page("noise") if at < 2000 else None for at in range(40000)])
        self.core.add(1 << 30, [self.page("noise") for _ in range(1500)])
        self.core.write(self.source)

    def test_formats(self):
        """Each format, to each kind of destination: what would go into a pipe."""
        core = self.machine()
        core.write(self.source)
        for form in ("kdump", "flat", "elf"):
            plain = self.save("-q", "-F", form, self.source, "-") if form != "elf" else \
                self.source.read_bytes()
            for threads in (1, 2):
                with self.subTest(form=form, threads=threads):
                    self.saved("-F", form, "-t", threads, self.source, self.dest)
                    self.assertTrue(self.decrypt(self.dest.read_bytes()) == plain, "another dump")
                    self.assertEqual(self.state()["encrypted"], str(self.dest.stat().st_size))
            self.assertTrue(self.decrypt(self.saved("-F", form, self.source, "-")) == plain)
        self.same_memory(core, KdumpFile(unflatten(self.save("-q", self.source, "-"))))

    def test_disk(self):
        """On a disk the state tells where the dump ends."""
        self.dest.write_bytes(self.random.randbytes(64 << 20))
        self.saved("-m", 32 << 20, self.source, self.dest, env={"FAULT_BLOCK": "1"})
        data = self.dest.read_bytes()
        self.assertEqual(len(data), 64 << 20)
        size = int(self.state()["encrypted"])
        self.assertTrue(self.decrypt(data[:size]) == self.save("-q", self.source, "-"))
        # Who does not know that gets all, and an error.
        found = self.decrypt(data, status=1)
        wanted, pages = self.core.memory(), KdumpFile(unflatten(found, whole=False)).pages()
        self.assertGreater(len(pages), 30000)
        self.assertEqual([number for number in pages if pages[number] != wanted[number]], [])

    def test_no_space(self):
        """Without space it ends in good order, with what got there."""
        for arguments, options in ((("-m", 6 << 20), {}), ((), {"limit": 6 << 20}),
                                   ((), {"env": {"FAULT_SPACE": str(6 << 20)}})):
            with self.subTest(arguments=arguments, options=options):
                self.saved(*arguments, self.source, self.dest, status=NO_SPACE, **options)
                self.assertIn("no space left", self.state()["error"])
                self.assertLessEqual(self.dest.stat().st_size, 6 << 20)
                self.assertGreater(self.part_saved(self.core), 700)

    def test_unreadable(self):
        """What cannot be read is lost, and told."""
        at = 8192 + 100 * PAGE
        self.saved(self.source, self.dest, status=UNREADABLE,
                   env={"FAULT_READ": f"{at}-{at + 2 * PAGE}"})
        self.assertEqual(self.part_saved(self.core), 41498)
        self.assertEqual(self.state()["missing"], str(2 * PAGE))

    def test_unreadable_elf(self):
        """An ELF dump in which something is missing has no end, so that age tells."""
        at = 8192 + 100 * PAGE
        self.saved("-F", "elf", self.source, self.dest, status=UNREADABLE,
                   env={"FAULT_READ": f"{at}-{at + 2 * PAGE}"})
        found = self.decrypt(self.dest.read_bytes(), status=1)
        self.assertTrue(self.save("-q", "-F", "elf", self.source, "-").startswith(found[:at]))
        self.assertGreater(len(found), at)

    def test_write_error(self):
        """An error of the output: what got there can be decrypted."""
        self.saved(self.source, self.dest, status=FAILED, env={"FAULT_CACHE": "1"})
        self.assertIn("cannot write: Input/output error", self.state()["error"])
        found = self.decrypt(self.dest.read_bytes(), status=1)
        self.assertGreater(len(found), 6 << 20)
        self.assertTrue(self.save("-q", self.source, "-").startswith(found))

    def test_interrupted(self):
        """A signal ends it: a flattened dump in good order, of another what there is."""
        for form in ("flat", "elf"):
            with subprocess.Popen([self.program, "-q", "--recipient", self.recipient, "-F", form,
                                   self.source, "-"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL) as process:
                head = process.stdout.read(1 << 20)
                process.send_signal(signal.SIGTERM)
                data = head + process.stdout.read()
                self.assertEqual(process.wait(TIMEOUT), FAILED)
            if form == "flat":
                self.part_of(self.core, KdumpFile(unflatten(self.decrypt(data))))
                continue
            found = self.decrypt(data, status=1)
            lost = HEADER + CHUNK + TAG + len(data) // CHUNK * TAG
            self.assertGreater(len(found), len(data) - lost)
            self.assertTrue(self.source.read_bytes().startswith(found))

    def test_killed(self):
        """One that is killed leaves what had been written."""
        with subprocess.Popen([self.program, "-q", "--recipient", self.recipient, self.source, "-"],
                              stdout=subprocess.PIPE) as process:
            data = process.stdout.read(3 << 20)
            process.kill()
            data += process.stdout.read()
        found = self.decrypt(data, status=1)
        self.assertGreaterEqual(len(found), (3 << 20) - HEADER - 48 * TAG - CHUNK)
        self.assertTrue(self.save("-q", self.source, "-").startswith(found))
