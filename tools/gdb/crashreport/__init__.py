# SPDX-License-Identifier: GPL-2.0
"""The report of a crash: what is known of it, as text and as a page."""
