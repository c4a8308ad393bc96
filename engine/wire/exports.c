/* Exports as clients see them. */
#include "engine/wire/resources.h"

#include "engine/decide/exports.h"

const char *export_outcome_word(uint32_t outcome)
{
    static const char *const WORDS[] = {
        [EXPORT_RUNNING] = "running",
        [EXPORT_COMPLETE] = "complete",
        [EXPORT_FAILED] = "failed",
        [EXPORT_NO_SPACE] = "no_space",
        [EXPORT_ENGINE_RESTARTED] = "engine_restarted",
    };
    return outcome < COUNT_OF(WORDS) ? WORDS[outcome] : "unknown";
}

const char *export_gone_word(uint32_t reason)
{
    static const char *const WORDS[] = {
        [EXPORT_IS_KEPT] = "kept",
        [EXPORT_GONE_OLD] = "day_old",
        [EXPORT_GONE_FOR_ANOTHER] = "made_room",
        [EXPORT_GONE_LOST] = "lost",
    };
    return reason < COUNT_OF(WORDS) ? WORDS[reason] : "unknown";
}

struct bytes export_id(struct view *v, uint32_t number)
{
    struct export export;
    if (number == 0) return BYTES_NONE;
    ASSERT(exports_get(v, number, &export));
    return export.id;
}

static void put_progress(struct open_map *m, const struct wire_facts *facts, uint32_t number)
{
    bool is_written = facts && facts->export_running == number;
    put_uint(m, "rows", is_written ? facts->export_rows : 0);
    put_uint(m, "percent", is_written ? facts->export_percent : 0);
}

static void put_fields(struct open_map *m, struct view *v, const struct wire_facts *facts, const struct export *export)
{
    bool runs = export->outcome == EXPORT_RUNNING, is_kept = export->outcome == EXPORT_COMPLETE && !export->gone;
    put_text(m, "id", export->id);
    put_word(m, "status", export_outcome_word(export->outcome));
    if (export->reason.size) put_text(m, "reason", export->reason);
    if (runs) put_progress(m, facts, export->number);
    else put_uint(m, "rows", export->rows);
    if (is_kept) put_uint(m, "bytes", export->bytes);
    if (export->gone) put_word(m, "gone", export_gone_word(export->gone));
    if (export->listed) put_uint(m, "listed", export->listed);
    put_time(m, "opened", export->opened_us);
    if (!runs) put_time(m, "closed", export->closed_us);
    if (is_kept) put_time(m, "keptUntil", export->closed_us + EXPORT_KEPT_US);
    /* Last, because reading them may move the export's own texts. */
    put_actor(m, "by", v, export->actor);
    uint32_t group = export->group, template = export->template;
    if (group) put_text(m, "group", group_id(v, group));
    if (template) put_text(m, "template", template_id(v, template));
}

void put_export(struct view *v, const struct wire_facts *facts, uint32_t number, struct buffer *out)
{
    struct export export;
    ASSERT(exports_get(v, number, &export));
    struct open_map m = put_map(out);
    put_fields(&m, v, facts, &export);
    put_end(&m);
}

/* The file is there to be fetched for a day. */
void put_export_operation(struct open_map *m, struct view *v, const struct wire_facts *facts, uint32_t number)
{
    struct export export;
    ASSERT(exports_get(v, number, &export));
    if (export.outcome == EXPORT_COMPLETE && !export.gone) put_word(m, "fetch", "exports.read");
    put_fields(m, v, facts, &export);
}
