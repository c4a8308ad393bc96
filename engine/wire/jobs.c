/* A job as clients see it: what it is to do, how far it came, and why it waits. */
#include "engine/wire/resources.h"

#include "projections/groups.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"
#include "projections/reruns.h"

/* ---- Words. */

const char *measure_word(uint32_t measure)
{
    switch ((enum job_measure)measure) {
    case MEASURE_NONE: return "none";
    case MEASURE_NUMBER: return "number";
    case MEASURE_PERCENTAGE: return "percentage";
    }
    return "unknown";
}

const char *cancel_reason_word(uint32_t reason)
{
    switch ((enum job_cancel_reason)reason) {
    case CANCELLED_BY_USER: return "by_user";
    case CANCELLED_BY_THRESHOLD: return "threshold";
    }
    return "unknown";
}

const char *failed_reason_word(uint32_t reason)
{
    switch ((enum job_failed_reason)reason) {
    case FAILED_NO_DEVICES: return "no_devices";
    case FAILED_GROUP_REMOVED: return "group_removed";
    case FAILED_TEMPLATE_REMOVED: return "template_removed";
    case FAILED_BAD_FILTER: return "bad_filter";
    case FAILED_PLAN_CHANGED: return "plan_changed";
    }
    return "unknown";
}

const char *exclusion_word(uint32_t reason)
{
    switch ((enum exclusion)reason) {
    case EXCLUDED_NOT:
    case EXCLUSIONS: break;
    case EXCLUDED_WRONG_TEMPLATE: return "wrong_template";
    case EXCLUDED_UNKNOWN_PATH: return "unknown_path";
    }
    return "unknown";
}

const char *returned_reason_word(uint32_t reason)
{
    switch ((enum returned_reason)reason) {
    case RETURNED_BY_DISCONNECT: return "connector_gone";
    case RETURNED_BY_RESTART: return "engine_restarted";
    case RETURNED_BY_CONNECTOR: return "given_back";
    case RETURNED_AFTER_CANCEL: return "no_answer_after_cancel";
    }
    return "unknown";
}

struct bytes job_id(struct view *v, uint32_t number)
{
    struct job_text text;
    if (number == 0) return BYTES_NONE;
    ASSERT(jobs_text(v, number, &text));
    return text.id;
}

/* ---- Why a job waits. */

static const char *plural(uint32_t count)
{
    return count == 1 ? "device" : "devices";
}

/* There are connectors: whether one of them can have what waits. */
static bool connectors_cannot(struct view *v, const struct wire_facts *facts, const struct job *job,
                              struct sentence *why)
{
    struct obstacle obstacle = {OBSTACLE_NONE, 0};
    if (facts->handouts) obstacle = handouts_obstacle(facts->handouts, facts->takes, job);
    switch (obstacle.kind) {
    case OBSTACLE_NONE: return false;
    case OBSTACLE_REST: sentence_set(why, "the devices that wait were given back by a connector and rest"); break;
    case OBSTACLE_TEMPLATE:
        if (obstacle.template == 0) sentence_set(why, "no connector takes devices without a template");
        else sentence_set(why, "no connector takes template %.*s", BYTES_ARG(template_id(v, obstacle.template)));
        break;
    case OBSTACLE_TYPE: sentence_set(why, "no connector takes type %s", job_type_word(job->type)); break;
    }
    return true;
}

/* A running job: its devices are being read, or are with connectors, or nobody fetches them. */
static bool running_waits(struct view *v, const struct wire_facts *facts, const struct job *job,
                          const struct job_list *list, struct sentence *why)
{
    if (!list || !job->targets_fixed) {
        sentence_set(why, "the devices of its group are being read");
        return true;
    }
    if (facts && facts->disk_short) {
        sentence_set(why, "the engine's disk is nearly full: results are taken, nothing is handed out");
        return true;
    }
    uint32_t batches = job_list_batches(list);
    bool all_out = list->behind == 0 && list->cursor >= job_list_batch_end(list);
    if (list->batch >= batches || job->type == JOB_TYPE_CLOUD_PROPERTY) return false;
    if (list->out > 0 && all_out && list->batch + 1 < batches) {
        sentence_set(why, "batch %u of %u waits for the results of %u %s", list->batch + 2, batches, list->out,
                     plural(list->out));
    } else if (list->out > 0 && all_out) {
        sentence_set(why, "the results of %u %s are still to come", list->out, plural(list->out));
    } else if (!facts) {
        return false;
    } else if (!facts->connector_waits) {
        sentence_set(why, "no connector has asked for work");
    } else {
        return connectors_cannot(v, facts, job, why);
    }
    return true;
}

/* A pending job: there is no room, or another run of its schedule is to end first, or other jobs. */
static bool pending_waits(struct view *v, const struct wire_facts *facts, const struct job *job, struct sentence *why)
{
    const struct job *before = job->schedule ? jobs_running_run(v, job->schedule) : NULL;
    if (facts && facts->disk_short) {
        sentence_set(why, "the engine's disk is nearly full: nothing is started");
    } else if (before) {
        sentence_set(why, "another run of its schedule, %.*s, is not over", BYTES_ARG(job_id(v, before->number)));
    } else if (!facts) {
        return false;
    } else if (facts->concurrency_full) {
        sentence_set(why, "as many jobs run as may at the same time");
    } else {
        sentence_set(why, "its turn is next");
    }
    return true;
}

bool job_waits(struct view *v, const struct wire_facts *facts, const struct job *job, const struct job_list *list,
               struct sentence *why)
{
    switch (job->status) {
    case JOB_IS_SAVED:
    case JOB_IS_COMPLETE:
    case JOB_IS_FAILED:
    case JOB_IS_CANCELLED: return false;
    case JOB_IS_RUNNING: return running_waits(v, facts, job, list, why);
    case JOB_IS_STOPPED: sentence_set(why, "it was stopped; resume or cancel it"); return true;
    case JOB_IS_PENDING: return pending_waits(v, facts, job, why);
    }
    return false;
}

/* ---- The parts of the map. */

void put_batch(struct open_map *m, uint32_t measure, uint32_t value)
{
    if (measure == MEASURE_NONE) return;
    put_key(m, "batch");
    struct open_map batch = put_map(m->out);
    put_word(&batch, "type", measure_word(measure));
    put_uint(&batch, "value", value);
    put_end(&batch);
}

void put_threshold(struct open_map *m, uint32_t measure, uint32_t value, bool per_batch)
{
    if (measure == MEASURE_NONE) return;
    put_key(m, "cancellationThreshold");
    struct open_map threshold = put_map(m->out);
    put_word(&threshold, "type", measure_word(measure));
    put_uint(&threshold, "value", value);
    put_flag(&threshold, "batch", per_batch);
    put_end(&threshold);
}

void put_timeouts(struct open_map *m, uint32_t queue, uint32_t execution)
{
    put_key(m, "timeouts");
    struct open_map timeouts = put_map(m->out);
    if (queue) put_uint(&timeouts, "queue", queue);
    put_uint(&timeouts, "execution", execution);
    put_end(&timeouts);
}

void pack_retried(msgpack_packer *p, uint32_t outcomes)
{
    outcomes &= (1u << (OUTCOME_EXPIRED + 1)) - (1u << OUTCOME_FAILED);
    msgpack_pack_array(p, (uint32_t)__builtin_popcount(outcomes));
    for (enum device_outcome outcome = OUTCOME_FAILED; outcome <= OUTCOME_EXPIRED; outcome++) {
        if (outcomes & 1u << outcome) pack_key(p, outcome_word(outcome));
    }
}

void put_retries(struct open_map *m, uint32_t max, uint32_t on)
{
    if (max == 0) return;
    put_key(m, "retries");
    struct open_map retries = put_map(m->out);
    put_uint(&retries, "max", max);
    put_key(&retries, "on");
    pack_retried(&retries.packer, on);
    put_end(&retries);
}

void put_job_status(struct open_map *m, const struct job *job)
{
    put_word(m, "status", job_status_word(job->status));
    if (job->status == JOB_IS_CANCELLED) put_word(m, "statusReason", cancel_reason_word(job->reason));
    if (job->status == JOB_IS_FAILED) put_word(m, "statusReason", failed_reason_word(job->reason));
}

/* Until its targets are fixed a job has no devices to count. */
void put_job_progress(struct open_map *m, struct view *v, const struct job *job)
{
    const struct job_list none = {0}, *list = job_devices_list(v, job->number);
    if (!list || !job->targets_fixed) list = &none;
    uint32_t batches = job_list_batches(list);
    put_key(m, "progress");
    struct open_map progress = put_map(m->out);
    put_uint(&progress, "total", job_list_total(list));
    put_uint(&progress, "pending", job_list_total(list) - list->completed - list->failed);
    put_uint(&progress, "completed", list->completed);
    put_uint(&progress, "failed", list->failed);
    put_end(&progress);
    put_key(m, "batches");
    struct open_map counts = put_map(m->out);
    put_uint(&counts, "count", batches);
    put_uint(&counts, "size", list->batch_size);
    put_uint(&counts, "current", MIN(list->batch + 1, batches));
    put_end(&counts);
}

static void put_plan(struct open_map *m, struct view *v, const struct job *job)
{
    struct job_text text;
    ASSERT(jobs_text(v, job->number, &text));
    put_text(m, "id", text.id);
    put_text(m, "displayName", text.display_name);
    put_text(m, "description", text.description);
    put_raw(m, "data", text.data);
    put_text(m, "group", group_id(v, job->group));
    put_batch(m, job->batch_measure, job->batch_value);
    put_threshold(m, job->threshold_measure, job->threshold_value, job->threshold_per_batch);
    put_timeouts(m, job->queue_timeout, job->execution_timeout);
    put_retries(m, job->retries_max, job->retries_on);
}

void put_excluded(struct open_map *m, const uint32_t excluded[EXCLUSIONS])
{
    put_key(m, "excluded");
    struct open_list reasons = put_list(m->out);
    for (enum exclusion reason = EXCLUDED_NOT + 1; reason < EXCLUSIONS; reason++) {
        if (excluded[reason] == 0) continue;
        struct open_map row = put_map(m->out);
        put_word(&row, "reason", exclusion_word(reason));
        put_uint(&row, "count", excluded[reason]);
        put_end(&row);
        reasons.count++;
    }
    put_list_end(&reasons);
}

static void put_plan_changed(struct open_map *m, const struct job *job)
{
    if (job->status != JOB_IS_FAILED || job->reason != FAILED_PLAN_CHANGED) return;
    put_key(m, "planChanged");
    struct open_map counts = put_map(m->out);
    put_uint(&counts, "expected", job->plan_count);
    put_uint(&counts, "found", job->plan_found);
    put_end(&counts);
}

/* ---- Lineage. */

/* How each device of the lineage ended last; kept in the list of its first job, and forgotten with it. */
static void put_merged(struct open_map *m, struct view *v, uint32_t first)
{
    const struct job_list *list = job_devices_list(v, first);
    if (!list || list->forgotten) return;
    put_key(m, "merged");
    struct open_map merged = put_map(m->out);
    put_uint(&merged, "total", list->count);
    put_uint(&merged, "pending", list->count - list->merged_completed - list->merged_failed);
    put_uint(&merged, "completed", list->merged_completed);
    put_uint(&merged, "failed", list->merged_failed);
    put_end(&merged);
}

static void put_reruns(struct open_map *m, struct view *v, uint32_t number)
{
    uint32_t rerun = reruns_next(v, number, 0);
    if (!rerun) return;
    put_key(m, "reruns");
    struct open_list reruns = put_list(m->out);
    msgpack_packer p = packer_into(m->out);
    for (; rerun; rerun = reruns_next(v, number, rerun + 1)) {
        pack_text(&p, job_id(v, rerun));
        reruns.count++;
    }
    put_list_end(&reruns);
}

static void put_lineage(struct open_map *m, struct view *v, uint32_t number)
{
    struct rerun rerun = {.first = number};
    if (reruns_get(v, number, &rerun)) {
        put_text(m, "parentId", job_id(v, rerun.parent));
        put_word(m, "rerunDevices", rerun_which_word(rerun.which));
    } else if (reruns_count(v, number) == 0) {
        return;
    }
    put_reruns(m, v, number);
    put_merged(m, v, rerun.first);
}

void put_job(struct view *v, const struct wire_facts *facts, uint32_t number, struct buffer *out)
{
    const struct job *job = jobs_get(v, number);
    struct sentence why;
    ASSERT(job);
    struct open_map m = put_map(out);
    put_plan(&m, v, job);
    const struct job_list *list = job_devices_list(v, number);
    put_job_status(&m, job);
    if (job->expired) put_flag(&m, "expired", true);
    if (job_waits(v, facts, job, list, &why)) put_word(&m, "waiting", why.text);
    put_job_progress(&m, v, job);
    put_excluded(&m, job->excluded);
    put_plan_changed(&m, job);
    put_lineage(&m, v, number);
    put_time(&m, "created", job->created_us);
    if (job->started_us) put_time(&m, "start", job->started_us);
    if (job->ended_us) put_time(&m, "end", job->ended_us);
    uint32_t schedule = job->schedule;
    put_actor(&m, "by", v, job->actor);
    if (schedule) put_text(&m, "scheduledJobId", schedule_id(v, schedule));
    put_end(&m);
}
