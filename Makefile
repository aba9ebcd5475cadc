# SPDX-License-Identifier: GPL-2.0
# Entry points; `make help` lists them.  Everything that is made goes to build/.

# A pristine 6.12 tree to use in place of Debian's linux-source-6.12.
export KERNEL_SOURCE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

FRAGMENTS = configs/base.config configs/$(1).config $(wildcard configs/kunit.config)

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# The prepared tree: pristine, without the stock files that ours replace, with
# ours and the hooks in place.  Cheap when nothing has changed, so always done.
tree:
	@scripts/need kernel
	@scripts/get-source build $(KERNEL_SOURCE)
	@scripts/prepare-tree build/pristine build/linux

kernel: tree ## build the kernel: build/x86_64/vmlinux and build/x86_64/bzImage
	@scripts/configure build/linux x86_64 x86_64 $(call FRAGMENTS,x86_64)
	+@scripts/kbuild build/linux x86_64 x86_64 bzImage
	@ln -sfn arch/x86/boot/bzImage build/linux/x86_64/bzImage
	@ln -sfn linux/x86_64 build/x86_64

.PHONY: help tree kernel
