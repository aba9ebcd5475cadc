# SPDX-License-Identifier: GPL-2.0
"""Uncompresses pages, each of which was compressed by itself.

zlib comes with Python; zstd, lzo and snappy are used through their libraries, where
installed.
"""
import ctypes
import functools
import zlib

ZLIB, LZO, SNAPPY, ZSTD = 1, 2, 4, 0x20
LIBRARIES = {LZO: "liblzo2.so.2", SNAPPY: "libsnappy.so.1", ZSTD: "libzstd.so.1"}


@functools.cache
def _library(method):
    try:
        return ctypes.CDLL(LIBRARIES[method])
    except OSError:
        raise ValueError("pages are compressed in a way that needs "
                         f"{LIBRARIES[method]}: install it") from None


def _zstd(data, size):
    library = _library(ZSTD)
    library.ZSTD_decompress.restype = ctypes.c_size_t
    library.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t,
                                        ctypes.c_char_p, ctypes.c_size_t]
    page = ctypes.create_string_buffer(size)
    done = library.ZSTD_decompress(page, size, data, len(data))
    return page.raw if done == size else b""        # an error is a very large size


def _lzo(data, size):
    page, length = ctypes.create_string_buffer(size), ctypes.c_size_t(size)
    failed = _library(LZO).lzo1x_decompress_safe(
        ctypes.c_char_p(data), ctypes.c_size_t(len(data)), page, ctypes.byref(length), None)
    return b"" if failed else page.raw[:length.value]


def _snappy(data, size):
    page, length = ctypes.create_string_buffer(size), ctypes.c_size_t(size)
    failed = _library(SNAPPY).snappy_uncompress(
        ctypes.c_char_p(data), ctypes.c_size_t(len(data)), page, ctypes.byref(length))
    return b"" if failed else page.raw[:length.value]


def _zlib(data, size):
    try:
        return zlib.decompressobj().decompress(data, size)
    except zlib.error:
        return b""


METHODS = {ZLIB: _zlib, LZO: _lzo, SNAPPY: _snappy, ZSTD: _zstd}


def lacking_library(flags):
    """The name of the library that pages with such flags need and that is not there, or None."""
    for method, name in LIBRARIES.items():
        if flags & method:
            try:
                _library(method)
            except ValueError:
                return name
    return None


def uncompress(data, flags, size):
    """The page of that size; something shorter if the data is no such page."""
    method = METHODS.get(flags & (ZLIB | LZO | SNAPPY | ZSTD))
    return method(data, size) if method else data
