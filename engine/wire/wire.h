/* MessagePack-RPC frames <-> commands, replies, notices. Pure: no socket, no clock.
 * https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md; the methods are in docs/protocol.md.
 *
 *     request      [0, msgid, method, [params]]      params: one map, or nothing
 *     reply        [1, msgid, error, result]
 *     notification [2, method, [params]]
 */
#ifndef MUSTER_WIRE_H
#define MUSTER_WIRE_H

#include "engine/base/arena.h"
#include "engine/base/cursor.h"
#include "engine/decide/answer.h"
#include "engine/decide/command.h"
#include "engine/decide/handouts.h"
#include "engine/decide/refusal.h"
#include "engine/snapshot/snapshot.h"
#include "projections/projections.h"

/* How far the bytes that have come make a frame: scan_value() with the limits of limits.h. A frame that
 * has not passed it must not be decoded. */
enum scan_result wire_scan(struct scan *scan, struct bytes input, size_t *size);
/* The sentence for a scan that is neither WHOLE nor MORE. */
const char *wire_scan_text(enum scan_result result);

/* Whether a scanned frame asks for an answer, and whether one of the engine's own is an answer: so a connection
 * knows how many it still owes. */
bool wire_is_request(struct bytes frame);
bool wire_is_reply(struct bytes frame);

struct call {
    uint64_t msgid;
    struct command command;
};

enum wire_result {
    WIRE_CALL,         /* `call` is filled */
    WIRE_REFUSED,      /* answer with `refusal` and `why`: a field is wrong, the method unknown; msgid is filled */
    WIRE_NOTIFICATION, /* nothing to do: no notification is known, and unknown ones are ignored */
    WIRE_NOT_RPC,      /* end the connection with `why`: not a message of the protocol */
};

/* Decodes a scanned frame; the call borrows it. Checks presence, type and range of every field and that
 * there is no unknown one; the sentence names method and field and what would be right. */
enum wire_result wire_decode(struct bytes frame, struct call *call, enum refusal *refusal, struct sentence *why);

/* "jobs.run"; as long as the process lives, with a terminating zero behind it. */
struct bytes wire_method_name(enum command_type type);

/* SHA-256 over method and params without requestId, the same for any order of a map's keys, for str and bin, for
 * any width of an integer. */
void wire_body_hash(const struct command *command, uint8_t hash[32]);

/* ---- Replies. Each appends one whole frame. */

/* What a reply shows beside the state: facts of the running engine. */
struct wire_facts {
    struct bytes session; /* random bytes, shown as hex digits */
    uint8_t log_id[16];
    uint64_t head;
    uint8_t root[32];
    uint64_t uptime_s;
    uint32_t connectors; /* connections that took work */
    uint64_t disk_used, log_bytes;
    uint32_t disk_percent;
    bool disk_short;
    bool concurrency_full; /* as many jobs run as may: why pending ones wait */
    bool connector_waits;  /* some connector has taken or waits for work: else that is why running ones wait */
    const struct handouts *handouts; /* with takes: what keeps a running job from the connectors there are */
    const struct takes *takes;
    uint32_t export_running; /* number of the export that is being written, 0: none; and how far it is */
    uint64_t export_rows;
    uint32_t export_percent;
    const struct open_imports *imports; /* how far those are that are being written */
    const struct moving *moving;        /* how far that one is */
    const struct wire_load *load;       /* for info and metrics only */
    const struct wire_counts *counts;   /* for metrics only */
    int64_t now_us;
};

/* Text in the format OpenMetrics 1.0. */
void wire_metrics(struct view *v, const struct wire_facts *facts, struct buffer *out);
/* How many running jobs wait for something. */
uint64_t wire_jobs_held_up(struct view *v, const struct wire_facts *facts);

void wire_reply(struct view *v, const struct wire_facts *facts, uint64_t msgid, const struct answer *answer,
                struct buffer *out);
/* error: [code, sentence, {}], or the sentence alone when the connection asked for strings. */
void wire_reply_error(uint64_t msgid, enum refusal refusal, const char *sentence, bool error_strings,
                      struct buffer *out);

/* Replies that the turn or a worker fills: what each holds is in snapshot.h. */
void wire_reply_devices(uint64_t msgid, const struct device_page *page, struct buffer *out);
void wire_reply_preview(uint64_t msgid, const struct members *members, struct buffer *out);
void wire_reply_group_preview(uint64_t msgid, const struct members *members, struct buffer *out);
void wire_reply_history(uint64_t msgid, const struct device_history *history, struct buffer *out);
void wire_reply_job_devices(uint64_t msgid, const struct job_device_page *page, struct buffer *out);
void wire_reply_failures(uint64_t msgid, const struct failures *failures, struct buffer *out);
void wire_reply_attempts(uint64_t msgid, const struct attempts *attempts, struct buffer *out);
void wire_reply_results(uint64_t msgid, struct bytes data, struct bytes next, struct buffer *out);
void wire_reply_export_piece(uint64_t msgid, const struct export_piece *piece, struct buffer *out);
void wire_reply_import_errors(uint64_t msgid, struct bytes csv, uint64_t next, struct buffer *out);
/* `events` holds `count` event maps, as wire_event appends them. */
void wire_reply_events(uint64_t msgid, struct bytes events, uint32_t count, uint64_t next, struct buffer *out);
/* What log.read shows: so many values, the first of which is number `first`, as arrays' elements packed one after another,
 * and the records of the commits that hold them. */
struct wire_log {
    uint64_t first, next;
    struct bytes events;
    uint32_t event_count;
    struct bytes commits;
    uint32_t commit_count;
};
void wire_reply_log(uint64_t msgid, const struct wire_log *log, struct buffer *out);
/* Either may be empty: nothing was signed yet, there is no key. */
void wire_reply_checkpoint(uint64_t msgid, struct bytes note, struct bytes key, struct buffer *out);

/* One event as a map {seq, time, type, actor, cause?, fields...}: numbers of jobs, devices, groups, templates, imports
 * and actors shown as ids, lists of devices as lists of ids, times as RFC 3339. Without a view numbers stay numbers. */
void wire_event(struct view *v, const struct event *event, struct buffer *out);
void wire_notify_event(struct view *v, const struct event *event, struct buffer *out);
void wire_notify_caught_up(uint64_t seq, struct buffer *out);
/* The last frame of a connection that the engine ends. */
void wire_notify_closing(const char *reason, struct buffer *out);

/* Reads filter {type?: name or [names], job?: id, device?: id}; false with a sentence when it is wrong. */
bool wire_event_filter(struct view *v, struct bytes value, struct event_filter *filter, struct sentence *why);
/* Whether the filter takes the event: by its type, and by the job and the device that it names. */
bool wire_event_matches(const struct event *event, const struct event_filter *filter);

#endif
