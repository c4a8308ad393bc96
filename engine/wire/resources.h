/* Resources as clients see them: each writes one map, with the field names of IoT Central's REST API. For wire/, and for
 * muster-replay, which shows with them what clients saw. A number that names nothing is a bug.
 *
 * Where facts may be given, NULL says that no engine runs: what only its memory knew is left out. */
#ifndef MUSTER_WIRE_RESOURCES_H
#define MUSTER_WIRE_RESOURCES_H

#include "engine/decide/job_data.h"
#include "engine/wire/put.h"
#include "engine/wire/wire.h"
#include "projections/uses.h"

/* With `uses` who uses it is shown too, which costs a look at each. */
void put_template(struct view *v, uint32_t number, bool uses, struct buffer *out);
void put_group(struct view *v, uint32_t number, bool uses, struct buffer *out);
/* "usedBy", or nothing when it is not used. */
void put_used_by(struct view *v, struct open_map *m, enum used_kind kind, uint32_t number);
void put_device(struct view *v, uint32_t number, struct buffer *out);
/* "properties" and "cloudProperties" as jobs set them last, and "valuesCut" when that is more than one answer shows;
 * nothing where nothing was set. Part of put_device. */
void put_device_values(struct view *v, struct open_map *m, uint32_t device);
/* How far the one is that is worked on is in the facts. */
void put_move(struct view *v, const struct wire_facts *facts, uint32_t number, struct buffer *out);
/* Likewise. */
void put_export(struct view *v, const struct wire_facts *facts, uint32_t number, struct buffer *out);
/* While it is open, the running engine alone knows how far it is: facts->imports. With `problems` those of a dry run. */
void put_import(struct view *v, const struct wire_facts *facts, uint32_t number, bool problems, struct buffer *out);
/* A page of what goes on in the background; and what stands in it of each kind, into a map that is begun. */
void put_operations(struct view *v, const struct wire_facts *facts, const struct answer *answer, struct buffer *out);
void put_import_operation(struct open_map *m, struct view *v, const struct wire_facts *facts, uint32_t number);
void put_export_operation(struct open_map *m, struct view *v, const struct wire_facts *facts, uint32_t number);
void put_move_operation(struct open_map *m, struct view *v, const struct wire_facts *facts, uint32_t number);
/* With facts->load. */
void put_info(struct view *v, const struct wire_facts *facts, struct buffer *out);
/* Why it waits is partly in the facts. */
void put_job(struct view *v, const struct wire_facts *facts, uint32_t number, struct buffer *out);

void put_schedule(struct view *v, uint32_t number, struct buffer *out);
/* The page of its runs that the answer holds. */
void put_schedule_runs(struct view *v, const struct answer *answer, struct buffer *out);

/* Parts that a job and a schedule have in common; each writes its key, or nothing where there is nothing. */
void put_batch(struct open_map *m, uint32_t measure, uint32_t value);
void put_threshold(struct open_map *m, uint32_t measure, uint32_t value, bool per_batch);
void put_timeouts(struct open_map *m, uint32_t queue, uint32_t execution);
void put_retries(struct open_map *m, uint32_t max, uint32_t on);
/* The list of their words, of a set of bits 1 << enum device_outcome. */
void pack_retried(msgpack_packer *p, uint32_t outcomes);
/* What keeps it from going on, as a sentence; false when nothing does. */
bool job_waits(struct view *v, const struct wire_facts *facts, const struct job *job, const struct job_list *list,
               struct sentence *why);
/* "status", and "statusReason" where it has one. */
void put_job_status(struct open_map *m, const struct job *job);
/* "progress" and "batches". */
void put_job_progress(struct open_map *m, struct view *v, const struct job *job);

/* Who did it: "engine", "uid 1000", "uid 1000 for alice"; without a view the number. */
void put_actor(struct open_map *m, const char *key, struct view *v, uint32_t number);

/* A device in a job: "status" to "attempts"; and which job that is. */
void put_device_course(struct open_map *m, const struct history_row *row);
void put_course_job(struct open_map *m, const struct history_row *row);

/* "cursor" of a list, as text, unless `next` is 0. */
void put_cursor(struct open_map *m, uint64_t next);

/* "excluded": the reasons that left some out, each with how many. */
void put_excluded(struct open_map *m, const uint32_t excluded[EXCLUSIONS]);

/* Words for what events and folds keep as numbers; "unknown" for a number of no word. */
const char *import_outcome_word(uint32_t outcome);
const char *export_outcome_word(uint32_t outcome);
const char *export_gone_word(uint32_t reason);
const char *keys_rotated_word(uint32_t which);
const char *move_outcome_word(uint32_t outcome);
const char *measure_word(uint32_t measure);
const char *cancel_reason_word(uint32_t reason);
const char *failed_reason_word(uint32_t reason);
const char *exclusion_word(uint32_t reason);
const char *returned_reason_word(uint32_t reason);

/* Ids behind numbers, removed things too; no bytes for number 0. Borrowed as all reads of the view are. */
struct bytes template_id(struct view *v, uint32_t number);
struct bytes group_id(struct view *v, uint32_t number);
struct bytes device_id(struct view *v, uint32_t number);
struct bytes import_id(struct view *v, uint32_t number);
struct bytes export_id(struct view *v, uint32_t number);
struct bytes job_id(struct view *v, uint32_t number);
struct bytes schedule_id(struct view *v, uint32_t number);

#endif
