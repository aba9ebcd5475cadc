/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small programs that run in the guest, linked into one static binary.
 *
 * Each prints what is wrong and returns a non-zero exit status.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

int probe_copy(int argc, char **argv);
int probe_extents(int argc, char **argv);
int probe_fill(int argc, char **argv);
int probe_fuzz(int argc, char **argv);
int probe_map(int argc, char **argv);
int probe_map_all(int argc, char **argv);
int probe_map_over(int argc, char **argv);
int probe_poison(int argc, char **argv);
int probe_seek(int argc, char **argv);
int probe_sparse(int argc, char **argv);
int probe_spin(int argc, char **argv);
int probe_vfork(int argc, char **argv);
int probe_vmcore(int argc, char **argv);
int probe_without(int argc, char **argv);

__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *format, ...);

unsigned long number(const char *text);
size_t read_fully(int fd, void *buf, size_t size, off_t offset);
void write_fully(int fd, const void *buf, size_t size, off_t offset);

#endif
