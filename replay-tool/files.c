#include "replay-tool/files.h"

#include "engine/base/space.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REMOVE_DESCRIPTORS = 16, PIECE_SIZE = 1 << 18, COPY_BYTES_MAX = 1 << 30 };

enum exit_code files_fault(const char *doing, const char *path)
{
    return fail(space_is_lacking(errno) ? EXIT_NO_SPACE : EXIT_IO, "cannot %s %s: %s", doing, path, strerror(errno));
}

enum exit_code files_path(char path[PATH_MAX], const char *directory, const char *name)
{
    if (snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX) return EXIT_WELL;
    return fail(EXIT_IO, "%s/%s is too long a name", directory, name);
}

/* ---- Directories. */

enum exit_code files_sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    enum exit_code code = synced ? EXIT_WELL : files_fault("sync", path);
    if (fd >= 0) close(fd);
    return code;
}

static enum exit_code sync_above(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    return files_sync_directory(dirname(copy));
}

enum exit_code files_make_directory(const char *path)
{
    struct stat status;
    if (mkdir(path, 0700) == 0) return sync_above(path);
    if (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return EXIT_WELL;
    return files_fault("make the directory", path);
}

bool files_is_empty(const char *path, const char *may)
{
    DIR *stream = opendir(path);
    bool empty = true;
    if (!stream) return errno == ENOENT;
    for (const struct dirent *entry; (entry = readdir(stream));) {
        bool self = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (!self && (!may || strcmp(entry->d_name, may) != 0)) empty = false;
    }
    closedir(stream);
    return empty;
}

bool files_is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

void files_remove(const char *path)
{
    nftw(path, remove_entry, REMOVE_DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}

/* ---- Files. */

enum exit_code files_rename(const char *from, const char *to)
{
    if (rename(from, to) != 0) return files_fault("rename to", to);
    return sync_above(to);
}

enum exit_code files_exchange(const char *one, const char *other)
{
    if (renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) != 0) return files_fault("exchange with the new one", other);
    return sync_above(other);
}

static bool write_all(int fd, struct bytes text)
{
    while (text.size > 0) { /* a disk that gets full takes a part, and says why the next time */
        ssize_t written = write(fd, text.data, text.size);
        if (written < 0 && errno != EINTR) return false;
        if (written > 0) text = (struct bytes){(const uint8_t *)text.data + written, text.size - (size_t)written};
    }
    return true;
}

enum exit_code files_write(const char *path, struct bytes text)
{
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part) return fail(EXIT_IO, "%s is too long a name", path);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write_all(fd, text) && fsync(fd) == 0;
    enum exit_code code = written ? EXIT_WELL : files_fault("write", part);
    if (fd >= 0) close(fd);
    return code == EXIT_WELL ? files_rename(part, path) : code;
}

size_t files_read(const char *path, char *text, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, room);
    if (fd >= 0) close(fd);
    return size > 0 ? (size_t)size : 0;
}

enum exit_code files_copy(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
    ssize_t size = -1;
    if (in < 0) return files_fault("read", from);
    out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    while (out >= 0 && (size = copy_file_range(in, NULL, out, NULL, COPY_BYTES_MAX, 0)) > 0) continue;
    bool copied = size == 0 && fsync(out) == 0;
    enum exit_code code = copied ? EXIT_WELL : files_fault("copy to", to);
    if (out >= 0) close(out);
    close(in);
    return code;
}

static bool hash_pieces(int fd, EVP_MD_CTX *sha, uint8_t hash[FILES_HASH_SIZE])
{
    static uint8_t piece[PIECE_SIZE];
    ssize_t size;
    ASSERT(sha && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1);
    while ((size = read(fd, piece, sizeof piece)) > 0) ASSERT(EVP_DigestUpdate(sha, piece, (size_t)size) == 1);
    ASSERT(EVP_DigestFinal_ex(sha, hash, NULL) == 1);
    return size == 0;
}

enum exit_code files_hash(const char *path, uint8_t hash[FILES_HASH_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return files_fault("read", path);
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    bool hashed = hash_pieces(fd, sha, hash);
    enum exit_code code = hashed ? EXIT_WELL : files_fault("read", path);
    EVP_MD_CTX_free(sha);
    close(fd);
    return code;
}
