/* One hash over one file. */
#include "projections/marker.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "projections/store.h"

#define MARKER_FILE "clean-stop"

enum { HASH_SIZE = 32, HEX_SIZE = 2 * HASH_SIZE, PIECE_SIZE = 1 << 18 };

static bool hash_pieces(int fd, EVP_MD_CTX *context, uint8_t hash[HASH_SIZE])
{
    static uint8_t piece[PIECE_SIZE];
    ssize_t size = 1;
    if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) return false;
    while ((size = read(fd, piece, sizeof piece)) > 0) {
        if (EVP_DigestUpdate(context, piece, (size_t)size) != 1) return false;
    }
    return size == 0 && EVP_DigestFinal_ex(context, hash, NULL) == 1;
}

static bool hash_file(const char *directory, char hex[HEX_SIZE + 1])
{
    struct store_path path;
    uint8_t hash[HASH_SIZE];
    int fd = open(store_path(&path, directory, STORE_DATA_FILE), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool hashed = context && hash_pieces(fd, context, hash);
    EVP_MD_CTX_free(context);
    close(fd);
    for (size_t i = 0; hashed && i < HASH_SIZE; i++) sprintf(hex + 2 * i, "%02x", hash[i]);
    return hashed;
}

static bool remove_durably(const char *path, const char *directory)
{
    if (unlink(path) != 0) return false;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool gone = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return gone;
}

enum marker marker_take(const char *directory)
{
    struct store_path path;
    char left[HEX_SIZE + 1] = "", now[HEX_SIZE + 1];
    int fd = open(store_path(&path, directory, MARKER_FILE), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return MARKER_NONE;
    bool whole = read(fd, left, HEX_SIZE) == HEX_SIZE;
    close(fd);
    if (!remove_durably(path.text, directory)) return MARKER_NONE;
    return whole && hash_file(directory, now) && strcmp(left, now) == 0 ? MARKER_GOOD : MARKER_WRONG;
}

void marker_leave(const char *directory)
{
    struct store_path path;
    char hex[HEX_SIZE + 1];
    if (!hash_file(directory, hex)) return;
    int fd = open(store_path(&path, directory, MARKER_FILE), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return;
    if (write(fd, hex, HEX_SIZE) != HEX_SIZE) unlink(path.text);
    close(fd);
}
