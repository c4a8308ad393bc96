/* A command and what is known make events or a refusal. Pure: no clock, no I/O, no randomness; times and
 * fresh ids are arguments. One static function a command, in the file of its noun; decide.c has the table.
 *
 * progress.h is the other half: what the engine does by itself. */
#ifndef MUSTER_DECIDE_H
#define MUSTER_DECIDE_H

#include "engine/decide/answer.h"
#include "engine/decide/command.h"
#include "engine/decide/emit.h"
#include "engine/decide/exports.h"
#include "engine/decide/imports.h"
#include "engine/decide/leases.h"
#include "engine/decide/refusal.h"
#include "engine/decide/takes.h"
#include "engine/decide/timetable.h"
#include "projections/keys.h"
#include "projections/projections.h"

/* How far a frame came that holds more than one turn may. All zero begins a frame. */
struct unfinished {
    bool goes_on;        /* call again with the same frame in the next turn */
    size_t position;     /* bytes of the blob, or of the results, that are used up */
    uint64_t recorded, duplicates, unknown;
};

struct decision {
    /* In: */
    struct view *view;
    struct arena *arena;     /* the turn's */
    struct events *events;
    struct leases *leases;
    struct takes *takes;
    struct open_imports *imports;
    struct exports *exports;
    uint64_t peer;
    uint64_t msgid;
    struct bytes fresh_id;   /* for a resource without one */
    const uint8_t *body_hash;
    size_t events_max;       /* stop and go on in the next turn when the turn has as many */
    int64_t monotonic_us;
    int64_t wall_us;         /* when schedules are due */
    const struct zone_rules *zones;
    uint32_t property_timeout, command_timeout; /* seconds, of jobs that name none */
    bool short_of_room;      /* results and ends only */
    /* The devices of a dispatch that no lease knows any more, read from the log; NULL when there is no such one. */
    const struct event *(*dispatch)(void *context, uint64_t seq);
    /* Makes another group key, which holds once this turn is on disk; the prints of both, in the turn's arena. */
    struct key_prints (*rotate_key)(void *context, enum keys_rotated which);
    void *context;
    /* In and out: */
    struct unfinished *unfinished;
    /* Out: */
    struct answer answer;
    size_t looked;           /* how much was read that is no event: such a turn must end too */
    struct sentence why;     /* a better sentence than the table's; empty: the table's */
};

/* A value of so many bytes was read, beside the events that come of it. */
static inline void look_through(struct decision *d, size_t bytes)
{
    enum { BYTES_A_LOOK = 1024 }; /* read in about the time of an event */
    d->looked += 1 + bytes / BYTES_A_LOOK;
}

enum refusal decide(struct decision *d, const struct command *c);
enum command_access command_access(enum command_type type);

/* The noun's files; each row of commands.def has its function in one of them. */
#define COMMAND(member, method, access) enum refusal decide_##member(struct decision *d, const struct command *c);
#define FIELD(type, name, key, need)
#define COMMAND_END(member)
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END

/* ---- Shared by the nouns. */

/* REFUSED_BAD_FIELD with a sentence. */
enum refusal refuse_field(struct decision *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The engine's ids are spelled like devices': ids of templates, groups, imports, jobs. */
enum refusal check_id(struct decision *d, struct bytes id, const char *what);
enum refusal check_name(struct decision *d, struct bytes name, const char *what);
enum refusal check_size(struct decision *d, struct bytes text, size_t size_max, const char *what);
/* A number that a page gave as its cursor; 0 when none was given. */
enum refusal check_cursor(struct bytes cursor, uint64_t *from);
/* A page's limit, 1..PAGE_ROWS_MAX, and its cursor, a number that a page gave; 0 when none was given. */
enum refusal check_page(struct decision *d, command_number limit, struct bytes cursor, uint32_t *rows, uint32_t *from);

static inline enum refusal answer_with(struct decision *d, enum answer_kind kind, uint32_t number)
{
    d->answer = (struct answer){.kind = kind, .number = number};
    return ACCEPTED;
}

#endif
