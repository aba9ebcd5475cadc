# SPDX-License-Identifier: GPL-2.0
#
# Make single objects of the decompressor.  The kernel's Makefile makes other
# objects by name, but these only as a part of bzImage.  In the output folder:
#
#     make -f ../Makefile -f .../boot-objects.mk BOOT_OBJECTS="..." boot-objects

PHONY += boot-objects
boot-objects: prepare
	$(Q)$(MAKE) $(build)=arch/x86/boot/compressed $(BOOT_OBJECTS)
