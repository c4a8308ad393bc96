/* Read once into a small table of entries, checked against each other, written anew. */
#include "engine/decide/job_data.h"

#include "engine/base/cursor.h"
#include "engine/base/pack.h"
#include "engine/base/text.h"
#include "engine/decide/limits.h"

struct type_row {
    enum job_type type;
    const char *name;
    const char *central_name; /* as IoT Central's REST API has it */
};

static const struct type_row TYPES[] = {
    {JOB_TYPE_PROPERTY, "property", "PropertyJobData"},
    {JOB_TYPE_CLOUD_PROPERTY, "cloudProperty", "CloudPropertyJobData"},
    {JOB_TYPE_COMMAND, "command", "CommandJobData"},
};

#define ENTRY_RULE "must be {type, target?, path, value}"

struct entry {
    const struct type_row *type;
    struct bytes target;
    struct bytes path;
    struct bytes value; /* data NULL: not given */
};

/* Which entry is being read, for the sentences. */
struct reading {
    uint32_t index;
    struct sentence *why;
};

static bool refuse(const struct reading *r, const char *what)
{
    sentence_set(r->why, "data[%u]%s", r->index, what);
    return false;
}

const char *job_type_word(enum job_type type)
{
    for (size_t i = 0; i < COUNT_OF(TYPES); i++) {
        if (TYPES[i].type == type) return TYPES[i].name;
    }
    ASSERT(!"a job's type");
    return NULL;
}

static const struct type_row *type_named(struct bytes name)
{
    for (size_t i = 0; i < COUNT_OF(TYPES); i++) {
        if (bytes_equal(name, bytes_of_text(TYPES[i].name))) return &TYPES[i];
        if (bytes_equal(name, bytes_of_text(TYPES[i].central_name))) return &TYPES[i];
    }
    return NULL;
}

bool property_path_is_good(struct bytes path)
{
    if (path.size == 0 || !utf8_is_valid(path) || utf8_length(path) > JOB_PATH_CHARACTERS_MAX) return false;
    uint32_t character;
    for (size_t at = 0; at < path.size;) {
        at += utf8_next(path, at, &character);
        if (is_control_character(character)) return false;
    }
    return true;
}

static bool take_member(const struct reading *r, struct cursor *c, struct bytes key, struct entry *entry)
{
    struct bytes text = BYTES_NONE;
    if (bytes_equal(key, BYTES("value"))) {
        entry->value = cursor_value(c);
        if (!entry->value.data) return refuse(r, " is cut off");
        return value_is_readable(entry->value) || refuse(r, ".value must hold texts in UTF-8 only");
    }
    if (bytes_equal(key, BYTES("target")) && cursor_nil(c)) return true;
    bool is_text = cursor_text(c, &text);
    if (bytes_equal(key, BYTES("type"))) {
        entry->type = is_text ? type_named(text) : NULL;
        return entry->type || refuse(r, ".type must be \"property\", \"cloudProperty\" or \"command\"");
    }
    if (bytes_equal(key, BYTES("target"))) {
        entry->target = text;
        return is_text || refuse(r, ".target must be a text, the template's id");
    }
    if (bytes_equal(key, BYTES("path"))) {
        entry->path = text;
        return (is_text && property_path_is_good(text)) || refuse(r, ".path must be a text of 1 to 256 characters");
    }
    return refuse(r, " " ENTRY_RULE "; it has another field");
}

static bool read_entry(const struct reading *r, struct cursor *c, struct entry *entry)
{
    uint32_t count;
    *entry = (struct entry){0};
    if (!cursor_map(c, &count)) return refuse(r, " " ENTRY_RULE);
    for (uint32_t i = 0; i < count; i++) {
        struct bytes key;
        if (!cursor_text(c, &key)) return refuse(r, " " ENTRY_RULE "; its keys are texts");
        if (!take_member(r, c, key, entry)) return false;
    }
    if (!entry->type) return refuse(r, ".type is missing; \"property\", \"cloudProperty\" or \"command\"");
    if (!entry->path.data) return refuse(r, ".path is missing; it says what to set or to call");
    if (!entry->value.data && entry->type->type != JOB_TYPE_COMMAND) return refuse(r, ".value is missing");
    return true;
}

/* What holds between an entry and those before it. */
static bool fits(const struct reading *r, const struct entry entries[])
{
    const struct entry *entry = &entries[r->index];
    if (r->index == 0) return true;
    if (entry->type != entries[0].type) return refuse(r, ".type must be that of data[0]: a job does one kind of thing");
    if (!bytes_equal(entry->target, entries[0].target)) return refuse(r, ".target must be that of data[0]");
    if (entry->type->type == JOB_TYPE_COMMAND) return refuse(r, " is a second command; a job calls one");
    for (uint32_t i = 0; i < r->index; i++) {
        if (bytes_equal(entry->path, entries[i].path)) return refuse(r, ".path was given before; set each path once");
    }
    return true;
}

static void write_entry(msgpack_packer *p, const struct entry *entry)
{
    msgpack_pack_map(p, 2 + (entry->target.size > 0) + (entry->value.data != NULL));
    pack_key(p, "type");
    pack_key(p, entry->type->name);
    if (entry->target.size > 0) {
        pack_key(p, "target");
        pack_text(p, entry->target);
    }
    pack_key(p, "path");
    pack_text(p, entry->path);
    if (!entry->value.data) return;
    pack_key(p, "value");
    pack_raw(p, entry->value);
}

bool job_data_read(struct arena *a, struct bytes list, struct job_data *out, struct sentence *why)
{
    struct cursor c = cursor_over(list);
    struct buffer data = {.arena = a};
    msgpack_packer packer = packer_into(&data);
    uint32_t count;
    if (!cursor_array(&c, &count) || count == 0 || count > JOB_PROPERTIES_MAX || list.size > JOB_DATA_BYTES_MAX) {
        sentence_set(why, "data must be an array of 1 to %d entries, at most %d bytes in all", JOB_PROPERTIES_MAX,
                     JOB_DATA_BYTES_MAX);
        return false;
    }
    struct entry *entries = arena_alloc(a, count * sizeof *entries);
    msgpack_pack_array(&packer, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct reading r = {.index = i, .why = why};
        if (!read_entry(&r, &c, &entries[i]) || !fits(&r, entries)) return false;
        write_entry(&packer, &entries[i]);
    }
    *out = (struct job_data){.type = entries[0].type->type, .target = entries[0].target, .data = buffer_bytes(&data)};
    return true;
}
