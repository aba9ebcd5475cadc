// SPDX-License-Identifier: GPL-2.0
/*
 * Who can decrypt: an X25519 public key in Bech32, as age writes it.
 *
 * Whoever arms a machine has to be told now that a key is wrong. In the capture kernel
 * there is nobody to tell, and what has been encrypted for nobody is lost.
 */
#include <sodium.h>
#include <string.h>

#include "age.h"

#define PREFIX "age1"
#define SECRET_PREFIX "AGE-SECRET-KEY-1"

/* Of five bits each: the key, and the checksum. */
#define KEY_DIGITS ((AGE_KEY_SIZE * 8 + 4) / 5)
#define SUM_DIGITS 6

/* One more digit of the checksum, which is the remainder of a division of polynomials. */
static uint32_t sum_digit(uint32_t sum, unsigned int digit)
{
	static const uint32_t generator[] = {
		0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3,
	};
	uint32_t top = sum >> 25;
	unsigned int i;

	sum = (sum & 0x1ffffff) << 5 ^ digit;
	for (i = 0; i < 5; i++)
		if (top >> i & 1)
			sum ^= generator[i];
	return sum;
}

/* The part in front of the digits counts, too: "age". */
static uint32_t sum_prefix(void)
{
	static const char prefix[] = { 'a', 'g', 'e' };
	uint32_t sum = 1;
	size_t i;

	for (i = 0; i < sizeof(prefix); i++)
		sum = sum_digit(sum, prefix[i] >> 5);
	sum = sum_digit(sum, 0);
	for (i = 0; i < sizeof(prefix); i++)
		sum = sum_digit(sum, prefix[i] & 31);
	return sum;
}

/* Take the digits of a key; false if they are none, or the checksum does not fit. */
static bool decode(const char *text, unsigned char *key)
{
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	uint32_t sum = sum_prefix(), bits = 0;
	unsigned int count = 0, have = 0;
	const char *found;

	if (strlen(text) != KEY_DIGITS + SUM_DIGITS)
		return false;
	for (; *text; text++, count++) {
		found = strchr(alphabet, *text);
		if (!found)
			return false;
		sum = sum_digit(sum, found - alphabet);
		if (count >= KEY_DIGITS)
			continue;
		bits = (bits << 5 | (found - alphabet)) & 0xfff;
		have += 5;
		if (have >= 8) {
			have -= 8;
			*key++ = bits >> have;
		}
	}
	return sum == 1 && !(bits & ((1U << have) - 1));
}

/* A point of low order makes the same secret of every key: everybody could decrypt. */
static bool is_weak(const unsigned char *point)
{
	static const unsigned char any[AGE_KEY_SIZE] = { 8 };
	unsigned char shared[AGE_KEY_SIZE];

	return crypto_scalarmult_curve25519(shared, any, point) != 0;
}

/**
 * recipient_parse - take a recipient
 * @text: as age-keygen prints it, age1...
 * @ret:  receives the key
 *
 * Return: RESULT_OK or RESULT_USAGE, which has been told.
 */
enum result recipient_parse(const char *text, struct recipient *ret)
{
	if (!strncasecmp(text, SECRET_PREFIX, strlen(SECRET_PREFIX)))
		return fail(RESULT_USAGE,
			    "that is the key which decrypts, and has to be kept elsewhere");
	if (strncmp(text, PREFIX, strlen(PREFIX)))
		return fail(RESULT_USAGE, "'%.80s' is no recipient: one begins with age1", text);
	if (!decode(text + strlen(PREFIX), ret->point))
		return fail(RESULT_USAGE, "'%.80s' is no recipient: its checksum is wrong",
			    text);
	if (is_weak(ret->point))
		return fail(RESULT_USAGE,
			    "'%.80s' is a weak key, to which nothing can be encrypted", text);
	return RESULT_OK;
}
