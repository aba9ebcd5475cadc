// SPDX-License-Identifier: GPL-2.0
/*
 * Encryption to a public key, in the format of age (age-encryption.org/v1).
 *
 *	+--------+-------+---------+---------+-- - --+------------+
 *	| header | nonce | 64 KiB  | 64 KiB  |       | last chunk |
 *	+--------+-------+---------+---------+-- - --+------------+
 *
 * The header has the key of the file, encrypted with what a key pair made for this file
 * and the recipient's public key have in common. Each chunk is encrypted and authenticated
 * by itself, with its number, and 16 bytes longer for that. So what is there of a file that
 * was cut can be decrypted, and that it was cut is seen: only the last chunk says that it
 * is the last.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "age.h"
#include "interrupt.h"

#define CHUNK 65536
#define TAG crypto_aead_chacha20poly1305_IETF_ABYTES
#define FILE_KEY_SIZE 16
#define NONCE_SIZE 16
#define WRAPPED_SIZE (FILE_KEY_SIZE + TAG)
#define BASE64_SIZE 44		/* of 32 bytes, without padding, with the NUL */
#define OUTPUT_BUFFER 1048576

/* A capture kernel has had little time to gather randomness; it may be waited for so long. */
#ifndef RANDOM_SECONDS
#define RANDOM_SECONDS 30
#endif

/**
 * struct secrets - what has to be random
 * @ephemeral: secret key of the pair that is made for this file
 * @file_key:  of the file
 * @nonce:     of the file, not secret
 */
struct secrets {
	unsigned char ephemeral[AGE_KEY_SIZE];
	unsigned char file_key[FILE_KEY_SIZE];
	unsigned char nonce[NONCE_SIZE];
};

/**
 * struct age - an encrypted file in the making
 * @below:  where it goes
 * @stream: ciphertext on its way there
 * @key:    of all chunks
 * @number: chunks so far
 * @fill:   bytes in @plain
 * @finished: the last chunk has been put
 * @broken: something could not be written, so nothing can follow
 * @plain:  the present chunk, with room for its tag
 */
struct age {
	struct sink below;
	struct stream stream;
	unsigned char key[crypto_aead_chacha20poly1305_IETF_KEYBYTES];
	uint64_t number;
	size_t fill;
	bool finished;
	bool broken;
	unsigned char plain[CHUNK + TAG];
};

static void *fill_randomly(void *argument)
{
	unsigned char *bytes = argument;
	size_t done = 0;
	ssize_t got;

	while (done < sizeof(struct secrets)) {
		got = getrandom(bytes + done, sizeof(struct secrets) - done, 0);
		if (got < 0 && errno != EINTR)
			return NULL;
		done += got > 0 ? got : 0;
	}
	return bytes;
}

/*
 * The kernel does not return before it has enough randomness, and it is that call which
 * has it look for some. So a thread waits, which is left behind if its time is up.
 */
static enum result make_secrets(struct secrets **ret)
{
	struct secrets *secrets = calloc(1, sizeof(*secrets));
	struct timespec until;
	void *filled = NULL;
	sigset_t before;
	pthread_t id;
	bool started;

	if (!secrets)
		return fail(RESULT_FAILED, "no memory for keys");
	interrupt_keep_out(&before);
	started = !pthread_create(&id, NULL, fill_randomly, secrets);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!started) {
		free(secrets);
		return fail(RESULT_FAILED, "cannot start a thread");
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1;
	if (pthread_timedjoin_np(id, &filled, &until)) {
		note("the kernel has no randomness for keys yet; it is waited for, up to %d s",
		     RANDOM_SECONDS);
		until.tv_sec += RANDOM_SECONDS;
		if (pthread_timedjoin_np(id, &filled, &until))
			return fail(RESULT_FAILED,
				    "no keys: the kernel has no randomness after %d s",
				    RANDOM_SECONDS);
	}
	if (filled) {
		*ret = secrets;
		return RESULT_OK;
	}
	free(secrets);
	return fail(RESULT_FAILED, "no keys: the kernel gives no randomness");
}

/* HKDF with HMAC-SHA-256, for one block of output: RFC 5869. */
static void derive(unsigned char *key, const unsigned char *secret, size_t secret_size,
		   const unsigned char *salt, size_t salt_size, const char *info)
{
	unsigned char extracted[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;
	const unsigned char last = 1;

	crypto_auth_hmacsha256_init(&state, salt, salt_size);
	crypto_auth_hmacsha256_update(&state, secret, secret_size);
	crypto_auth_hmacsha256_final(&state, extracted);
	crypto_auth_hmacsha256_init(&state, extracted, sizeof(extracted));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)info, strlen(info));
	crypto_auth_hmacsha256_update(&state, &last, 1);
	crypto_auth_hmacsha256_final(&state, key);
	sodium_memzero(extracted, sizeof(extracted));
	sodium_memzero(&state, sizeof(state));
}

/* Encrypt the key of the file to the recipient; false for a weak key. */
static bool wrap(const struct secrets *secrets, const struct recipient *recipient,
		 unsigned char *share, unsigned char *wrapped)
{
	static const unsigned char nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES];
	unsigned char shared[AGE_KEY_SIZE], salt[2 * AGE_KEY_SIZE], key[AGE_KEY_SIZE];

	if (crypto_scalarmult_curve25519_base(share, secrets->ephemeral) ||
	    crypto_scalarmult_curve25519(shared, secrets->ephemeral, recipient->point))
		return false;
	memcpy(salt, share, AGE_KEY_SIZE);
	memcpy(salt + AGE_KEY_SIZE, recipient->point, AGE_KEY_SIZE);
	derive(key, shared, sizeof(shared), salt, sizeof(salt), "age-encryption.org/v1/X25519");
	crypto_aead_chacha20poly1305_ietf_encrypt(wrapped, NULL, secrets->file_key, FILE_KEY_SIZE,
						  NULL, 0, NULL, nonce, key);
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(key, sizeof(key));
	return true;
}

static const char *base64(char *text, const unsigned char *bytes)
{
	return sodium_bin2base64(text, BASE64_SIZE, bytes, 32,
				 sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

/* Put the header together; return its bytes, 0 for a weak key. */
static size_t make_header(const struct secrets *secrets, const struct recipient *recipient,
			  char *text, size_t room)
{
	unsigned char share[AGE_KEY_SIZE], wrapped[WRAPPED_SIZE], key[AGE_KEY_SIZE];
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	static const unsigned char none[1];
	char first[BASE64_SIZE], second[BASE64_SIZE];
	size_t size;

	if (!wrap(secrets, recipient, share, wrapped))
		return 0;
	size = snprintf(text, room, "age-encryption.org/v1\n-> X25519 %s\n%s\n---",
			base64(first, share), base64(second, wrapped));
	derive(key, secrets->file_key, FILE_KEY_SIZE, none, 0, "header");
	crypto_auth_hmacsha256(mac, (unsigned char *)text, size, key);
	sodium_memzero(key, sizeof(key));
	return size + snprintf(text + size, room - size, " %s\n", base64(first, mac));
}

static enum result begin_file(struct age *age, const struct secrets *secrets,
			      const struct recipient *recipient)
{
	char text[256];
	size_t size = make_header(secrets, recipient, text, sizeof(text));
	enum result result;

	if (!size)
		return fail(RESULT_FAILED, "the recipient is a weak key");
	derive(age->key, secrets->file_key, FILE_KEY_SIZE, secrets->nonce, NONCE_SIZE, "payload");
	result = stream_put(&age->stream, text, size);
	return result == RESULT_OK ? stream_put(&age->stream, secrets->nonce, NONCE_SIZE) : result;
}

/**
 * age_create - begin an encrypted file
 * @below:     where it goes, opened and empty
 * @recipient: who can decrypt it
 * @ret:       receives the file, also after an error, but without memory
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result age_create(const struct sink *below, const struct recipient *recipient,
		       struct age **ret)
{
	struct age *age = calloc(1, sizeof(*age));
	struct secrets *secrets = NULL;
	enum result result;

	if (!age)
		return fail(RESULT_FAILED, "no memory for encryption");
	age->below = *below;
	age->below.flat = false;
	*ret = age;
	result = make_secrets(&secrets);
	/* That would wait for randomness, too. */
	if (result == RESULT_OK && sodium_init() < 0)
		result = fail(RESULT_FAILED, "libsodium does not work here");
	if (result == RESULT_OK)
		result = stream_init(&age->stream, &age->below, 0, OUTPUT_BUFFER);
	if (result == RESULT_OK)
		result = begin_file(age, secrets, recipient);
	if (secrets)
		sodium_memzero(secrets, sizeof(*secrets));
	free(secrets);
	age->broken = result != RESULT_OK;
	return result;
}

/* It is encrypted on the way to the output buffer, or in place where it does not fit there. */
static enum result put_chunk(struct age *age, bool last)
{
	unsigned char *cipher = stream_room(&age->stream, age->fill + TAG);
	unsigned char nonce[crypto_aead_chacha20poly1305_IETF_NPUBBYTES] = "";
	unsigned int i;
	enum result result;

	for (i = 0; i < sizeof(age->number); i++)
		nonce[sizeof(nonce) - 2 - i] = age->number >> (8 * i);
	nonce[sizeof(nonce) - 1] = last;
	age->number++;
	crypto_aead_chacha20poly1305_ietf_encrypt(cipher ?: age->plain, NULL, age->plain, age->fill,
						  NULL, 0, NULL, nonce, age->key);
	result = cipher ? stream_extend(&age->stream, age->fill + TAG) :
			  stream_put(&age->stream, age->plain, age->fill + TAG);
	age->broken = result != RESULT_OK;
	age->fill = 0;
	return result;
}

/* Without its last chunk, whoever decrypts it sees that something is missing. */
static void cut(struct age *age)
{
	if (age->fill == CHUNK)
		put_chunk(age, false);
	if (!age->broken && stream_flush(&age->stream) == RESULT_OK)
		sink_finish(&age->below, stream_offset(&age->stream));
}

/**
 * age_destroy - give back what age_create() took
 * @age: file or NULL
 *
 * Of a file that has not been finished, all whole chunks are written.
 */
void age_destroy(struct age *age)
{
	if (!age)
		return;
	if (!age->broken && !age->finished)
		cut(age);
	stream_destroy(&age->stream);
	sodium_memzero(age, sizeof(*age));
	free(age);
}

/**
 * age_room - tell how much can be encrypted
 * @age:   file in which nothing has been put
 * @limit: bytes that it may have
 *
 * Return: bytes.
 */
uint64_t age_room(const struct age *age, uint64_t limit)
{
	uint64_t begin = stream_offset(&age->stream);

	if (limit == UINT64_MAX)
		return limit;
	return limit < begin ? 0 : (limit - begin) / (CHUNK + TAG) * CHUNK;
}

/**
 * age_put - append
 * @age:  file
 * @data: what
 * @size: how many bytes
 *
 * A full chunk waits for the next byte, since it may be the last one.
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result age_put(struct age *age, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	enum result result;
	size_t part;

	while (size) {
		if (age->broken)
			return RESULT_FAILED;
		if (age->fill == CHUNK) {
			result = put_chunk(age, false);
			if (result != RESULT_OK)
				return result;
		}
		part = size < CHUNK - age->fill ? size : CHUNK - age->fill;
		memcpy(age->plain + age->fill, bytes, part);
		age->fill += part;
		bytes += part;
		size -= part;
	}
	return RESULT_OK;
}

/**
 * age_hold - take space of what is to come in advance, if that is possible
 * @age:  file
 * @size: bytes before encryption
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result age_hold(struct age *age, uint64_t size)
{
	const struct sink *below = &age->below;
	uint64_t plain = age->fill + size;
	uint64_t bytes = age->stream.fill + plain + (plain / CHUNK + 2) * TAG + SINK_ALIGN;

	if (below->kind == SINK_FILE &&
	    fallocate(below->fd, FALLOC_FL_KEEP_SIZE, age->stream.base, bytes) &&
	    (errno == ENOSPC || errno == EDQUOT))
		return sink_error(below, errno);
	return RESULT_OK;
}

/**
 * age_finish - write the last chunk, and make sure that all has arrived
 * @age: file
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result age_finish(struct age *age)
{
	enum result result;

	if (age->broken)
		return RESULT_FAILED;
	age->finished = true;
	result = put_chunk(age, true);
	if (result == RESULT_OK)
		result = stream_flush(&age->stream);
	if (result == RESULT_OK)
		result = sink_finish(&age->below, stream_offset(&age->stream));
	report_encrypted(stream_offset(&age->stream));
	return result;
}

/**
 * age_filter - encrypt the standard input
 * @dest:      file, block device, or "-" for the standard output
 * @recipient: who can decrypt it
 *
 * Return: RESULT_OK or the error, which has been told.
 */
enum result age_filter(const char *dest, const struct recipient *recipient)
{
	struct sink sink = { .fd = -1 };
	enum result result = sink_open(&sink, dest, SINK_AS_IS, STDIN_FILENO);
	char *buf = malloc(CHUNK);
	ssize_t got = 1;

	if (result == RESULT_OK)
		result = sink_encrypt(&sink, recipient, SINK_AS_IS);
	if (result == RESULT_OK && !buf)
		result = fail(RESULT_FAILED, "no memory for a buffer");
	while (result == RESULT_OK && got) {
		got = read(STDIN_FILENO, buf, CHUNK);
		if (got > 0)
			result = sink_in_order(&sink, buf, got);
		else if (got < 0 && errno != EINTR)
			result = fail(RESULT_UNREADABLE, "standard input: %s", strerror(errno));
		if (result == RESULT_OK)
			result = interrupt_check();
	}
	if (result == RESULT_OK)
		result = sink_finish(&sink, sink.position);
	free(buf);
	sink_close(&sink);
	return result;
}
