# SPDX-License-Identifier: GPL-2.0
"""The tests themselves; importing a module declares its tests."""
