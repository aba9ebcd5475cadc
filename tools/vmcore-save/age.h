/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Encryption to a public key, in the format of age (age-encryption.org/v1).
 */
#ifndef VMCORE_SAVE_AGE_H
#define VMCORE_SAVE_AGE_H

#include "sink.h"

#define AGE_KEY_SIZE 32

/**
 * struct recipient - who can decrypt
 * @point: X25519 public key
 */
struct recipient {
	unsigned char point[AGE_KEY_SIZE];
};

enum result recipient_parse(const char *text, struct recipient *ret);

struct age;

enum result age_create(const struct sink *below, const struct recipient *recipient,
		       struct age **ret);
void age_destroy(struct age *age);
uint64_t age_room(const struct age *age, uint64_t limit);
enum result age_put(struct age *age, const void *data, size_t size);
enum result age_hold(struct age *age, uint64_t size);
enum result age_finish(struct age *age);
enum result age_filter(const char *dest, const struct recipient *recipient);

#endif
