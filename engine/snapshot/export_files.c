/* Exports' files by their numbers. */
#include "engine/snapshot/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0 for a file that has no whole export's name, one in the making too. */
static uint32_t number_of(const char *name)
{
    char again[SPOOL_TOKEN_SIZE + 1];
    uint32_t number = (uint32_t)strtoul(name, NULL, 16);
    spool_numbered(number, again);
    return strcmp(name, again) == 0 ? number : 0;
}

bool export_files_sweep(const char *directory, bool (*is_kept)(void *context, uint32_t export), void *context,
                        struct sentence *why)
{
    bool made = mkdir(directory, 0700) == 0 || errno == EEXIST;
    DIR *files = made ? opendir(directory) : NULL;
    if (!files) {
        sentence_set(why, "cannot look for exports in %s: %s", directory, strerror(errno));
        return false;
    }
    for (struct dirent *entry; (entry = readdir(files));) {
        uint32_t number = number_of(entry->d_name);
        if (entry->d_name[0] != '.' && !(number && is_kept(context, number))) unlinkat(dirfd(files), entry->d_name, 0);
    }
    closedir(files);
    return true;
}

uint64_t export_file_size(const char *directory, uint32_t export)
{
    char name[SPOOL_TOKEN_SIZE + 1];
    struct stat status;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    spool_numbered(export, name);
    bool found = fd >= 0 && fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (fd >= 0) close(fd);
    return found ? (uint64_t)status.st_size : 0;
}

void export_file_remove(const char *directory, uint32_t export)
{
    char name[SPOOL_TOKEN_SIZE + 1];
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    spool_numbered(export, name);
    if (fd < 0) return; /* the next start sweeps */
    unlinkat(fd, name, 0);
    close(fd);
}
