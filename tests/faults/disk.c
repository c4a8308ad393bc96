#include "tests/faults/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 4096, ENTRIES_MAX = 1024, TALLY_START = 16 };

/* One change that was not synced yet, or that went to disk alone, past others before it. */
struct change {
    struct trace_entry entry;
    const uint8_t *bytes;
    struct file *file; /* for a directory: what the name then stood for */
    bool is_durable;
};

/* An entry of a directory; the name is part of the trace. */
struct name {
    const char *text;
    struct file *file;
};

/* A file or a directory. Inode numbers are given again, so this stands for one life of one. */
struct file {
    uint64_t inode;
    bool is_directory;
    uint8_t *data; /* durable, of a file */
    size_t size;
    struct name *names; /* durable, of a directory */
    size_t name_count;
    struct change *changes; /* in order */
    size_t change_count;
    size_t change_capacity;
};

struct disk {
    struct file *files[FILES_MAX];
    size_t file_count;
    struct file *top;
};

static void fail(const char *what)
{
    fprintf(stderr, "power_cut: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void *must(void *memory)
{
    if (!memory) fail("memory");
    return memory;
}

/* ---- Files */

static struct file *file_add(struct disk *disk, uint64_t inode, bool is_directory)
{
    if (disk->file_count == FILES_MAX) fail("more files than expected");
    struct file *file = must(calloc(1, sizeof *file));
    file->inode = inode;
    file->is_directory = is_directory;
    if (is_directory) file->names = must(calloc(ENTRIES_MAX, sizeof *file->names));
    disk->files[disk->file_count++] = file;
    return file;
}

/* The youngest with this inode. */
static struct file *file_find(const struct disk *disk, uint64_t inode)
{
    for (size_t i = disk->file_count; i > 0; i--) {
        if (disk->files[i - 1]->inode == inode) return disk->files[i - 1];
    }
    return NULL;
}

static void data_resize(struct file *file, size_t size)
{
    if (size > file->size) {
        file->data = must(realloc(file->data, size));
        memset(file->data + file->size, 0, size - file->size);
    }
    file->size = size;
}

static void data_write(struct file *file, uint64_t offset, const uint8_t *bytes, size_t size)
{
    if (offset + size > file->size) data_resize(file, offset + size);
    memcpy(file->data + offset, bytes, size);
}

/* ---- Names */

static size_t name_find(const struct file *directory, const char *text)
{
    size_t i = 0;
    while (i < directory->name_count && strcmp(directory->names[i].text, text) != 0) i++;
    return i;
}

static void name_remove(struct file *directory, const char *text)
{
    size_t i = name_find(directory, text);
    if (i < directory->name_count) directory->names[i] = directory->names[--directory->name_count];
}

static void name_set(struct file *directory, const char *text, struct file *file)
{
    name_remove(directory, text);
    if (directory->name_count == ENTRIES_MAX) fail("more names than expected");
    directory->names[directory->name_count++] = (struct name){text, file};
}

/* ---- Changes */

/* Of a change in which pieces may be missing: whether this one stays. */
struct lot {
    uint64_t state;
    unsigned percent;
};

static bool lot_draw(struct lot *lot)
{
    lot->state = lot->state * 6364136223846793005u + 1442695040888963407u;
    return (lot->state >> 33) % 100 < lot->percent;
}

static void write_pieces(struct file *file, const struct change *change, uint32_t piece, struct lot *lot)
{
    uint64_t at = change->entry.offset;
    uint64_t end = at + change->entry.size;
    while (at < end) {
        uint64_t next = piece == 0 ? end : (at / piece + 1) * piece;
        if (next > end) next = end;
        if (lot_draw(lot)) data_write(file, at, change->bytes + (at - change->entry.offset), next - at);
        at = next;
    }
}

static void apply_to_file(struct file *file, const struct change *change, uint32_t piece, struct lot *lot)
{
    switch (change->entry.kind) {
    case TRACE_WRITE:
    case TRACE_WRITE_DURABLE: write_pieces(file, change, piece, lot); break;
    case TRACE_ALLOCATE:
        if (lot_draw(lot) && change->entry.offset > file->size) data_resize(file, change->entry.offset);
        break;
    case TRACE_TRUNCATE:
        if (lot_draw(lot)) data_resize(file, change->entry.offset);
        break;
    }
}

static void apply_to_directory(struct file *directory, const struct change *change, struct lot *lot)
{
    const char *name = (const char *)change->bytes;
    if (!lot_draw(lot)) return;
    switch (change->entry.kind) {
    case TRACE_CREATE:
    case TRACE_MKDIR: name_set(directory, name, change->file); break;
    case TRACE_UNLINK: name_remove(directory, name); break;
    case TRACE_RENAME:
        name_remove(directory, name);
        name_set(directory, name + strlen(name) + 1, change->file);
        break;
    }
}

static void apply_all(struct file *file, const struct cut *cut)
{
    struct lot drawn = {cut->seed ^ file->inode, cut->percent};
    struct lot sure = {0, 100};
    for (size_t i = 0; i < file->change_count; i++) {
        const struct change *change = &file->changes[i];
        struct lot *lot = change->is_durable ? &sure : &drawn;
        if (file->is_directory) apply_to_directory(file, change, lot);
        else apply_to_file(file, change, change->is_durable ? 0 : cut->piece, lot);
    }
}

static void change_add(struct file *file, struct change change)
{
    if (file->change_count == file->change_capacity) {
        file->change_capacity = file->change_capacity ? file->change_capacity * 2 : TALLY_START;
        file->changes = must(realloc(file->changes, file->change_capacity * sizeof *file->changes));
    }
    file->changes[file->change_count++] = change;
}

static void make_durable(struct file *file)
{
    apply_all(file, &(struct cut){.percent = 100});
    file->change_count = 0;
}

/* ---- Playing */

struct disk *disk_new(void)
{
    return must(calloc(1, sizeof(struct disk)));
}

static void file_delete(struct file *file)
{
    free(file->data);
    free(file->names);
    free(file->changes);
    free(file);
}

void disk_delete(struct disk *disk)
{
    for (size_t i = 0; i < disk->file_count; i++) file_delete(disk->files[i]);
    free(disk);
}

/* Each program's first entry names the directory that is watched. */
static void play_top(struct disk *disk, const struct trace_entry *entry)
{
    if (disk->top && disk->top->inode == entry->file) return;
    disk->top = file_add(disk, entry->file, true);
}

static void play_name(struct disk *disk, const struct trace_entry *entry, const uint8_t *bytes)
{
    struct file *directory = file_find(disk, entry->directory);
    struct change change = {.entry = *entry, .bytes = bytes};
    if (!directory) fail("a name in an unknown directory");
    if (entry->kind == TRACE_CREATE || entry->kind == TRACE_MKDIR)
        change.file = file_add(disk, entry->file, entry->kind == TRACE_MKDIR);
    else if (entry->kind == TRACE_RENAME) change.file = file_find(disk, entry->file);
    change_add(directory, change);
}

static void play_file(struct disk *disk, const struct trace_entry *entry, const uint8_t *bytes)
{
    struct file *file = file_find(disk, entry->file);
    if (!file) return; /* was there before the recording began */
    if (entry->kind == TRACE_SYNC || entry->kind == TRACE_SYNC_DIRECTORY) {
        make_durable(file);
        return;
    }
    bool is_durable = entry->kind == TRACE_WRITE_DURABLE;
    change_add(file, (struct change){.entry = *entry, .bytes = bytes, .is_durable = is_durable});
}

void disk_play(struct disk *disk, const struct trace_entry *entry, const uint8_t *bytes)
{
    switch (entry->kind) {
    case TRACE_SAID: break;
    case TRACE_TOP: play_top(disk, entry); break;
    case TRACE_CREATE:
    case TRACE_MKDIR:
    case TRACE_UNLINK:
    case TRACE_RENAME: play_name(disk, entry, bytes); break;
    default: play_file(disk, entry, bytes);
    }
}

/* ---- Restoring */

static void restore_file(const struct file *file, const struct cut *cut, const char *path)
{
    struct file copy = *file;
    copy.data = must(malloc(file->size + 1));
    if (file->size) memcpy(copy.data, file->data, file->size);
    apply_all(&copy, cut);
    if (cut->last && cut->last->file == file->inode) {
        struct lot lot = {cut->seed, cut->percent};
        apply_to_file(&copy, &(struct change){.entry = *cut->last, .bytes = cut->last_bytes}, cut->piece, &lot);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || write(fd, copy.data, copy.size) != (ssize_t)copy.size) fail(path);
    close(fd);
    free(copy.data);
}

static void restore_directory(const struct file *directory, const struct cut *cut, const char *path)
{
    struct file copy = *directory;
    copy.names = must(calloc(ENTRIES_MAX, sizeof *copy.names));
    memcpy(copy.names, directory->names, directory->name_count * sizeof *copy.names);
    apply_all(&copy, cut);
    if (mkdir(path, 0700) != 0) fail(path);
    for (size_t i = 0; i < copy.name_count; i++) {
        char below[PATH_MAX];
        snprintf(below, sizeof below, "%s/%s", path, copy.names[i].text);
        struct file *file = copy.names[i].file;
        if (file->is_directory) restore_directory(file, cut, below);
        else restore_file(file, cut, below);
    }
    free(copy.names);
}

void disk_restore(const struct disk *disk, const struct cut *cut, const char *path)
{
    if (!disk->top) fail("the trace does not begin with its directory");
    restore_directory(disk->top, cut, path);
}
