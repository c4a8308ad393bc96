/* Schedules: what each runs, when it is due next, and what became of every time it was due. */
#include "projections/schedules.h"

#include "projections/fold.h"
#include "projections/groups.h"
#include "projections/templates.h"

/* number -> struct schedule; number -> its texts; id -> number of those that are present; (due, number) of those that
 * are due; (number, last occurrence) -> struct schedule_run. */
enum {
    SCHEDULES = FOLD_TABLE(schedules, 0),
    SCHEDULE_TEXTS = FOLD_TABLE(schedules, 1),
    SCHEDULE_IDS = FOLD_TABLE(schedules, 2),
    SCHEDULES_DUE = FOLD_TABLE(schedules, 3),
    SCHEDULE_RUNS = FOLD_TABLE(schedules, 4),
};
_Static_assert(sizeof(struct schedule) == 16 * 8 && sizeof(struct schedule_run) == 3 * 8, "read in place, no padding");

enum { ID, DISPLAY_NAME, DESCRIPTION, TIME_ZONE, DATA, TEXTS };

/* ---- Words. */

static const char *word_in(const char *const words[], size_t count, uint32_t number)
{
    return number < count && words[number] ? words[number] : "unknown";
}

#define WORD(NAME, number, word) [number] = (word),

const char *recurrence_word(uint32_t number)
{
    static const char *const WORDS[] = {RECURRENCES(WORD)};
    return word_in(WORDS, COUNT_OF(WORDS), number);
}

const char *missed_policy_word(uint32_t number)
{
    static const char *const WORDS[] = {MISSED_POLICIES(WORD)};
    return word_in(WORDS, COUNT_OF(WORDS), number);
}

const char *overlap_policy_word(uint32_t number)
{
    static const char *const WORDS[] = {OVERLAP_POLICIES(WORD)};
    return word_in(WORDS, COUNT_OF(WORDS), number);
}

const char *schedule_miss_word(uint32_t number)
{
    static const char *const WORDS[] = {SCHEDULE_MISSES(WORD)};
    return word_in(WORDS, COUNT_OF(WORDS), number);
}

const char *schedule_end_word(uint32_t number)
{
    static const char *const WORDS[] = {SCHEDULE_ENDS(WORD)};
    return word_in(WORDS, COUNT_OF(WORDS), number);
}

#undef WORD

/* ---- Which one is due first: a table whose lowest key it is. */

#define NUMBER_BITS 30
#define DUE_S_MAX   ((UINT64_C(1) << (64 - NUMBER_BITS)) - 1) /* in the year 2514; what is due later comes behind */

static uint64_t due_key(uint32_t number, int64_t due_us)
{
    return MIN((uint64_t)due_us / 1000000, DUE_S_MAX) << NUMBER_BITS | number;
}

static bool due_remove(struct view *v, const struct schedule *s)
{
    return s->next_us == 0 || store_delete_number(v, SCHEDULES_DUE, due_key(s->number, s->next_us));
}

static bool due_add(struct view *v, const struct schedule *s)
{
    return s->next_us == 0 || store_put_number(v, SCHEDULES_DUE, due_key(s->number, s->next_us), BYTES_NONE);
}

/* ---- Changing one. */

/* A copy of one that is present, to be changed and put. */
static bool copy(struct view *v, uint32_t number, struct schedule *s)
{
    const struct schedule *stored = schedules_get(v, number);
    if (!stored || stored->removed) return false;
    memcpy(s, stored, sizeof *s);
    return true;
}

static enum fold_result no_schedule(struct sentence *why, uint32_t number)
{
    return fold_illegal(why, "there is no schedule %u", number);
}

static bool put(struct view *v, const struct schedule *s)
{
    return store_put_number(v, SCHEDULES, s->number, (struct bytes){s, sizeof *s});
}

/* Puts it with another time at which it is due. */
static bool put_due(struct view *v, struct schedule *s, int64_t next_us)
{
    if (!due_remove(v, s)) return false;
    s->next_us = next_us;
    return due_add(v, s) && put(v, s);
}

/* ---- Saved, removed. */

static void saved_fields(struct schedule *s, const struct event *e)
{
    s->number = e->schedule_saved.schedule;
    s->group = e->schedule_saved.group;
    s->type = e->schedule_saved.type;
    s->target = e->schedule_saved.target;
    s->batch_measure = e->schedule_saved.batch_measure;
    s->batch_value = e->schedule_saved.batch_value;
    s->threshold_measure = e->schedule_saved.threshold_measure;
    s->threshold_value = e->schedule_saved.threshold_value;
    s->threshold_per_batch = e->schedule_saved.threshold_per_batch;
    s->queue_timeout = e->schedule_saved.queue_timeout;
    s->execution_timeout = e->schedule_saved.execution_timeout;
    s->retries_max = e->schedule_saved.retries_max;
    s->retries_on = e->schedule_saved.retries_on;
    s->start_us = e->schedule_saved.start_us;
    s->recurrence = e->schedule_saved.recurrence;
    s->end_us = e->schedule_saved.end_us;
    s->end_occurrences = e->schedule_saved.end_occurrences;
    s->missed = e->schedule_saved.missed;
    s->overlap = e->schedule_saved.overlap;
    s->enabled = e->schedule_saved.enabled;
}

/* What is wrong with a schedule that is saved, NULL when nothing is. */
static const char *saved_flaw(struct view *v, const struct schedule *s, int64_t next_us)
{
    if (s->group == 0 || s->group >= groups_next_number(v)) return "has a group that was never saved";
    if (s->target && s->target >= templates_next_number(v)) return "has a target that was never saved";
    if (s->recurrence < RECURS_ONCE || s->recurrence > RECURS_WEEKLY) return "has an unknown recurrence";
    if (s->missed < MISSED_RUN_ONCE || s->missed > MISSED_SKIP) return "does something unknown about a missed run";
    if (s->overlap < OVERLAP_QUEUE || s->overlap > OVERLAP_SKIP) return "does something unknown about an overlap";
    if (s->start_us < 0 || s->end_us < 0 || next_us < 0) return "has a time before 1970";
    if (next_us && !s->enabled) return "is disabled and due";
    if (next_us && next_us <= s->last_due_us) return "is due when it was due before";
    return NULL;
}

/* A new one takes the id. */
static enum fold_result take_id(struct view *v, const struct event *e, struct sentence *why)
{
    uint32_t number = e->schedule_saved.schedule;
    struct bytes id = e->schedule_saved.id;
    if (number != schedules_next_number(v) || number >> NUMBER_BITS) {
        return fold_illegal(why, "schedule number %u is not the next one, %u", number, schedules_next_number(v));
    }
    if (!store_key_fits(id)) return fold_illegal(why, "a schedule's id has %zu bytes", id.size);
    if (schedules_find(v, id)) return fold_illegal(why, "schedule id %.*s is taken", BYTES_ARG(id));
    return fold_stored(ids_put(v, SCHEDULE_IDS, id, number));
}

static enum fold_result keep_id(struct view *v, const struct event *e, struct sentence *why)
{
    uint32_t number = e->schedule_saved.schedule;
    if (schedules_find(v, e->schedule_saved.id) == number) return FOLD_OK;
    return fold_illegal(why, "schedule %u is not called %.*s", number, BYTES_ARG(e->schedule_saved.id));
}

static enum fold_result saved(struct view *v, const struct event *e, struct sentence *why)
{
    const struct bytes texts[TEXTS] = {e->schedule_saved.id, e->schedule_saved.display_name,
                                       e->schedule_saved.description, e->schedule_saved.time_zone,
                                       e->schedule_saved.data};
    uint32_t number = e->schedule_saved.schedule;
    int64_t next_us = e->schedule_saved.next_us;
    struct schedule s;
    memset(&s, 0, sizeof s);
    enum fold_result result = copy(v, number, &s) ? keep_id(v, e, why) : take_id(v, e, why);
    if (result != FOLD_OK) return result;
    saved_fields(&s, e);
    const char *flaw = saved_flaw(v, &s, next_us);
    if (flaw) return fold_illegal(why, "schedule %u %s", number, flaw);
    if (next_us) s.ended_us = s.ended_reason = 0;
    return fold_stored(put_due(v, &s, next_us) &&
                       entry_put(v, SCHEDULE_TEXTS, number, BYTES_NONE, texts, TEXTS, false));
}

static enum fold_result removed(struct view *v, const struct event *e, struct sentence *why)
{
    struct schedule s;
    struct schedule_text text;
    uint32_t number = e->schedule_removed.schedule;
    if (!copy(v, number, &s)) return no_schedule(why, number);
    s.removed = true;
    return fold_stored(schedules_text(v, number, &text) && store_delete(v, SCHEDULE_IDS, text.id) && put_due(v, &s, 0));
}

/* ---- Due: run, missed, ended. */

static uint64_t run_key(uint32_t number, uint32_t occurrence)
{
    return (uint64_t)number << 32 | occurrence;
}

/* The occurrences and what became of them; then it is due at next_us. Nothing is ever due twice: numbers and times
 * only move on. */
static enum fold_result pass(struct view *v, struct schedule *s, const struct schedule_run *run, int64_t next_us,
                             struct sentence *why)
{
    if (s->next_us == 0 || s->next_us != run->due_us || run->first != s->occurrences + 1 || run->last < run->first) {
        return fold_illegal(why, "occurrence %u of schedule %u is not due then", run->first, s->number);
    }
    if (next_us && next_us <= s->next_us) {
        return fold_illegal(why, "schedule %u is due when it was due before", s->number);
    }
    s->occurrences = run->last;
    s->last_due_us = s->next_us;
    if (run->job) s->last_run = run->last;
    else s->last_missed = run->last;
    return fold_stored(
        store_put_number(v, SCHEDULE_RUNS, run_key(s->number, run->last), (struct bytes){run, sizeof *run}) &&
        put_due(v, s, next_us));
}

static enum fold_result fired(struct view *v, const struct event *e, struct sentence *why)
{
    struct schedule s;
    struct schedule_run run = {.first = e->schedule_fired.occurrence,
                               .last = e->schedule_fired.occurrence,
                               .job = e->schedule_fired.job,
                               .due_us = e->schedule_fired.due_us};
    if (!copy(v, e->schedule_fired.schedule, &s)) return no_schedule(why, e->schedule_fired.schedule);
    return pass(v, &s, &run, e->schedule_fired.next_us, why);
}

static enum fold_result missed(struct view *v, const struct event *e, struct sentence *why)
{
    struct schedule s;
    struct schedule_run run = {.first = e->schedule_missed.from_occurrence,
                               .last = e->schedule_missed.to_occurrence,
                               .reason = e->schedule_missed.reason,
                               .due_us = e->schedule_missed.due_us};
    if (!copy(v, e->schedule_missed.schedule, &s)) return no_schedule(why, e->schedule_missed.schedule);
    if (run.reason < MISSED_ENGINE_DOWN || run.reason > MISSED_DATA_UNFIT) {
        return fold_illegal(why, "schedule %u missed a run for the unknown reason %u", s.number, run.reason);
    }
    return pass(v, &s, &run, e->schedule_missed.next_us, why);
}

static enum fold_result ended(struct view *v, const struct event *e, struct sentence *why)
{
    struct schedule s;
    uint32_t number = e->schedule_ended.schedule;
    if (!copy(v, number, &s)) return no_schedule(why, number);
    s.ended_reason = e->schedule_ended.reason;
    s.ended_us = e->time_us;
    if (s.ended_reason < ENDED_ONCE || s.ended_reason > ENDED_WITHOUT_ZONE) {
        return fold_illegal(why, "schedule %u ended for the unknown reason %u", number, s.ended_reason);
    }
    if (s.next_us) return fold_illegal(why, "schedule %u is due and has ended", number);
    return fold_stored(put(v, &s));
}

/* Schedules care for the events about themselves. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_SCHEDULE_SAVED: return saved(v, e, why);
    case EVENT_SCHEDULE_FIRED: return fired(v, e, why);
    case EVENT_SCHEDULE_MISSED: return missed(v, e, why);
    case EVENT_SCHEDULE_ENDED: return ended(v, e, why);
    case EVENT_SCHEDULE_REMOVED: return removed(v, e, why);
    default: return FOLD_OK;
    }
}

const struct fold fold_schedules = {
    .name = "schedules",
    .tables = {"schedules", "schedule_texts", "schedule_ids", "schedules_due", "schedule_runs"},
    .apply = apply,
};

/* ---- Reads. */

uint32_t schedules_find(struct view *v, struct bytes id)
{
    return ids_find(v, SCHEDULE_IDS, id);
}

const struct schedule *schedules_get(struct view *v, uint32_t number)
{
    return store_record(v, SCHEDULES, number, sizeof(struct schedule));
}

bool schedules_text(struct view *v, uint32_t number, struct schedule_text *text)
{
    struct bytes entry, texts[TEXTS];
    if (!store_get_number(v, SCHEDULE_TEXTS, number, &entry)) return false;
    if (!entry_read(v, entry, NULL, 0, texts, TEXTS)) return false;
    *text = (struct schedule_text){texts[ID], texts[DISPLAY_NAME], texts[DESCRIPTION], texts[TIME_ZONE], texts[DATA]};
    return true;
}

uint32_t schedules_next_number(struct view *v)
{
    return (uint32_t)store_last(v, SCHEDULES) + 1;
}

const struct schedule *schedules_next(struct view *v, uint32_t from)
{
    uint64_t number = from;
    struct bytes value;
    for (; store_next(v, SCHEDULES, number, &number, &value); number++) {
        const struct schedule *s = store_record_of(v, value, sizeof *s);
        if (!s || !s->removed) return s;
    }
    return NULL;
}

const struct schedule *schedules_first_due(struct view *v)
{
    uint64_t key;
    struct bytes nothing;
    if (!store_next(v, SCHEDULES_DUE, 0, &key, &nothing)) return NULL;
    return schedules_get(v, (uint32_t)(key & ((1u << NUMBER_BITS) - 1)));
}

bool schedules_run(struct view *v, uint32_t number, uint32_t occurrence, struct schedule_run *run)
{
    uint64_t key;
    struct bytes value;
    if (!store_previous(v, SCHEDULE_RUNS, run_key(number, occurrence), &key, &value) || key >> 32 != number)
        return false;
    const struct schedule_run *stored = store_record_of(v, value, sizeof *stored);
    if (stored) *run = *stored;
    return stored != NULL;
}
