/* Templates, groups and devices; imports and jobs, which have more to say, are in files of their own. */
#include "engine/wire/resources.h"

#include <stdio.h>

#include "projections/actors.h"
#include "projections/devices.h"
#include "projections/groups.h"
#include "engine/decide/moves.h"
#include "projections/imports.h"
#include "projections/keys.h"
#include "projections/moves.h"
#include "projections/reported.h"
#include "projections/templates.h"
#include "projections/thumbprints.h"

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

/* ---- Who. */

void put_actor(struct open_map *m, const char *key, struct view *v, uint32_t number)
{
    struct actor actor;
    char uid[32];
    if (number == 0) {
        put_word(m, key, "engine");
        return;
    }
    if (!v) {
        put_uint(m, key, number);
        return;
    }
    ASSERT(actors_get(v, number, &actor));
    const char *for_whom = actor.on_behalf_of.size ? " for " : "";
    int size = snprintf(uid, sizeof uid, "uid %u%s", actor.uid, for_whom);
    put_key(m, key);
    msgpack_pack_str(&m->packer, (size_t)size + actor.on_behalf_of.size);
    msgpack_pack_str_body(&m->packer, uid, (size_t)size);
    msgpack_pack_str_body(&m->packer, actor.on_behalf_of.data, actor.on_behalf_of.size);
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

void put_move_operation(struct open_map *m, struct view *v, const struct wire_facts *facts, uint32_t number)
{
    const struct move *stored = moves_get(v, number);
    ASSERT(stored);
    struct move move = *stored;
    put_uint(m, "move", number);
    if (move.group) put_text(m, "group", group_id(v, move.group));
    put_text(m, "template", template_id(v, move.template));
    put_word(m, "status", move_outcome_word(move.outcome));
    put_uint(m, "moved", move.moved);
    if (move.outcome == MOVE_OPEN && facts) put_uint(m, "percent", moving_percent(facts->moving, number));
    put_time(m, "opened", move.opened_us);
    if (move.closed_us) put_time(m, "closed", move.closed_us);
    put_actor(m, "by", v, move.actor);
}

void put_move(struct view *v, const struct wire_facts *facts, uint32_t number, struct buffer *out)
{
    struct open_map m = put_map(out);
    put_move_operation(&m, v, facts, number);
    put_end(&m);
}
