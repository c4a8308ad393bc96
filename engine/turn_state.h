/* What a turn works on; known to the turn*.c files only. */
#ifndef MUSTER_TURN_STATE_H
#define MUSTER_TURN_STATE_H

#include "engine/base/map.h"
#include "engine/decide/decide.h"
#include "engine/decide/progress.h"
#include "engine/keys/key_store.h"
#include "engine/log/log.h"
#include "engine/proof/signer.h"
#include "engine/turn.h"
#include "engine/wire/load.h"
#include "engine/wire/wire.h"

struct subscription {
    uint64_t next;        /* number of the event to look at next */
    uint64_t told_up_to;  /* caught_up was said at this number */
    struct event_filter filter;
};

struct peer {
    uint64_t id;
    uint32_t uid;
    bool read_only;
    bool error_strings;
    bool connector; /* has asked for work */
    uint32_t tasks; /* calls that a worker has not answered */
    uint64_t turn;  /* the last one that it took part in, */
    uint64_t parts_used; /* and how much of that is its */
    struct unfinished unfinished;
    struct subscription *subscription;
    char name[CLIENT_NAME_SIZE_MAX];     /* as it says in hello, cut; "": it did not */
    char works_as[CLIENT_NAME_SIZE_MAX]; /* the connector's name, likewise */
};

/* A frame of this turn and what it will be answered. */
struct handled {
    struct turn_frame frame;
    uint64_t msgid;
    bool changes;
    bool waits;          /* answered later: a take, a worker's work */
    bool goes_on;        /* in the next turn */
    bool stands;         /* refused or a repeat for what is on disk: the reply is true whatever becomes of the turn */
    struct bytes reply;  /* size 0: none */
};

/* A reply that answers no frame of this turn: to a take that waited. */
struct served {
    uint64_t peer;
    struct bytes reply;
    struct served *next;
};

/* The devices of a job, or of a move, are to be read. */
struct pending_read {
    uint32_t job;
    uint64_t begun_seq;
    uint32_t move; /* 0: a job's */
    struct pending_read *next;
};

struct pending_task {
    struct task *task;
    struct pending_task *next;
};

enum { HANDLED_MAX = 8192, TASKS_MAX = 256, MEMBERS_TASKS_MAX = 8, SPOOL_CLEAN_EVERY_US = 600000000 };
/* Not asked by peers: the readings of members, and one export. */
enum { OWN_TASKS_MAX = MEMBERS_TASKS_MAX + 1 };

struct turn {
    struct turn_settings settings;
    struct sentence why;
    int exit_code;
    bool fatal;
    bool announced; /* ENGINE_STARTED is on disk */
    bool full;      /* the last append or commit found no room */
    bool distrusted; /* a worker could not read the projections: fold them again */
    bool wanted;    /* something outside a turn left work for the next one */

    struct log log;
    struct log_reader reader;
    struct projections projections;
    struct view *view;
    char *spool_directory;
    char *exports_directory;

    struct key_store keys;
    struct signer signer;

    struct map peers;
    struct leases leases;
    struct takes takes;
    struct open_imports imports;
    struct exports exports;
    struct progress progress;
    uint32_t connectors;
    uint32_t subscriptions;
    struct wire_counts counts;
    uint64_t results[DEVICE_OUTCOMES]; /* of the running turn, counted when it is on disk */
    struct task *at_workers[TASKS_MAX]; /* in no order */
    uint32_t at_workers_count;
    uint32_t members_tasks;     /* of those, the reading of members */
    int64_t members_retry_us;   /* monotonic: after a failed reading none is begun before */
    int64_t retry_us;           /* monotonic: after a failed append the engine does nothing by itself before */
    int64_t clock_step_us;      /* told by this turn, of the wall clock */
    uint64_t fed_peer;          /* the subscriber that was fed last */
    uint64_t fresh_ids;

    struct turn_clock now;
    struct turn_clock started;
    int64_t time_us;        /* of the last turn with events; never runs backwards */
    int64_t committed_us;   /* monotonic, of the projections' last commit */
    int64_t room_checked_us;
    bool spool_used; /* there may be results logs to forget */
    int64_t spool_cleaned_us;

    /* Of the running turn, in the arena. */
    struct arena arena;
    struct events events;
    struct handled *handled;
    size_t handled_count;
    uint64_t number;     /* of this turn, from 1 */
    uint32_t takes_part; /* peers that have had a frame handled */
    struct served *served, **served_last;
    struct pending_read *reads;
    struct pending_task *tasks;
    size_t reply_bytes;    /* so far */
    size_t looks;          /* at events and jobs, for answers that are made in the loop */
    struct event dispatch; /* decoded for decide, see turn_find_dispatch */
};

/* turn_answers.c: answers that need the log or a worker. */
void turn_facts(struct turn *t, struct wire_facts *facts);
enum refusal turn_answer_events(struct turn *t, uint64_t msgid, struct answer *answer, struct buffer *out,
                                struct sentence *why);
enum refusal turn_answer_log(struct turn *t, uint64_t msgid, const struct answer *answer, struct buffer *out,
                             struct sentence *why);
enum refusal turn_answer_import_errors(struct turn *t, uint64_t msgid, const struct answer *answer,
                                       struct buffer *out, struct sentence *why);
enum refusal turn_subscribe(struct turn *t, struct peer *peer, const struct answer *answer, struct sentence *why);
/* Makes the worker's task of an answer; it starts when the turn's events are on disk. */
enum refusal turn_ask_worker(struct turn *t, struct peer *peer, uint64_t msgid, const struct answer *answer);
void turn_start_tasks(struct turn *t);
void turn_drop_tasks(struct turn *t);
/* Nobody waits for the tasks of this peer any more. */
void turn_forget_tasks(struct turn *t, uint64_t peer);
/* Whether what a worker would read is what the log holds. */
bool turn_is_committed(const struct turn *t);
/* Now and then removes results logs that nobody read for an hour. */
void turn_clean_spool(struct turn *t);
/* Sends what subscribers have not seen; true when there is more that they have room for. */
bool turn_feed_subscribers(struct turn *t);
/* The BATCH_DISPATCHED with this number; valid until the next call. NULL when there is none. */
const struct event *turn_find_dispatch(void *turn, uint64_t seq);

/* turn_metrics.c */
void turn_count_event(struct turn *t, const struct event *event);
void turn_count_commit(struct turn *t, int64_t us);
/* The events of the turn are on disk. */
void turn_settle_counts(struct turn *t);
/* The name that a client has for itself, as it is shown. */
void turn_name_peer(char name[CLIENT_NAME_SIZE_MAX], struct bytes given);
/* info and metrics. */
void turn_answer_state(struct turn *t, uint64_t msgid, const struct answer *answer, struct buffer *out);

/* turn_keys.c */
/* After the log is folded; on false t->why says what to do. */
bool turn_open_keys(struct turn *t);
/* What decide and the first turn ask for. */
struct key_prints turn_rotate_key(void *turn, enum keys_rotated which);
struct key_prints turn_key_prints(struct turn *t);

/* turn_checkpoint.c */
/* After the log is open. An engine that cannot sign runs all the same, and says why in its journal. */
void turn_open_signer(struct turn *t);
enum refusal turn_answer_checkpoint(struct turn *t, uint64_t msgid, const struct answer *answer, struct buffer *out,
                                    struct sentence *why);

/* turn_exports.c */
/* After the log is folded; on false t->why says why not. */
bool turn_open_exports(struct turn *t);
bool turn_export_waits(const struct turn *t);
/* The task of an export that no worker has yet; NULL when there is none. */
struct task *turn_next_export(struct turn *t);
/* Takes the task over. */
void turn_export_done(struct turn *t, struct task *task);
void turn_export_facts(const struct turn *t, struct wire_facts *facts);
void turn_settle_exports(struct turn *t);

/* turn_start.c */
/* Forgets the last turn. */
void turn_begin(struct turn *t);
/* Forgets what this turn did, not which frames it was asked by. */
void turn_begin_events(struct turn *t);
/* What the first turn of an engine writes before all else. */
void turn_announce(struct turn *t);
/* Appends the turn's events. */
enum log_fault turn_append(struct turn *t);
/* Whether the next turn would find no room either. */
bool turn_has_no_room(struct turn *t);
/* Drops what the turn did and folds again from the log, from the first event when the projections are damaged. False:
 * fatal. */
bool turn_undo(struct turn *t);

static inline struct peer *turn_peer(const struct turn *t, uint64_t id)
{
    return map_get(&t->peers, id);
}

#endif
