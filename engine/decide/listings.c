/* What people look at of a job: its devices, its failures, its results log, and the columns they chose to see. */
#include "engine/base/cursor.h"
#include "engine/base/pack.h"
#include "engine/base/text.h"
#include "engine/decide/decide.h"
#include "engine/decide/limits.h"
#include "engine/filter/listing.h"
#include "projections/columns.h"
#include "projections/job_devices.h"
#include "projections/jobs.h"

enum { QUOTED_CHARACTERS_MAX = 40 };

/* ---- Words: a text alone is a list of one. */

static struct cursor words_begin(struct bytes words)
{
    struct cursor c = cursor_over(words);
    uint32_t count;
    cursor_array(&c, &count);
    return c;
}

static bool words_next(struct cursor *c, struct bytes *word)
{
    return !cursor_at_end(c) && cursor_text(c, word);
}

/* ---- Which devices. */

static bool state_named(struct bytes word, uint32_t *states)
{
    static const struct {
        const char *word;
        uint32_t states;
    } STATES[] = {
        {"pending", 1u << DEVICE_WAITING | 1u << DEVICE_OUT},
        {"completed", 1u << DEVICE_COMPLETED},
        {"failed", 1u << DEVICE_FAILED},
        {"any", ~0u},
    };
    for (size_t i = 0; i < COUNT_OF(STATES); i++) {
        if (!bytes_equal(word, bytes_of_text(STATES[i].word))) continue;
        *states |= STATES[i].states;
        return true;
    }
    return false;
}

static bool outcome_named(struct bytes word, uint32_t *outcomes)
{
    for (enum device_outcome outcome = OUTCOME_FAILED; outcome <= OUTCOME_DEVICE_REMOVED; outcome++) {
        if (!bytes_equal(word, bytes_of_text(outcome_word(outcome)))) continue;
        *outcomes |= 1u << outcome;
        return true;
    }
    return false;
}

static enum refusal read_which(struct decision *d, const struct command *c, struct listing *listing)
{
    struct bytes word;
    for (struct cursor states = words_begin(c->jobs_devices.status); words_next(&states, &word);) {
        if (!state_named(word, &listing->states))
            return refuse_field(d, "status must be any, pending, completed or failed, or a list of these");
    }
    for (struct cursor outcomes = words_begin(c->jobs_devices.reason); words_next(&outcomes, &word);) {
        if (!outcome_named(word, &listing->outcomes))
            return refuse_field(d, "reason must be failed, rejected, timed_out, expired or device_removed, or a list "
                                   "of these");
    }
    listing->id = c->jobs_devices.device_id;
    listing->id_prefix = c->jobs_devices.device_id_prefix;
    listing->id_part = c->jobs_devices.device_id_contains;
    return ACCEPTED;
}

/* ---- In which order, from where on. */

static enum refusal read_page(struct decision *d, const struct command *c, struct listing *listing)
{
    uint32_t unused;
    struct bytes sort = c->jobs_devices.sort, cursor = c->jobs_devices.cursor;
    enum refusal refusal = check_page(d, c->jobs_devices.limit, BYTES_NONE, &listing->limit, &unused);
    if (refusal) return refusal;
    if (sort.size > 0 && !listing_order_named(sort, &listing->order))
        return refuse_field(d,
                            "sort must be \"id\", \"id desc\", \"finish\" or \"finish desc\"; without it devices come "
                            "in the job's order");
    if (cursor.data && !listing_read_cursor(cursor, listing->order, &listing->from)) return REFUSED_BAD_CURSOR;
    return ACCEPTED;
}

/* ---- Columns. */

static bool has_column(const struct column columns[], size_t count, struct bytes name)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(columns[i].name, name)) return true;
    }
    return false;
}

static enum refusal read_columns(struct decision *d, struct bytes words, struct columns *columns)
{
    struct column *column = arena_alloc(d->arena, COLUMNS_MAX * sizeof *column);
    struct bytes name;
    *columns = (struct columns){column, 0};
    for (struct cursor c = words_begin(words); words_next(&c, &name); columns->count++) {
        if (columns->count == COLUMNS_MAX) return refuse_field(d, "columns may name %d columns at most", COLUMNS_MAX);
        if (!column_named(name, &column[columns->count]))
            return refuse_field(d,
                                "there is no column \"%.*s\"; docs/protocol.md lists them, and a property is named "
                                "by properties.PATH",
                                BYTES_ARG(text_quotable(name, QUOTED_CHARACTERS_MAX)));
        if (has_column(column, columns->count, name))
            return refuse_field(d, "columns names \"%.*s\" twice",
                                BYTES_ARG(text_quotable(name, QUOTED_CHARACTERS_MAX)));
    }
    return ACCEPTED;
}

enum { VIEW_DEVICES, VIEW_RESULTS };
static const struct bytes VIEWS[] = {
    [VIEW_DEVICES] = {"jobs.devices", sizeof "jobs.devices" - 1},
    [VIEW_RESULTS] = {"jobs.results", sizeof "jobs.results" - 1},
};

/* Those of the call, else those that the user chose for this view, else none. */
static enum refusal choose_columns(struct decision *d, struct bytes words, struct bytes user, struct bytes view_name,
                                   struct columns *columns)
{
    if (!words.data && user.size > 0) words = arena_copy(d->arena, columns_get(d->view, user, view_name));
    return read_columns(d, words, columns);
}

/* ---- The lists. */

/* What the job's devices did is forgotten with its list. */
static enum refusal find_job(struct decision *d, struct bytes id, uint32_t *number)
{
    *number = jobs_find(d->view, id);
    if (!*number) return REFUSED_NO_SUCH_JOB;
    return jobs_get(d->view, *number)->expired ? REFUSED_JOB_EXPIRED : ACCEPTED;
}

enum refusal decide_jobs_devices(struct decision *d, const struct command *c)
{
    struct listing *listing = arena_zero(d->arena, sizeof *listing);
    uint32_t number;
    enum refusal refusal = find_job(d, c->jobs_devices.id, &number);
    if (!refusal) refusal = read_which(d, c, listing);
    if (!refusal) refusal = read_page(d, c, listing);
    if (!refusal)
        refusal =
            choose_columns(d, c->jobs_devices.columns, c->jobs_devices.user, VIEWS[VIEW_DEVICES], &listing->columns);
    if (refusal) return refusal;
    if (listing->columns.count == 0) listing->columns = columns_usual();
    d->answer = (struct answer){.kind = ANSWER_JOB_DEVICES, .number = number, .listing = listing};
    return ACCEPTED;
}

enum refusal decide_jobs_attempts(struct decision *d, const struct command *c)
{
    uint32_t rows, unused, number;
    uint64_t from = 0;
    enum refusal refusal = find_job(d, c->jobs_attempts.id, &number);
    if (!refusal) refusal = check_page(d, c->jobs_attempts.limit, BYTES_NONE, &rows, &unused);
    if (!refusal) refusal = check_cursor(c->jobs_attempts.cursor, &from);
    if (refusal) return refusal;
    d->answer = (struct answer){
        .kind = ANSWER_ATTEMPTS, .number = number, .text = c->jobs_attempts.device, .from = from, .limit = rows};
    return ACCEPTED;
}

enum refusal decide_jobs_failures(struct decision *d, const struct command *c)
{
    uint32_t number;
    enum refusal refusal = find_job(d, c->jobs_failures.id, &number);
    return refusal ? refusal : answer_with(d, ANSWER_FAILURES, number);
}

enum refusal decide_jobs_results(struct decision *d, const struct command *c)
{
    struct listing *listing = arena_zero(d->arena, sizeof *listing);
    uint32_t number;
    enum refusal refusal = find_job(d, c->jobs_results.id, &number);
    /* What was written before it expired may still be read to its end. */
    if (refusal == REFUSED_JOB_EXPIRED && c->jobs_results.next.data) refusal = ACCEPTED;
    if (!refusal)
        refusal =
            choose_columns(d, c->jobs_results.columns, c->jobs_results.user, VIEWS[VIEW_RESULTS], &listing->columns);
    if (refusal) return refusal;
    d->answer =
        (struct answer){.kind = ANSWER_RESULTS, .number = number, .text = c->jobs_results.next, .listing = listing};
    return ACCEPTED;
}

/* ---- Chosen columns. */

static enum refusal check_view(struct decision *d, struct bytes user, struct bytes view_name)
{
    if (user.size == 0) return refuse_field(d, "user must be a name of 1 to %d bytes", REQUEST_ID_BYTES_MAX);
    enum refusal refusal = check_size(d, user, REQUEST_ID_BYTES_MAX, "user");
    if (refusal) return refusal;
    for (size_t i = 0; i < COUNT_OF(VIEWS); i++) {
        if (bytes_equal(view_name, VIEWS[i])) return ACCEPTED;
    }
    return refuse_field(d, "view must be jobs.devices or jobs.results; it is \"%.*s\"",
                        BYTES_ARG(text_quotable(view_name, QUOTED_CHARACTERS_MAX)));
}

static struct bytes pack_columns(struct arena *arena, struct columns columns)
{
    struct buffer out = {.arena = arena};
    msgpack_packer p = packer_into(&out);
    msgpack_pack_array(&p, columns.count);
    for (size_t i = 0; i < columns.count; i++) pack_text(&p, columns.column[i].name);
    return buffer_bytes(&out);
}

static enum refusal answer_columns(struct decision *d, struct bytes user, struct bytes view_name)
{
    struct bytes columns = columns_get(d->view, user, view_name);
    d->answer = (struct answer){
        .kind = ANSWER_COLUMNS, .user = user, .view_name = view_name, .text = arena_copy(d->arena, columns)};
    return ACCEPTED;
}

enum refusal decide_columns_set(struct decision *d, const struct command *c)
{
    struct bytes user = c->columns_set.user, view_name = c->columns_set.view;
    struct columns columns;
    enum refusal refusal = check_view(d, user, view_name);
    if (!refusal) refusal = read_columns(d, c->columns_set.columns, &columns);
    if (refusal) return refusal;
    if (d->short_of_room) return REFUSED_NO_SPACE;
    struct bytes packed = pack_columns(d->arena, columns), before = columns_get(d->view, user, view_name);
    bool changes = columns.count == 0 ? before.size > 0 : !bytes_equal(packed, before);
    if (changes)
        emit(d->events, (struct event){.type = EVENT_COLUMNS_CHOSEN,
                                       .columns_chosen = {.user = user, .view = view_name, .columns = packed}});
    return answer_columns(d, user, view_name);
}

enum refusal decide_columns_get(struct decision *d, const struct command *c)
{
    enum refusal refusal = check_view(d, c->columns_get.user, c->columns_get.view);
    return refusal ? refusal : answer_columns(d, c->columns_get.user, c->columns_get.view);
}
