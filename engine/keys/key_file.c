/* Everything that has held a key is wiped before it is let go. */
#include "engine/keys/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADING "muster group keys 1\n"

enum {
    BASE64_SIZE = 88, /* of 64 bytes */
    HASH_SIZE = 32,
    HASH_DIGITS = 2 * HASH_SIZE,
    BODY_SIZE = sizeof HEADING - 1 + sizeof "primary " - 1 + sizeof "secondary " - 1 + 2 * (BASE64_SIZE + 1),
    FILE_SIZE = BODY_SIZE + sizeof "sha256 " - 1 + HASH_DIGITS + 1,
};

/* ---- The text. */

struct text {
    char data[FILE_SIZE + 1]; /* with a terminating zero */
};

static void text_base64(const uint8_t key[GROUP_KEY_SIZE], char base64[BASE64_SIZE + 1])
{
    ASSERT(EVP_EncodeBlock((uint8_t *)base64, key, GROUP_KEY_SIZE) == BASE64_SIZE);
}

static void text_hash(const char *body, char digits[HASH_DIGITS + 1])
{
    uint8_t hash[HASH_SIZE];
    ASSERT(EVP_Digest(body, BODY_SIZE, hash, NULL, EVP_sha256(), NULL) == 1);
    for (size_t i = 0; i < HASH_SIZE; i++) snprintf(digits + 2 * i, 3, "%02x", hash[i]);
}

static void text_of(const struct group_keys *keys, struct text *text)
{
    char primary[BASE64_SIZE + 1], secondary[BASE64_SIZE + 1], digits[HASH_DIGITS + 1];
    text_base64(group_keys_get(keys, GROUP_KEY_PRIMARY), primary);
    text_base64(group_keys_get(keys, GROUP_KEY_SECONDARY), secondary);
    snprintf(text->data, sizeof text->data, HEADING "primary %s\nsecondary %s\n", primary, secondary);
    text_hash(text->data, digits);
    snprintf(text->data + BODY_SIZE, sizeof text->data - BODY_SIZE, "sha256 %s\n", digits);
    OPENSSL_cleanse(primary, sizeof primary);
    OPENSSL_cleanse(secondary, sizeof secondary);
}

/* The two bytes that stand for the padding of 88 characters are none of the key's. */
static void key_of(const char *base64, uint8_t key[GROUP_KEY_SIZE])
{
    uint8_t decoded[GROUP_KEY_SIZE + 2] = {0};
    EVP_DecodeBlock(decoded, (const uint8_t *)base64, BASE64_SIZE);
    memcpy(key, decoded, GROUP_KEY_SIZE);
    OPENSSL_cleanse(decoded, sizeof decoded);
}

/* What is read is right when it is what would be written: so nothing else needs a look. */
static struct group_keys *keys_of(const struct text *text)
{
    const char *primary = text->data + sizeof HEADING - 1 + sizeof "primary " - 1;
    const char *secondary = primary + BASE64_SIZE + 1 + sizeof "secondary " - 1;
    uint8_t key[GROUP_KEYS][GROUP_KEY_SIZE];
    struct text again;
    key_of(primary, key[GROUP_KEY_PRIMARY]);
    key_of(secondary, key[GROUP_KEY_SECONDARY]);
    struct group_keys *keys = group_keys_new(key[GROUP_KEY_PRIMARY], key[GROUP_KEY_SECONDARY]);
    OPENSSL_cleanse(key, sizeof key);
    text_of(keys, &again);
    bool right = CRYPTO_memcmp(&again, text, sizeof again) == 0;
    OPENSSL_cleanse(&again, sizeof again);
    if (right) return keys;
    group_keys_release(keys);
    return NULL;
}

/* ---- Reading. */

static bool is_private(int fd, const char *path, struct sentence *why)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        sentence_set(why, "%s cannot be looked at: %s", path, strerror(errno));
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        sentence_set(why, "%s is no file; put the file of the group keys there", path);
        return false;
    }
    if (status.st_uid != geteuid()) {
        sentence_set(why, "%s belongs to the user %u, and the engine runs as %u: chown it, if it is this engine's file",
                     path, (unsigned)status.st_uid, (unsigned)geteuid());
        return false;
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return true;
    sentence_set(why, "%s holds secrets and its mode %04o lets others in: chmod 600 it, and rotate both keys if "
                      "somebody may have read it",
                 path, (unsigned)(status.st_mode & 07777));
    return false;
}

/* False also for a file of another length: it is not whole, or not one of these. */
static bool read_text(int fd, struct text *text)
{
    size_t size = 0;
    ssize_t got;
    while (size < sizeof text->data && (got = read(fd, text->data + size, sizeof text->data - size)) != 0) {
        if (got < 0 && errno != EINTR) return false;
        if (got > 0) size += (size_t)got;
    }
    if (size != FILE_SIZE) return false;
    text->data[FILE_SIZE] = '\0';
    return true;
}

enum key_file_result key_file_read(const char *path, struct group_keys **keys, struct sentence *why)
{
    struct text text;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) return KEY_FILE_MISSING;
    *keys = NULL;
    if (fd < 0) {
        sentence_set(why, "%s cannot be opened: %s", path, strerror(errno));
        return KEY_FILE_REFUSED;
    }
    bool may_read = is_private(fd, path, why);
    if (may_read && read_text(fd, &text)) *keys = keys_of(&text);
    OPENSSL_cleanse(&text, sizeof text);
    close(fd);
    if (*keys) return KEY_FILE_READ;
    if (may_read) sentence_set(why, "%s is damaged or no file of group keys: put it back from a backup", path);
    return KEY_FILE_REFUSED;
}

/* ---- Writing. */

static bool write_whole(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

static int sync_directory_of(const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    ASSERT(slash);
    snprintf(directory, sizeof directory, "%.*s", (int)(slash - path + 1), path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno;
    int error = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    return error;
}

int key_file_write(const char *path, const struct group_keys *keys)
{
    struct text text;
    if (unlink(path) != 0 && errno != ENOENT) return errno;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return errno;
    text_of(keys, &text);
    int error = write_whole(fd, text.data, FILE_SIZE) && fsync(fd) == 0 ? 0 : errno;
    OPENSSL_cleanse(&text, sizeof text);
    if (close(fd) != 0 && !error) error = errno;
    if (!error) error = sync_directory_of(path);
    if (error) unlink(path);
    return error;
}

int key_file_rename(const char *from, const char *to)
{
    return rename(from, to) == 0 ? sync_directory_of(to) : errno;
}
