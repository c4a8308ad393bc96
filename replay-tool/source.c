#include "replay-tool/source.h"

#include "engine/log/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define DATA_USUAL "muster-data"

const char *source_data_directory(const struct replay *r)
{
    const char *given = option(r, "data");
    return given ? given : DATA_USUAL;
}

static enum source_place place_of(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) return SOURCE_DIRECTORY;
    if (S_ISSOCK(status.st_mode)) return SOURCE_ENGINE;
    return S_ISREG(status.st_mode) ? SOURCE_SEGMENT : SOURCE_DIRECTORY;
}

enum source_place source_place(const struct replay *r)
{
    if (option(r, "socket")) return SOURCE_ENGINE;
    return place_of(source_data_directory(r)) == SOURCE_SEGMENT ? SOURCE_SEGMENT : SOURCE_DIRECTORY;
}

static const char *const WORDS[] = {
    [SOURCE_DIRECTORY] = "directory", [SOURCE_SEGMENT] = "segment", [SOURCE_ENGINE] = "engine"};

const char *source_word(const struct replay *r)
{
    return WORDS[source_place(r)];
}

/* A directory without a segment holds no log. */
static bool holds_segments(const char *path)
{
    struct sentence why;
    struct directory d = {.lock_fd = -1};
    uint64_t *firsts;
    size_t count = 0;
    if (strlen(path) + SEGMENT_NAME_SIZE >= sizeof d.path) return false;
    strcpy(d.path, path);
    d.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d.fd < 0) return false;
    if (directory_list(&d, &firsts, &count, &why) == LOG_OK) free(firsts);
    directory_close(&d);
    return count > 0;
}

bool source_log_directory(const struct replay *r, char path[PATH_MAX])
{
    return source_log_directory_of(source_data_directory(r), path);
}

bool source_log_directory_of(const char *data, char path[PATH_MAX])
{
    struct stat status;
    if (stat(data, &status) != 0) {
        complain("%s: %s; --data names the engine's data directory", data, strerror(errno));
        return false;
    }
    if (snprintf(path, PATH_MAX, "%s/log", data) < PATH_MAX && holds_segments(path)) return true;
    if (snprintf(path, PATH_MAX, "%s", data) < PATH_MAX && holds_segments(path)) return true;
    complain("there is no log in %s; --data names the engine's data directory, or a copy of its log", data);
    return false;
}

uint64_t source_first_there(struct source *s, bool (*is_there)(struct source *s, uint64_t seq))
{
    uint64_t low = 1, high = s->head;
    if (high == 0 || is_there(s, 1)) return 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (is_there(s, middle)) high = middle;
        else low = middle + 1;
    }
    return low;
}

static const struct {
    enum log_fault fault;
    enum exit_code code;
} EXITS[] = {
    {LOG_OK, EXIT_WELL},           {LOG_NO_SPACE, EXIT_NO_SPACE},         {LOG_BUSY, EXIT_BUSY},
    {LOG_DAMAGED, EXIT_DAMAGED},   {LOG_NEWER_FORMAT, EXIT_NEWER_FORMAT}, {LOG_SEGMENT_MISSING, EXIT_INCOMPLETE},
    {LOG_NOT_FOUND, EXIT_NOTHING},
};

enum exit_code exit_of_log(enum log_fault fault)
{
    for (size_t i = 0; i < COUNT_OF(EXITS); i++)
        if (EXITS[i].fault == fault) return EXITS[i].code;
    return EXIT_IO;
}

/* The worst last; anything else kept us from reading. */
static size_t rank_of(enum exit_code code)
{
    static const enum exit_code RANKS[] = {EXIT_WELL, EXIT_INCOMPLETE, EXIT_IO, EXIT_NEWER_FORMAT, EXIT_DAMAGED, EXIT_CRASHED};
    for (size_t i = 0; i < COUNT_OF(RANKS); i++)
        if (RANKS[i] == code) return i;
    return rank_of(EXIT_IO);
}

enum exit_code exit_worse(enum exit_code one, enum exit_code other)
{
    return rank_of(other) > rank_of(one) ? other : one;
}

static enum exit_code open_at(struct source *s, struct replay *r, enum source_place place, const char *path)
{
    static const struct source_kind *const KINDS[] = {
        [SOURCE_DIRECTORY] = &SOURCE_OF_DIRECTORY,
        [SOURCE_SEGMENT] = &SOURCE_OF_SEGMENT,
        [SOURCE_ENGINE] = &SOURCE_OF_ENGINE,
    };
    *s = (struct source){.kind = KINDS[place], .replay = r, .path = path, .place = place};
    enum exit_code code = s->kind->open(s);
    if (code != EXIT_WELL) source_close(s);
    return code;
}

enum exit_code source_open(struct source *s, struct replay *r)
{
    enum source_place place = source_place(r);
    return open_at(s, r, place, place == SOURCE_ENGINE ? option(r, "socket") : source_data_directory(r));
}

enum exit_code source_open_path(struct source *s, struct replay *r, const char *path)
{
    return open_at(s, r, place_of(path), path);
}

void source_close(struct source *s)
{
    if (s->state) s->kind->close(s);
    s->state = NULL;
}

enum exit_code source_read(struct source *s, uint64_t seq, struct bytes *value)
{
    ASSERT(seq >= s->first && seq <= s->head);
    s->replay->shared->at = seq;
    return s->kind->read(s, seq, value);
}

enum exit_code source_commit(struct source *s, uint64_t seq, struct log_commit *commit)
{
    ASSERT(seq >= 1 && seq + 1 >= s->first && seq <= s->head);
    s->replay->shared->at = seq;
    return s->kind->commit(s, seq, commit);
}

enum exit_code source_renew(struct source *s)
{
    return s->kind->renew ? s->kind->renew(s) : EXIT_WELL;
}

struct open_map *header_open(struct replay *r)
{
    struct open_map *m = out_record(&r->out, "header");
    put_word(m, "tool", "muster-replay " MUSTER_VERSION);
    put_word(m, "verb", r->verb->name);
    return m;
}

void source_header(const struct source *s)
{
    struct open_map *m = header_open(s->replay);
    put_word(m, "source", WORDS[s->place]);
    put_hex(m, "logId", (struct bytes){s->log_id, sizeof s->log_id});
    put_uint(m, "first", s->first);
    put_uint(m, "head", s->head);
    put_hex(m, "root", (struct bytes){s->root, sizeof s->root});
    out_end(&s->replay->out);
}
