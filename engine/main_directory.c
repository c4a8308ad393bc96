#include "engine/main_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { USER_SIZE_MAX = 64 };

/* "muster", or "uid 1000" for one without a name. */
static const char *user_name(uid_t uid, char name[USER_SIZE_MAX])
{
    const struct passwd *entry = getpwuid(uid);
    if (entry) snprintf(name, USER_SIZE_MAX, "%s", entry->pw_name);
    else snprintf(name, USER_SIZE_MAX, "uid %u", (unsigned)uid);
    return name;
}

/* ---- What is there already: who started an engine on it before as another user left files that this one cannot use.
 */

static void refuse_owner(const char *path, const struct stat *stat, struct sentence *why)
{
    char owner[USER_SIZE_MAX], self[USER_SIZE_MAX];
    sentence_set(why,
                 "%s belongs to %s and may not be used by %s, as whom musterd runs; run it as %s, or give all of "
                 "the data directory to %s with chown -R",
                 path, user_name(stat->st_uid, owner), user_name(geteuid(), self), owner, self);
}

static bool may_be_used(const char *path, int access, struct sentence *why)
{
    struct stat stat;
    if (lstat(path, &stat) != 0 && errno == ENOENT) return true;
    if (faccessat(AT_FDCWD, path, access, AT_EACCESS) == 0) return true;
    int error = errno;
    if (error == EROFS) {
        sentence_set(why,
                     "%s is on a file system that is mounted read-only; mount it for writing, or name another "
                     "directory with --data",
                     path);
    } else if (error == EACCES && lstat(path, &stat) == 0) {
        refuse_owner(path, &stat, why);
    } else {
        sentence_set(why, "%s cannot be used: %s; name another directory with --data", path, strerror(error));
    }
    return false;
}

static bool all_may_be_used(const char *path, struct sentence *why)
{
    static const struct {
        const char *name;
        int access;
    } PARTS[] = {
        {"", R_OK | W_OK},       {"/log", R_OK | W_OK},     {"/log/lock", R_OK | W_OK}, {"/projections", R_OK | W_OK},
        {"/spool", R_OK | W_OK}, {"/exports", R_OK | W_OK}, {"/signing", R_OK | W_OK},
        {"/group-keys", R_OK}, /* is never written to, but replaced */
    };
    char part[PATH_MAX];
    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        snprintf(part, sizeof part, "%s%s", path, PARTS[i].name);
        if (!may_be_used(part, PARTS[i].access, why)) return false;
    }
    return true;
}

/* ---- Making it. */

static bool sync_directory_above(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int above = fd < 0 ? -1 : openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = above >= 0 && fsync(above) == 0;
    if (above >= 0) close(above);
    if (fd >= 0) close(fd);
    return synced;
}

static bool refuse_making(const char *path, struct sentence *why)
{
    char self[USER_SIZE_MAX];
    int error = errno;
    sentence_set(why,
                 "the data directory %s cannot be made: %s; make it and give it to %s, as whom musterd runs, or name "
                 "another with --data",
                 path, strerror(error), user_name(geteuid(), self));
    return false;
}

/* A power cut must not take away its name, and the log with it. Where it was there before, a start that was killed
 * may have made it; but then the directory above may be one that we are not allowed to read. */
bool data_directory_make(const char *path, bool *made, struct sentence *why)
{
    struct stat is;
    *made = mkdir(path, 0700) == 0;
    if (*made) return sync_directory_above(path) || refuse_making(path, why);
    if (errno != EEXIST) return refuse_making(path, why);
    if (stat(path, &is) == 0 && !S_ISDIR(is.st_mode)) {
        sentence_set(why, "%s is there and is no directory; name another with --data", path);
        return false;
    }
    if (!all_may_be_used(path, why)) return false;
    sync_directory_above(path);
    return true;
}

void data_directory_unmake(const char *path)
{
    rmdir(path);
}
