/* Templates, groups, devices and imports; jobs, which have more to say, are in jobs.c. */
#include "engine/wire/resources.h"

#include "projections/devices.h"
#include "projections/groups.h"
#include "projections/imports.h"
#include "projections/keys.h"
#include "projections/moves.h"
#include "projections/reported.h"
#include "projections/templates.h"
#include "projections/thumbprints.h"

static const char *const IMPORT_OUTCOME_WORDS[] = {
    [IMPORT_OPEN] = "open",
    [IMPORT_COMPLETE] = "complete",
    [IMPORT_CUT_OFF] = "cut_off",
    [IMPORT_REFUSED] = "refused",
    [IMPORT_CLIENT_GONE] = "client_gone",
    [IMPORT_ENGINE_RESTARTED] = "engine_restarted",
};

const char *import_outcome_word(uint32_t outcome)
{
    return outcome < COUNT_OF(IMPORT_OUTCOME_WORDS) ? IMPORT_OUTCOME_WORDS[outcome] : "unknown";
}

const char *keys_rotated_word(uint32_t which)
{
    static const char *const WORDS[] = {
        [KEYS_ROTATED_BOTH] = "both",
        [KEYS_ROTATED_PRIMARY] = "primary",
        [KEYS_ROTATED_SECONDARY] = "secondary",
    };
    return which < COUNT_OF(WORDS) ? WORDS[which] : "unknown";
}

static const char *const MOVE_OUTCOME_WORDS[] = {
    [MOVE_OPEN] = "running",
    [MOVE_COMPLETE] = "complete",
    [MOVE_TEMPLATE_REMOVED] = "template_removed",
};

const char *move_outcome_word(uint32_t outcome)
{
    return outcome < COUNT_OF(MOVE_OUTCOME_WORDS) ? MOVE_OUTCOME_WORDS[outcome] : "unknown";
}

/* ---- Ids. */

struct bytes template_id(struct view *v, uint32_t number)
{
    struct template template;
    if (number == 0) return BYTES_NONE;
    ASSERT(templates_get(v, number, &template));
    return template.id;
}

struct bytes group_id(struct view *v, uint32_t number)
{
    struct group group;
    if (number == 0) return BYTES_NONE;
    ASSERT(groups_get(v, number, &group));
    return group.id;
}

struct bytes device_id(struct view *v, uint32_t number)
{
    struct device device;
    if (number == 0) return BYTES_NONE;
    ASSERT(devices_get(v, number, &device));
    return device.id;
}

struct bytes import_id(struct view *v, uint32_t number)
{
    struct import import;
    if (number == 0) return BYTES_NONE;
    ASSERT(imports_get(v, number, &import));
    return import.id;
}

/* ---- Resources. */

void put_template(struct view *v, uint32_t number, bool uses, struct buffer *out)
{
    struct template template;
    ASSERT(templates_get(v, number, &template));
    struct open_map m = put_map(out);
    put_text(&m, "id", template.id);
    put_text(&m, "displayName", template.display_name);
    if (template.capabilities.size) put_raw(&m, "capabilities", template.capabilities);
    if (uses) put_used_by(v, &m, USED_TEMPLATE, number);
    put_end(&m);
}

void put_group(struct view *v, uint32_t number, bool uses, struct buffer *out)
{
    struct group group;
    ASSERT(groups_get(v, number, &group));
    struct open_map m = put_map(out);
    put_text(&m, "id", group.id);
    put_text(&m, "displayName", group.display_name);
    put_text(&m, "description", group.description);
    put_text(&m, "filter", group.filter);
    if (uses) put_used_by(v, &m, USED_GROUP, number);
    put_end(&m);
}

static void put_thumbprints(struct view *v, struct open_map *m, uint32_t device)
{
    struct thumbprints found = thumbprints_get(v, device);
    if (found.primary.size == 0 && found.secondary.size == 0) return;
    put_key(m, "thumbprints");
    struct open_map thumbprints = put_map(m->out);
    if (found.primary.size) put_hex(&thumbprints, "primary", found.primary);
    if (found.secondary.size) put_hex(&thumbprints, "secondary", found.secondary);
    put_end(&thumbprints);
}

void put_device(struct view *v, uint32_t number, struct buffer *out)
{
    struct device device;
    ASSERT(devices_get(v, number, &device));
    struct open_map m = put_map(out);
    put_text(&m, "id", device.id);
    put_text(&m, "displayName", device.display_name);
    uint32_t template = device.template;
    put_flag(&m, "provisioned", device.provisioned);
    put_flag(&m, "simulated", device.simulated);
    if (template) put_text(&m, "template", template_id(v, template));
    put_thumbprints(v, &m, number);
    struct bytes reported = reported_get(v, number);
    if (reported.size) put_raw(&m, "reported", reported);
    put_device_values(v, &m, number);
    put_end(&m);
}

void put_move(struct view *v, uint32_t number, struct buffer *out)
{
    const struct move *move = moves_get(v, number);
    ASSERT(move);
    struct open_map m = put_map(out);
    put_uint(&m, "move", number);
    if (move->group) put_text(&m, "group", group_id(v, move->group));
    put_text(&m, "template", template_id(v, move->template));
    put_word(&m, "status", move_outcome_word(move->outcome));
    put_uint(&m, "moved", move->moved);
    put_time(&m, "opened", move->opened_us);
    if (move->closed_us) put_time(&m, "closed", move->closed_us);
    put_end(&m);
}

void put_import(struct view *v, uint32_t number, uint64_t lines, uint64_t unchanged, struct buffer *out)
{
    struct import import;
    ASSERT(imports_get(v, number, &import));
    bool is_open = import.outcome == IMPORT_OPEN;
    struct open_map m = put_map(out);
    put_text(&m, "id", import.id);
    put_word(&m, "status", import_outcome_word(import.outcome));
    if (import.reason.size) put_text(&m, "reason", import.reason);
    put_uint(&m, "accepted", import.accepted);
    put_uint(&m, "unchanged", is_open ? unchanged : import.unchanged);
    put_uint(&m, "rejected", import.rejected);
    put_uint(&m, "lines", is_open ? lines : import.lines);
    put_time(&m, "opened", import.opened_us);
    if (!is_open) put_time(&m, "closed", import.closed_us);
    if (import.template) put_text(&m, "template", template_id(v, import.template));
    put_end(&m);
}
