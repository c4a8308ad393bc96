/* Jobs: what each is, which state it is in, and which ones the engine looks after. */
#include "projections/jobs.h"

#include <stdlib.h>

#include "projections/fold.h"
#include "projections/groups.h"
#include "projections/job_devices.h"
#include "projections/templates.h"

/* number -> struct job; number -> its texts; id -> number; numbers of the active ones; state -> how many. */
enum {
    JOBS = FOLD_TABLE(jobs, 0),
    JOB_TEXTS = FOLD_TABLE(jobs, 1),
    JOB_IDS = FOLD_TABLE(jobs, 2),
    JOBS_ACTIVE = FOLD_TABLE(jobs, 3),
    JOB_COUNTS = FOLD_TABLE(jobs, 4),
};
_Static_assert(sizeof(struct job) % 8 == 0, "jobs are read in place");

enum { ID, DISPLAY_NAME, DESCRIPTION, DATA, BODY_HASH, TEXTS };

/* ---- The active ones: copies in RAM, written through to the table with every change; and which of them run, so that
 * what is done each turn does not cost more the more jobs wait. */

/* In order of their numbers. */
struct line {
    struct job **jobs;
    size_t count;
    size_t capacity;
};

struct ram {
    bool loaded;
    struct line active; /* owns them */
    struct line running;
};

static size_t place_of(const struct line *line, uint32_t number)
{
    size_t low = 0, high = line->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (line->jobs[middle]->number < number) low = middle + 1;
        else high = middle;
    }
    return low;
}

static struct job *line_find(const struct line *line, uint32_t number)
{
    size_t place = place_of(line, number);
    return place < line->count && line->jobs[place]->number == number ? line->jobs[place] : NULL;
}

static void line_add(struct line *line, struct job *job)
{
    size_t place = place_of(line, job->number);
    if (line->count == line->capacity) {
        line->capacity = MAX(line->capacity * 2, (size_t)16);
        line->jobs = realloc(line->jobs, line->capacity * sizeof(struct job *));
        ASSERT(line->jobs != NULL);
    }
    memmove(&line->jobs[place + 1], &line->jobs[place], (line->count - place) * sizeof(struct job *));
    line->jobs[place] = job;
    line->count++;
}

static void line_remove(struct line *line, uint32_t number)
{
    size_t place = place_of(line, number);
    line->count--;
    memmove(&line->jobs[place], &line->jobs[place + 1], (line->count - place) * sizeof(struct job *));
}

static struct job *find_active(const struct ram *ram, uint32_t number)
{
    return line_find(&ram->active, number);
}

/* The job's status may have changed. */
static void line_up_running(struct ram *ram, struct job *job)
{
    bool stands = line_find(&ram->running, job->number) != NULL, runs = job->status == JOB_IS_RUNNING;
    if (runs && !stands) line_add(&ram->running, job);
    if (stands && !runs) line_remove(&ram->running, job->number);
}

static void active_add(struct ram *ram, const struct job *job)
{
    struct job *copy = malloc(sizeof *copy);
    ASSERT(copy != NULL);
    memcpy(copy, job, sizeof *copy);
    line_add(&ram->active, copy);
    line_up_running(ram, copy);
}

static void active_change(struct ram *ram, struct job *active, const struct job *job)
{
    memcpy(active, job, sizeof *job);
    line_up_running(ram, active);
}

/* It is over, and so it does not run. */
static void active_remove(struct ram *ram, struct job *active, const struct job *job)
{
    active_change(ram, active, job);
    line_remove(&ram->active, active->number);
    free(active);
}

static struct ram *loaded(struct view *v)
{
    struct ram *ram = v->ram[FOLD_jobs];
    struct bytes nothing;
    if (ram->loaded) return ram;
    for (uint64_t number = 1; store_next(v, JOBS_ACTIVE, number, &number, &nothing); number++) {
        const struct job *job = store_record(v, JOBS, number, sizeof *job);
        if (job) active_add(ram, job);
    }
    ram->loaded = true;
    return ram;
}

static void drop(void *memory)
{
    struct ram *ram = memory;
    for (size_t i = 0; i < ram->active.count; i++) free(ram->active.jobs[i]);
    free(ram->active.jobs);
    free(ram->running.jobs);
    *ram = (struct ram){0};
}

/* Saved ones wait for nobody; ended ones are over when no device is out any more. */
static bool is_active(struct view *v, const struct job *job)
{
    if (job->status == JOB_IS_SAVED) return false;
    if (!job_has_ended(job)) return true;
    const struct job_list *list = job_devices_list(v, job->number);
    return list && list->out > 0;
}

/* ---- Changing one. */

static bool count_add(struct view *v, enum job_status status, int64_t difference)
{
    const uint64_t *stored = store_record(v, JOB_COUNTS, status, sizeof *stored);
    uint64_t count = (stored ? *stored : 0) + (uint64_t)difference;
    return store_put_number(v, JOB_COUNTS, status, (struct bytes){&count, sizeof count});
}

/* Writes the job and its place among the active ones. */
static bool put(struct view *v, const struct job *job)
{
    struct ram *ram = loaded(v);
    struct job *active = find_active(ram, job->number);
    uint32_t number = job->number;
    bool stays = is_active(v, job);
    if (!store_put_number(v, JOBS, number, (struct bytes){job, sizeof *job})) return false;
    if (active && stays) active_change(ram, active, job);
    if (stays == (active != NULL)) return true;
    if (stays) active_add(ram, job);
    else active_remove(ram, active, job);
    return stays ? store_put_number(v, JOBS_ACTIVE, number, BYTES_NONE) : store_delete_number(v, JOBS_ACTIVE, number);
}

static enum fold_result no_job(struct sentence *why, uint32_t number)
{
    return fold_illegal(why, "there is no job %u", number);
}

/* A copy of the job, to be changed and put. */
static bool copy(struct view *v, uint32_t number, struct job *job)
{
    const struct job *stored = jobs_get(v, number);
    if (stored) memcpy(job, stored, sizeof *job);
    return stored != NULL;
}

/* Moves the job and writes it; what else the event changes was changed before. */
static enum fold_result move(struct view *v, struct job *job, enum job_status to, struct sentence *why)
{
    enum job_status from = job->status;
    if (!job_may_move(from, to)) {
        return fold_illegal(why, "job %u is %s and cannot be %s", job->number, job_status_word(from),
                            job_status_word(to));
    }
    job->status = to;
    return fold_stored(count_add(v, from, -1) && count_add(v, to, 1) && put(v, job));
}

static enum fold_result end(struct view *v, struct job *job, enum job_status to, const struct event *e,
                            struct sentence *why)
{
    job->ended_us = e->time_us;
    return move(v, job, to, why);
}

/* ---- Events. */

/* What JOB_CREATED and JOB_EDITED both say of it, beside the texts. */
#define PLAN(X)                                                                                                        \
    X(group) X(type) X(target) X(batch_measure) X(batch_value) X(threshold_measure) X(threshold_value)                 \
    X(threshold_per_batch) X(queue_timeout) X(execution_timeout) X(retries_max) X(retries_on)

static void created_fields(struct job *job, const struct event *e)
{
#define TAKE(field) job->field = e->job_created.field;
    PLAN(TAKE)
#undef TAKE
    job->number = e->job_created.job;
    job->status = JOB_IS_SAVED;
    job->actor = e->actor;
    job->created_seq = e->seq;
    job->created_us = e->time_us;
}

static void edited_fields(struct job *job, const struct event *e)
{
#define TAKE(field) job->field = e->job_edited.field;
    PLAN(TAKE)
#undef TAKE
}

/* What is wrong with a job's plan, NULL when nothing is. */
static const char *plan_flaw(struct view *v, const struct job *job)
{
    if (job->type < JOB_TYPE_PROPERTY || job->type > JOB_TYPE_COMMAND) return "is of an unknown type";
    if (job->batch_measure > MEASURE_PERCENTAGE) return "has an unknown measure for its batches";
    if (job->threshold_measure > MEASURE_PERCENTAGE) return "has an unknown measure for its threshold";
    if (job->group && job->group >= groups_next_number(v)) return "has a group that was never saved";
    if (job->target && job->target >= templates_next_number(v)) return "has a target that was never saved";
    return NULL;
}

static const char *created_flaw(struct view *v, const struct job *job, struct bytes id)
{
    if (job->number != jobs_next_number(v)) return "has not the next number in line";
    if (!store_key_fits(id)) return "has an id that is empty or too long";
    if (jobs_find_taken(v, id)) return "has an id that is taken";
    return plan_flaw(v, job);
}

static enum fold_result created(struct view *v, const struct event *e, struct sentence *why)
{
    const struct bytes texts[TEXTS] = {e->job_created.id, e->job_created.display_name, e->job_created.description,
                                       e->job_created.data, e->job_created.body_hash};
    struct job job;
    /* Padding too: the stored bytes are compared with those of a rebuild. */
    memset(&job, 0, sizeof job);
    created_fields(&job, e);
    const char *flaw = created_flaw(v, &job, texts[ID]);
    if (flaw) return fold_illegal(why, "job %u %s", job.number, flaw);
    return fold_stored(store_append_number(v, JOBS, job.number, (struct bytes){&job, sizeof job}) &&
                       entry_put(v, JOB_TEXTS, job.number, BYTES_NONE, texts, TEXTS, true) &&
                       ids_put(v, JOB_IDS, texts[ID], job.number) && count_add(v, JOB_IS_SAVED, 1));
}

static enum fold_result scheduled(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    uint32_t number = e->schedule_fired.job;
    if (!copy(v, number, &job)) return no_job(why, number);
    if (job.schedule) return fold_illegal(why, "job %u is a run of schedule %u already", number, job.schedule);
    job.schedule = e->schedule_fired.schedule;
    return fold_stored(put(v, &job));
}

static bool is_saved(const struct job *job)
{
    return job->status == JOB_IS_SAVED && !job->discarded;
}

/* A copy of a saved job, to be changed and put. */
static enum fold_result copy_saved(struct view *v, uint32_t number, struct job *job, struct sentence *why)
{
    if (!copy(v, number, job)) return no_job(why, number);
    if (is_saved(job)) return FOLD_OK;
    return fold_illegal(why, "job %u is %s, not saved", number,
                        job->discarded ? "discarded" : job_status_word(job->status));
}

static enum fold_result edited(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    struct job_text text;
    uint32_t number = e->job_edited.job;
    if (copy_saved(v, number, &job, why) != FOLD_OK) return FOLD_ILLEGAL;
    edited_fields(&job, e);
    const char *flaw = plan_flaw(v, &job);
    if (flaw) return fold_illegal(why, "job %u %s", number, flaw);
    if (!put(v, &job) || !jobs_text(v, number, &text)) return FOLD_FAULT;
    const struct bytes texts[TEXTS] = {text.id, e->job_edited.display_name, e->job_edited.description,
                                       e->job_edited.data, e->job_edited.body_hash};
    return fold_stored(entry_put(v, JOB_TEXTS, number, BYTES_NONE, texts, TEXTS, false));
}

static enum fold_result discarded(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    if (copy_saved(v, e->job_discarded.job, &job, why) != FOLD_OK) return FOLD_ILLEGAL;
    job.discarded = true;
    return fold_stored(count_add(v, JOB_IS_SAVED, -1) && put(v, &job));
}

static enum fold_result plan_quoted(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    struct bytes hash = e->job_plan_quoted.hash;
    if (copy_saved(v, e->job_plan_quoted.job, &job, why) != FOLD_OK) return FOLD_ILLEGAL;
    if (hash.size != sizeof job.plan_hash) {
        return fold_illegal(why, "the plan of job %u is quoted with a hash of %zu bytes", job.number, hash.size);
    }
    job.plan_quoted = true;
    job.plan_count = e->job_plan_quoted.count;
    memcpy(job.plan_hash, hash.data, sizeof job.plan_hash);
    return fold_stored(put(v, &job));
}

static enum fold_result plan_changed(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    uint32_t number = e->job_plan_changed.job;
    if (!copy(v, number, &job)) return no_job(why, number);
    if (!job.plan_quoted || job.targets_fixed || job_has_ended(&job)) {
        return fold_illegal(why, "job %u waits for no plan that could have changed", number);
    }
    job.plan_found = e->job_plan_changed.found;
    return fold_stored(put(v, &job));
}

/* Also JOB_RESUMED: to the end of the queue. */
static enum fold_result queued(struct view *v, const struct event *e, uint32_t number, enum job_status from,
                               struct sentence *why)
{
    struct job job;
    if (!copy(v, number, &job)) return no_job(why, number);
    if (job.status != from) {
        return fold_illegal(why, "job %u is %s, not %s", number, job_status_word(job.status), job_status_word(from));
    }
    if (job.discarded) return fold_illegal(why, "job %u is discarded and queued", number);
    job.queued_seq = e->seq;
    return move(v, &job, JOB_IS_PENDING, why);
}

static enum fold_result targets_begun(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    uint32_t number = e->job_targets_begun.job;
    if (!copy(v, number, &job)) return no_job(why, number);
    job.begun_seq = e->seq;
    memset(job.excluded, 0, sizeof job.excluded);
    if (job.started_us == 0) job.started_us = e->time_us;
    if (job.status == JOB_IS_RUNNING) return fold_stored(put(v, &job));
    return move(v, &job, JOB_IS_RUNNING, why);
}

static enum fold_result targets(struct view *v, const struct event *e, struct sentence *why)
{
    const struct job *job = jobs_get(v, e->job_targets.job);
    if (!job) return no_job(why, e->job_targets.job);
    if (job_has_ended(job)) return fold_illegal(why, "job %u is over and gets targets", job->number);
    return FOLD_OK;
}

static enum fold_result targets_excluded(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    uint32_t number = e->job_targets_excluded.job, reason = e->job_targets_excluded.reason;
    if (!copy(v, number, &job)) return no_job(why, number);
    if (job_has_ended(&job) || job.targets_fixed) {
        return fold_illegal(why, "job %u has its targets and excludes more", number);
    }
    if (reason == EXCLUDED_NOT || reason >= EXCLUSIONS) {
        return fold_illegal(why, "job %u excludes devices for the unknown reason %u", number, reason);
    }
    job.excluded[reason] = e->job_targets_excluded.count;
    return fold_stored(put(v, &job));
}

static enum fold_result targets_fixed(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    uint32_t number = e->job_targets_fixed.job;
    if (!copy(v, number, &job)) return no_job(why, number);
    if (job_has_ended(&job)) return fold_illegal(why, "job %u is over and gets targets", number);
    job.targets_fixed = true;
    job.excluded[EXCLUDED_WRONG_TEMPLATE] = e->job_targets_fixed.excluded;
    return fold_stored(put(v, &job));
}

static enum fold_result dispatched(struct view *v, const struct event *e, struct sentence *why)
{
    const struct job *job = find_active(loaded(v), e->batch_dispatched.job);
    if (job && job->status == JOB_IS_RUNNING) return FOLD_OK;
    return fold_illegal(why, "job %u does not run and is dispatched", e->batch_dispatched.job);
}

/* The list has lost a device that was out, perhaps the last one of a job that is over. */
static enum fold_result came_back(struct view *v, uint32_t number)
{
    const struct job *active = find_active(loaded(v), number);
    struct job job;
    if (!active || is_active(v, active)) return FOLD_OK;
    memcpy(&job, active, sizeof job);
    return fold_stored(put(v, &job));
}

static enum fold_result stopped(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    if (!copy(v, e->job_stopped.job, &job)) return no_job(why, e->job_stopped.job);
    return move(v, &job, JOB_IS_STOPPED, why);
}

static enum fold_result continued(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    uint32_t number = e->job_continued.job;
    if (!copy(v, number, &job)) return no_job(why, number);
    if (!job.begun_seq) return fold_illegal(why, "job %u was not begun and is continued", number);
    return move(v, &job, JOB_IS_RUNNING, why);
}

static enum fold_result cancelled(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    uint32_t number = e->job_cancelled.job;
    if (!copy(v, number, &job)) return no_job(why, number);
    job.reason = e->job_cancelled.reason;
    job.failures = e->job_cancelled.failures;
    job.scope = e->job_cancelled.scope;
    if (job.reason != CANCELLED_BY_USER && job.reason != CANCELLED_BY_THRESHOLD) {
        return fold_illegal(why, "job %u is cancelled for the unknown reason %u", number, job.reason);
    }
    return end(v, &job, JOB_IS_CANCELLED, e, why);
}

static enum fold_result completed(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    uint32_t number = e->job_completed.job;
    if (!copy(v, number, &job)) return no_job(why, number);
    const struct job_list *list = job_devices_list(v, number);
    if (!list || !job.targets_fixed || list->completed + list->failed != list->count) {
        return fold_illegal(why, "job %u has devices without an end and is complete", number);
    }
    return end(v, &job, JOB_IS_COMPLETE, e, why);
}

static enum fold_result failed(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    uint32_t number = e->job_failed.job;
    if (!copy(v, number, &job)) return no_job(why, number);
    job.reason = e->job_failed.reason;
    if (job.reason < FAILED_NO_DEVICES || job.reason > FAILED_PLAN_CHANGED) {
        return fold_illegal(why, "job %u failed for the unknown reason %u", number, job.reason);
    }
    return end(v, &job, JOB_IS_FAILED, e, why);
}

static enum fold_result expired(struct view *v, const struct event *e, struct sentence *why)
{
    struct job job;
    uint32_t number = e->job_expired.job;
    if (!copy(v, number, &job)) return no_job(why, number);
    if (!job_has_ended(&job) || job.expired) {
        return fold_illegal(why, "job %u expires and is %s", number,
                            job.expired ? "expired already" : job_status_word(job.status));
    }
    job.expired = true;
    return fold_stored(count_add(v, job.status, -1) && put(v, &job));
}

/* No default: a new event is to be thought about here. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_JOB_CREATED: return created(v, e, why);
    case EVENT_JOB_QUEUED: return queued(v, e, e->job_queued.job, JOB_IS_SAVED, why);
    case EVENT_JOB_TARGETS_BEGUN: return targets_begun(v, e, why);
    case EVENT_JOB_TARGETS: return targets(v, e, why);
    case EVENT_JOB_TARGETS_FIXED: return targets_fixed(v, e, why);
    case EVENT_BATCH_DISPATCHED: return dispatched(v, e, why);
    case EVENT_DEVICE_RESULT: return came_back(v, e->device_result.job);
    case EVENT_DEVICES_RETURNED: return came_back(v, e->devices_returned.job);
    case EVENT_JOB_STOPPED: return stopped(v, e, why);
    case EVENT_JOB_RESUMED: return queued(v, e, e->job_resumed.job, JOB_IS_STOPPED, why);
    case EVENT_JOB_CONTINUED: return continued(v, e, why);
    case EVENT_JOB_CANCELLED: return cancelled(v, e, why);
    case EVENT_JOB_COMPLETED: return completed(v, e, why);
    case EVENT_JOB_FAILED: return failed(v, e, why);
    case EVENT_JOB_EXPIRED: return expired(v, e, why);
    case EVENT_SCHEDULE_FIRED: return scheduled(v, e, why);
    case EVENT_JOB_EDITED: return edited(v, e, why);
    case EVENT_JOB_DISCARDED: return discarded(v, e, why);
    case EVENT_JOB_PLAN_QUOTED: return plan_quoted(v, e, why);
    case EVENT_JOB_PLAN_CHANGED: return plan_changed(v, e, why);
    case EVENT_JOB_TARGETS_EXCLUDED: return targets_excluded(v, e, why);
    case EVENT_NONE:
    case EVENT_LOG_STARTED:
    case EVENT_SEGMENT_OPENED:
    case EVENT_LOG_CONTINUED:
    case EVENT_ENGINE_STARTED:
    case EVENT_ENGINE_STOPPED:
    case EVENT_CLOCK_STEPPED:
    case EVENT_ACTOR_SEEN:
    case EVENT_REQUEST_SEEN:
    case EVENT_TEMPLATE_SAVED:
    case EVENT_TEMPLATE_REMOVED:
    case EVENT_GROUP_SAVED:
    case EVENT_GROUP_REMOVED:
    case EVENT_DEVICE_REGISTERED:
    case EVENT_DEVICE_RENAMED:
    case EVENT_DEVICE_MOVED:
    case EVENT_DEVICE_MARKED:
    case EVENT_DEVICE_REMOVED:
    case EVENT_DEVICE_THUMBPRINTS_SET:
    case EVENT_DEVICE_REPORTED:
    case EVENT_MOVE_OPENED:
    case EVENT_DEVICES_MOVED:
    case EVENT_MOVE_CLOSED:
    case EVENT_IMPORT_OPENED:
    case EVENT_IMPORT_ROW_ACCEPTED:
    case EVENT_IMPORT_ROW_REJECTED:
    case EVENT_IMPORT_HEADER_READ:
    case EVENT_IMPORT_CLOSED:
    case EVENT_IMPORT_MODE:
    case EVENT_IMPORT_ROW_CHANGED:
    case EVENT_IMPORT_CLASSIFIED:
    case EVENT_IMPORT_CANCELLED:
    case EVENT_LATE_RESULT:
    case EVENT_BATCH_ENDED:
    case EVENT_COLUMNS_CHOSEN:
    case EVENT_EXPORT_OPENED:
    case EVENT_EXPORT_CLOSED:
    case EVENT_EXPORT_EXPIRED:
    case EVENT_KEYS_ROTATED:
    case EVENT_SCHEDULE_SAVED:
    case EVENT_SCHEDULE_MISSED:
    case EVENT_SCHEDULE_ENDED:
    case EVENT_SCHEDULE_REMOVED:

    case EVENT_JOB_RERUN_OF: return FOLD_OK;
    }
    return FOLD_OK;
}

const struct fold fold_jobs = {
    .name = "jobs",
    .tables = {"jobs", "job_texts", "job_ids", "jobs_active", "job_counts"},
    .ram_size = sizeof(struct ram),
    .apply = apply,
    .drop = drop,
};

/* ---- Reads. */

uint32_t jobs_find_taken(struct view *v, struct bytes id)
{
    return ids_find(v, JOB_IDS, id);
}

uint32_t jobs_find(struct view *v, struct bytes id)
{
    uint32_t number = jobs_find_taken(v, id);
    const struct job *job = number ? jobs_get(v, number) : NULL;
    return job && !job->discarded ? number : 0;
}

const struct job *jobs_get(struct view *v, uint32_t number)
{
    const struct job *active = v->live ? find_active(loaded(v), number) : NULL;
    return active ? active : store_record(v, JOBS, number, sizeof(struct job));
}

bool jobs_text(struct view *v, uint32_t number, struct job_text *text)
{
    struct bytes entry, texts[TEXTS];
    if (!store_get_number(v, JOB_TEXTS, number, &entry) || !entry_read(v, entry, NULL, 0, texts, TEXTS)) return false;
    *text = (struct job_text){texts[ID], texts[DISPLAY_NAME], texts[DESCRIPTION], texts[DATA], texts[BODY_HASH]};
    return true;
}

uint32_t jobs_next_number(struct view *v)
{
    return (uint32_t)store_last(v, JOBS) + 1;
}

uint32_t jobs_count(struct view *v, enum job_status status)
{
    const uint64_t *count = store_record(v, JOB_COUNTS, status, sizeof *count);
    return count ? (uint32_t)*count : 0;
}

const struct job *jobs_previous(struct view *v, uint32_t from)
{
    uint64_t number;
    struct bytes value;
    return store_previous(v, JOBS, from, &number, &value) ? store_record_of(v, value, sizeof(struct job)) : NULL;
}

size_t jobs_active_count(struct view *v)
{
    return loaded(v)->active.count;
}

static const struct job *line_at(const struct line *line, size_t index)
{
    ASSERT(index < line->count);
    return line->jobs[index];
}

const struct job *jobs_active_at(struct view *v, size_t index)
{
    return line_at(&loaded(v)->active, index);
}

const struct job *jobs_active_previous(struct view *v, uint32_t from)
{
    const struct line *active = &loaded(v)->active;
    size_t above = from == UINT32_MAX ? active->count : place_of(active, from + 1);
    return above > 0 ? active->jobs[above - 1] : NULL;
}

size_t jobs_running_count(struct view *v)
{
    return loaded(v)->running.count;
}

const struct job *jobs_running_at(struct view *v, size_t index)
{
    return line_at(&loaded(v)->running, index);
}

static const struct job *run_of(const struct line *line, uint32_t schedule, unsigned states)
{
    for (size_t i = 0; i < line->count; i++) {
        const struct job *job = line->jobs[i];
        if (job->schedule == schedule && states >> job->status & 1) return job;
    }
    return NULL;
}

const struct job *jobs_active_run(struct view *v, uint32_t schedule, unsigned states)
{
    return run_of(&loaded(v)->active, schedule, states);
}

const struct job *jobs_running_run(struct view *v, uint32_t schedule)
{
    return run_of(&loaded(v)->running, schedule, MAY(RUNNING));
}
