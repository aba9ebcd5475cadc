# SPDX-License-Identifier: GPL-2.0
# Entry points; `make help` lists them.  Everything that is made goes to build/.
#
# Each target first makes sure of the packages that it needs, by the groups of
# scripts/packages; a prerequisite inherits the groups of the target it is for,
# so that all that is missing is installed, or named, at once.

GROUPS = kernel
MODULES = modules
N ?= 100000
KERNELS =
FUZZ_SECONDS ?= 600
# Tests that need no guest.
HOST_TESTS = "make -s -C tests/unit check" "make -s -C tools/vmcore-save check" \
	"make -s -C tools/vmcore-save layouts count=$(LAYOUTS)" \
	"make -s -C tools/vmcore-save fuzz" tests/kdump/run-tests tests/tools/run-tests
LAYOUTS = 2000

.DEFAULT_GOAL := help
PHONY := help tree kernel package-kernel sanitized powerpc arm64 i386 stock bench run unit kunit test test-full fuzz debian check check-ports patchset clean distclean tools \
	install deb rpm
.PHONY: $(PHONY)

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  KERNEL_SOURCE=TREE  use that pristine 6.12.y, not Debian's linux-source-6.12"
	@echo "  V=1                 show what the kernel's make does"

tools: GROUPS = tools
tools: ## build the programs that ship, static: build/tools/vmcore-save
	@scripts/need $(GROUPS)
	@$(MAKE) -s -C tools/vmcore-save

install: GROUPS = kernel tools
install: package-kernel tools ## install the kdump command and its capture kernel below DESTDIR=
	@scripts/install-kdump "$(DESTDIR)"

deb: GROUPS = kernel tools
deb: package-kernel tools ## make the Debian package: kdump command, capture kernel
	@scripts/deb

rpm: GROUPS = kernel tools rpm
rpm: package-kernel tools ## make the same as an RPM package
	@scripts/need $(GROUPS)
	@rm -rf build/rpm && scripts/install-kdump "$(CURDIR)/build/rpm"
	@scripts/rpm build/rpm build && rm -rf build/rpm

# The demonstration takes no module, and has to wait for what it builds.
run: MODULES =
run: GROUPS = kernel run
run: kernel ## boot the kernel in QEMU, crash it, save the dump, show the backtrace
	@scripts/need $(GROUPS)
	@tests/qemu/run-demo

test: GROUPS = kernel tools run test powerpc
test: kernel tools debian powerpc ## prove that it works
	@scripts/need $(GROUPS)
	@scripts/sum-up $(HOST_TESTS) tests/qemu/run-tests

test-full: GROUPS = kernel tools run test powerpc arm64 ports
test-full: LAYOUTS = 20000
test-full: KERNELS = --full
test-full: kernel package-kernel sanitized tools debian powerpc arm64 i386 ## the same with every combination of triggers, CPUs, loaders
	@scripts/need $(GROUPS)
	@scripts/sum-up $(HOST_TESTS) "tests/qemu/run-tests --full" "make -s check-ports"

unit: GROUPS = kernel tools test
unit: ## run the tests that need no guest: sanitizers, shell, Python, a browser
	@scripts/need $(GROUPS)
	@scripts/get-source build $(KERNEL_SOURCE)
	@scripts/sum-up $(HOST_TESTS)

kunit: GROUPS = kernel run
kunit: kernel ## run the KUnit suites in the built kernel
	@scripts/need $(GROUPS)
	@tests/qemu/run-tests -k kunit

fuzz: GROUPS = kernel tools run test
fuzz: kernel ## give the capture kernel N=100000 generated ELF headers, and fuzz the saver and the readers
	@scripts/need $(GROUPS)
	@scripts/sum-up "make -s -C tools/vmcore-save fuzz seconds=$(FUZZ_SECONDS)" \
		"tests/tools/fuzz_readers.py --seconds $(FUZZ_SECONDS)" "tests/qemu/run-tests --fuzz $(N)"

# The prepared tree: pristine, without the stock files that ours replace, with
# ours and the hooks in place.  Cheap when nothing has changed, so always done.
tree:
	@scripts/need $(GROUPS)
	@scripts/get-source build $(KERNEL_SOURCE)
	@scripts/prepare-tree build/pristine build/linux

# The output folder is one of the source tree for the sake of ccache, see
# scripts/kbuild; the links are where other tools look.
kernel: tree ## build the kernel: build/x86_64/vmlinux and build/x86_64/bzImage
	@scripts/configure build/linux x86_64 x86_64 \
		configs/base.config configs/x86_64.config $(wildcard configs/kunit.config)
	+@scripts/kbuild build/linux x86_64 x86_64 bzImage $(MODULES)
	@ln -sfn linux/x86_64 build/x86_64
	@ln -sfn arch/x86/boot/bzImage build/x86_64/bzImage

# The capture kernel of the package: the same, and the drivers of many machines. The tests need it
# with --full only.
package-kernel: tree ## build the capture kernel that make deb and make install take
	@scripts/configure build/linux package x86_64 \
		configs/base.config configs/x86_64.config configs/package.config
	+@scripts/kbuild build/linux package x86_64 bzImage modules

# A kernel that looks at itself, with KASAN, UBSAN, lockdep and kmemleak.
sanitized: tree ## build the kernel that reports its own mistakes, for the tests
	@scripts/configure build/linux sanitized x86_64 configs/base.config \
		configs/x86_64.config configs/kunit.config configs/sanitized.config
	+@scripts/kbuild build/linux sanitized x86_64 bzImage modules_prepare

# A kernel for pseries guests, and what else they take. Firmware that makes dumps is in QEMU
# since 11.1.
powerpc: GROUPS = kernel run powerpc
powerpc: tree ## build the kernel of pseries guests, fetch QEMU and programs for them
	@scripts/need $(GROUPS)
	@scripts/debian-programs trixie-backports qemu-system-ppc
	@scripts/debian-programs sid:ppc64el busybox-static kexec-tools
	@scripts/configure build/linux powerpc powerpc configs/powerpc.config
	+@scripts/kbuild build/linux powerpc powerpc vmlinux

arm64: GROUPS = kernel run arm64
arm64: tree ## build the kernel of arm64 guests, fetch programs for them
	@scripts/need $(GROUPS)
	@scripts/debian-programs sid:arm64 busybox-static kexec-tools
	@scripts/configure build/linux arm64 arm64 configs/arm64.config
	+@scripts/kbuild build/linux arm64 arm64 Image

i386: GROUPS = kernel run
i386: tree ## build the kernel of i386 guests, fetch programs for them
	@scripts/need $(GROUPS)
	@scripts/debian-programs bookworm:i386 busybox-static kexec-tools
	@scripts/configure build/linux i386 i386 configs/i386-small.config
	+@scripts/kbuild build/linux i386 i386 bzImage

# Kernels to crash, and readers of dumps. Page sets are compared with sid's
# makedumpfile: 1.7.8 and later know the page types of Linux 6.12. With KERNELS=--full there
# are more kernels.
debian:
	@scripts/debian-programs trixie crash makedumpfile python3-drgn fence-agents-kdump \
			lvm2 mdadm && \
		scripts/debian-programs sid makedumpfile && \
		scripts/debian-kernels $(KERNELS) || echo "make: going on without some of Debian's programs"

# With the same configuration, as far as it has the symbols.
stock:
	@scripts/need $(GROUPS)
	@scripts/get-source build $(KERNEL_SOURCE)
	@scripts/prepare-tree --stock build/pristine build/linux-stock
	@scripts/configure --partly build/linux-stock x86_64 x86_64 \
		configs/base.config configs/x86_64.config $(wildcard configs/kunit.config)
	+@scripts/kbuild build/linux-stock x86_64 x86_64 bzImage modules_prepare

bench: GROUPS = kernel tools run test
bench: kernel stock tools debian ## measure beside the stock kernel; QUICK=1 takes less than 10 minutes
	@scripts/need $(GROUPS)
	@tests/bench/run-bench $(if $(QUICK),--quick)

check: GROUPS = kernel check
check: tree ## checkpatch, sparse, W=1, kernel-doc, shellcheck and the like, on all that is ours
	@scripts/need $(GROUPS)
	@scripts/check

check-ports: GROUPS = kernel ports
check-ports: tree ## build kernels for arm64 and ppc64le, which have their own code for old memory
	@scripts/need $(GROUPS)
	@scripts/check arm64 powerpc

patchset: GROUPS = kernel $(if $(BUILD),ports)
patchset: $(if $(BUILD),kernel,tree) ## write build/patchset/*.patch and prove them; BUILD=1 builds each commit
	@scripts/need $(GROUPS)
	@scripts/patchset $(if $(BUILD),--build)

clean: ## remove what has been built
	rm -rf build/linux build/linux-stock build/check-defconfigs build/bench build/x86_64 build/patchset build/run build/test build/tools build/unit

distclean: ## remove what has been fetched, too
	rm -rf build
