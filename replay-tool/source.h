/* Where events come from: a data directory (or a copy of its log), whose lock is held meanwhile; one segment file; or a
 * running engine. Only reads, whatever it is.
 *
 *     enum exit_code code = source_open(&source, r);
 *     for (uint64_t seq = source.first; code == EXIT_WELL && seq <= source.head; seq++)
 *         code = source_read(&source, seq, &value);
 *     source_close(&source);
 *
 * Whatever fails has been said when the function returns, and its exit code is that of the verb. */
#ifndef MUSTER_REPLAY_SOURCE_H
#define MUSTER_REPLAY_SOURCE_H

#include "engine/log/log.h"
#include "replay-tool/replay.h"

enum source_place { SOURCE_DIRECTORY, SOURCE_SEGMENT, SOURCE_ENGINE };

struct source {
    const struct source_kind *kind;
    struct replay *replay;
    const char *path; /* of the data directory, the segment or the socket; not copied */
    enum source_place place;
    uint8_t log_id[LOG_ID_SIZE];
    uint64_t first; /* of the events that are there: 1, unless those before are archived or in another file */
    uint64_t head;  /* the last one; first - 1 when there is none */
    uint8_t root[MERKLE_HASH_SIZE]; /* over 1..head */
    void *state;
};

/* Opens what --data or --socket names. After a fault it is closed. */
enum exit_code source_open(struct source *s, struct replay *r);
/* The same with any of the three, at this path. */
enum exit_code source_open_path(struct source *s, struct replay *r, const char *path);
/* May be called twice. */
void source_close(struct source *s);

/* The stored bytes of an event from first to head: EXIT_INCOMPLETE when its segment is missing. Borrowed until the next
 * read. In order, up or down, it costs least. */
enum exit_code source_read(struct source *s, uint64_t seq, struct bytes *value);
/* The commit that holds it; of first - 1 too, unless that is 0: the last one before what is there. An engine does not tell
 * of that one: EXIT_INCOMPLETE. */
enum exit_code source_commit(struct source *s, uint64_t seq, struct log_commit *commit);

/* A running engine's log grows: sees what has come. */
enum exit_code source_renew(struct source *s);

/* Begins the header of every verb's output, which out_end() ends. */
struct open_map *header_open(struct replay *r);
/* Writes the header of a verb that reads events: what is read, and whose log it is. */
void source_header(const struct source *s);

/* ---- For verbs that look at the files themselves. */

/* Where --data or --socket leads. */
enum source_place source_place(const struct replay *r);
/* "directory", "segment", "engine" */
const char *source_word(const struct replay *r);
/* What --data says, or what is usual. */
const char *source_data_directory(const struct replay *r);
/* The directory with the segments that --data names: its `log`, or itself. False, with a sentence said, when there is
 * none. */
bool source_log_directory(const struct replay *r, char path[PATH_MAX]);
/* The same of this data directory. */
bool source_log_directory_of(const char *data, char path[PATH_MAX]);
/* Asks the engine for a checkpoint, a fresh one or what it signed last, and its public key; "" for what it has not. */
enum exit_code source_engine_checkpoint(struct source *s, bool fresh, char *key, size_t key_room, char *note,
                                        size_t note_room);
/* What a fault of the log means for the tool. */
enum exit_code exit_of_log(enum log_fault fault);
/* When both are true of a log: the first of EXIT_CRASHED, DAMAGED, NEWER_FORMAT, IO, INCOMPLETE, WELL. */
enum exit_code exit_worse(enum exit_code one, enum exit_code other);

/* ---- Inside: one for each kind. */
struct source_kind {
    enum exit_code (*open)(struct source *s);
    enum exit_code (*read)(struct source *s, uint64_t seq, struct bytes *value);
    enum exit_code (*commit)(struct source *s, uint64_t seq, struct log_commit *commit);
    enum exit_code (*renew)(struct source *s); /* NULL: it does not grow */
    void (*close)(struct source *s);
};
/* The first event that is there, when segments are archived from the oldest on. */
uint64_t source_first_there(struct source *s, bool (*is_there)(struct source *s, uint64_t seq));
extern const struct source_kind SOURCE_OF_DIRECTORY, SOURCE_OF_SEGMENT, SOURCE_OF_ENGINE;

#endif
