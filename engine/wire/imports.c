/* Imports as clients see them. */
#include "engine/wire/resources.h"

#include "engine/decide/imports.h"
#include "projections/imports.h"

static const char *const IMPORT_OUTCOME_WORDS[] = {
    [IMPORT_OPEN] = "open",
    [IMPORT_COMPLETE] = "complete",
    [IMPORT_CUT_OFF] = "cut_off",
    [IMPORT_REFUSED] = "refused",
    [IMPORT_CLIENT_GONE] = "client_gone",
    [IMPORT_ENGINE_RESTARTED] = "engine_restarted",
    [IMPORT_CANCELLED] = "cancelled",
};

const char *import_outcome_word(uint32_t outcome)
{
    return outcome < COUNT_OF(IMPORT_OUTCOME_WORDS) ? IMPORT_OUTCOME_WORDS[outcome] : "unknown";
}

/* What the events do not say yet. */
static void add_what_is_open(struct import *import, const struct open_import *open)
{
    import->lines = import_reader_lines(open->reader);
    import->unchanged = open->counts.unchanged;
    if (!import->dry_run) return;
    import->accepted = open->counts.accepted;
    import->changed = open->counts.changed;
    import->rejected = open->counts.rejected;
    import->twice = open->counts.twice;
}

static void put_counts(struct open_map *m, const struct import *import)
{
    put_uint(m, "accepted", import->accepted);
    put_uint(m, "changed", import->changed);
    put_uint(m, "unchanged", import->unchanged);
    put_uint(m, "rejected", import->rejected);
    if (import->dry_run) put_uint(m, "twice", import->twice);
    put_uint(m, "lines", import->lines);
}

static void put_fields(struct open_map *m, struct view *v, struct import *import, const struct open_import *open)
{
    bool is_open = import->outcome == IMPORT_OPEN;
    if (is_open && open) add_what_is_open(import, open);
    put_text(m, "id", import->id);
    put_word(m, "status", import_outcome_word(import->outcome));
    if (import->reason.size) put_text(m, "reason", import->reason);
    if (import->dry_run) put_flag(m, "dryRun", true);
    if (import->update) put_flag(m, "update", true);
    put_counts(m, import);
    if (is_open && open) put_uint(m, "bytes", open->bytes);
    if (is_open && open && open->size) put_uint(m, "size", open->size);
    put_time(m, "opened", import->opened_us);
    if (!is_open) put_time(m, "closed", import->closed_us);
    /* The other reads of the view come last: the import's texts are borrowed. */
    put_actor(m, "by", v, import->actor);
    if (import->template) put_text(m, "template", template_id(v, import->template));
}

static void put_problems(struct open_map *m, const struct open_import *open)
{
    put_key(m, "problems");
    struct open_list list = put_list(m->out);
    for (size_t i = 0; i < open->problem_count; i++, list.count++) {
        struct open_map problem = put_map(m->out);
        put_uint(&problem, "line", open->problems[i].line);
        put_text(&problem, "reason", open->problems[i].reason);
        put_end(&problem);
    }
    put_list_end(&list);
}

static const struct open_import *find_open(const struct wire_facts *facts, uint32_t number)
{
    return facts ? open_imports_find(facts->imports, number) : NULL;
}

void put_import(struct view *v, const struct wire_facts *facts, uint32_t number, bool problems, struct buffer *out)
{
    struct import import;
    const struct open_import *open = find_open(facts, number);
    ASSERT(imports_get(v, number, &import));
    struct open_map m = put_map(out);
    put_fields(&m, v, &import, open);
    if (problems && open && open->problem_count) put_problems(&m, open);
    put_end(&m);
}

/* The error log is there to be fetched as long as the import is known. */
void put_import_operation(struct open_map *m, struct view *v, const struct wire_facts *facts, uint32_t number)
{
    struct import import;
    ASSERT(imports_get(v, number, &import));
    if (import.rejected && !import.dry_run) put_word(m, "fetch", "imports.errors");
    put_fields(m, v, &import, find_open(facts, number));
}
