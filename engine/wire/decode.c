/* Frames become calls by table: one row a method, one a field, both made from commands.def. */
#include "engine/wire/wire.h"

#include "engine/base/text.h"
#include "engine/wire/fields.h"

#include <stdio.h>

enum { MESSAGE_REQUEST = 0, MESSAGE_NOTIFICATION = 2, REQUEST_PARTS = 4, NOTIFICATION_PARTS = 3 };
enum { QUOTED_CHARACTERS_MAX = 40 };

enum need { OPTIONAL, REQUIRED };

struct field {
    const char *key; /* NULL ends the table */
    field_reader *read;
    size_t offset; /* in struct command */
    enum need need;
};

struct method {
    struct bytes name;
    enum command_access access;
    const struct field *(*fields)(void);
};

/* All parameter structs begin where their union does. */
#define PARAMS_OFFSET offsetof(struct command, hello)

#define COMMAND(member, method, access)                                                                                \
    static const struct field *fields_##member(void)                                                                   \
    {                                                                                                                  \
        typedef __typeof__(((struct command *)NULL)->member) params __attribute__((unused));                           \
        static const struct field FIELDS[] = {
#define FIELD(type, name, key, need) {key, read_##type, PARAMS_OFFSET + offsetof(params, name), need},
#define COMMAND_END(member)                                                                                            \
        {0}};                                                                                                          \
        return FIELDS;                                                                                                 \
    }
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END

static const struct method METHODS[COMMAND_COUNT] = {
#define COMMAND(member, method, access) [COMMAND_##member] = {{method, sizeof(method) - 1}, access, fields_##member},
#define FIELD(type, name, key, need)
#define COMMAND_END(member)
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END
};

/* What every changing method takes besides its own fields. */
static const struct field CHANGES_FIELDS[] = {
    {"requestId", read_name, offsetof(struct command, request_id), OPTIONAL},
    {"onBehalfOf", read_name, offsetof(struct command, on_behalf_of), OPTIONAL},
    {0},
};

static const struct field NO_FIELDS[] = {{0}};

static const struct field *common_fields(const struct method *method)
{
    return method->access == CHANGES ? CHANGES_FIELDS : NO_FIELDS;
}

struct bytes wire_method_name(enum command_type type)
{
    ASSERT(type > COMMAND_NONE && type < COMMAND_COUNT);
    return METHODS[type].name;
}

/* ---- Sentences that list what there is. */

static void append(struct sentence *why, const char *before, struct bytes text)
{
    size_t used = strlen(why->text);
    snprintf(why->text + used, sizeof why->text - used, "%s%.*s", before, BYTES_ARG(text));
}

static void append_keys(struct sentence *why, const struct field *fields, size_t *listed)
{
    for (const struct field *field = fields; field->key; field++) {
        append(why, (*listed)++ ? ", " : "; it takes ", bytes_of_text(field->key));
    }
}

static void refuse_field(const struct method *method, struct bytes key, struct sentence *why)
{
    size_t listed = 0;
    sentence_set(why, "%s: there is no field \"%.*s\"", (const char *)method->name.data,
                 BYTES_ARG(text_quotable(key, QUOTED_CHARACTERS_MAX)));
    append_keys(why, method->fields(), &listed);
    append_keys(why, common_fields(method), &listed);
    if (listed == 0) append(why, "; it takes none", BYTES_NONE);
}

/* Lists the methods of the same noun, or says where all of them are listed. */
static void refuse_method(struct bytes name, struct sentence *why)
{
    const char *dot = name.size ? memchr(name.data, '.', name.size) : NULL;
    size_t noun = dot ? (size_t)(dot - (const char *)name.data) + 1 : 0;
    size_t listed = 0;
    sentence_set(why, "there is no method \"%.*s\"", BYTES_ARG(text_quotable(name, QUOTED_CHARACTERS_MAX)));
    for (int type = COMMAND_NONE + 1; noun > 0 && type < COMMAND_COUNT; type++) {
        struct bytes method = METHODS[type].name;
        if (method.size < noun || memcmp(method.data, name.data, noun) != 0) continue;
        append(why, listed++ ? ", " : "; there are ", method);
    }
    if (listed == 0) append(why, "; docs/protocol.md lists them", BYTES_NONE);
}

/* ---- Parameters. */

/* Which fields were given: a bit for each row of a table. */
struct given {
    uint32_t own;
    uint32_t common;
};

static const struct field *field_named(const struct field *fields, struct bytes key)
{
    for (const struct field *field = fields; field->key; field++) {
        if (bytes_equal(key, bytes_of_text(field->key))) return field;
    }
    return NULL;
}

static uint32_t bit_of(const struct field *fields, const struct field *field)
{
    ASSERT(field - fields < 32);
    return UINT32_C(1) << (field - fields);
}

static bool read_field(const struct method *method, struct bytes key, struct cursor *c, struct command *command,
                       struct given *given, struct sentence *why)
{
    const struct field *fields = method->fields();
    const struct field *field = field_named(fields, key);
    uint32_t *bits = &given->own;
    if (!field) {
        fields = common_fields(method);
        field = field_named(fields, key);
        bits = &given->common;
    }
    if (!field) {
        refuse_field(method, key, why);
        return false;
    }
    /* As if it were not there: many clients have no other way to leave it out. */
    if (cursor_nil(c)) return true;
    const struct reading reading = {.method = method->name.data, .key = field->key, .why = why};
    if (*bits & bit_of(fields, field)) {
        sentence_set(why, "%s: field \"%s\" is given twice", reading.method, field->key);
        return false;
    }
    *bits |= bit_of(fields, field);
    return field->read(&reading, c, (uint8_t *)command + field->offset);
}

static bool has_required(const struct method *method, const struct given *given, struct sentence *why)
{
    const struct field *fields = method->fields();
    for (const struct field *field = fields; field->key; field++) {
        if (field->need == OPTIONAL || given->own & bit_of(fields, field)) continue;
        sentence_set(why, "%s: field \"%s\" is missing", (const char *)method->name.data, field->key);
        return false;
    }
    return true;
}

static bool refuse_params(const struct method *method, struct sentence *why)
{
    sentence_set(why, "%s: its parameters must be one map in an array", (const char *)method->name.data);
    return false;
}

/* params: [], [nil] or [{...}]. */
static bool read_params(const struct method *method, struct cursor *c, struct command *command, struct sentence *why)
{
    uint32_t arguments, pairs = 0;
    struct given given = {0};
    if (!cursor_array(c, &arguments) || arguments > 1) return refuse_params(method, why);
    if (arguments == 1 && !cursor_nil(c)) {
        struct cursor start = *c;
        if (!cursor_map(c, &pairs)) return refuse_params(method, why);
        command->params = cursor_value(&start);
    }
    for (uint32_t i = 0; i < pairs; i++) {
        struct bytes key;
        if (!cursor_text(c, &key)) return refuse_params(method, why);
        if (!read_field(method, key, c, command, &given, why)) return false;
    }
    return has_required(method, &given, why);
}

/* ---- The envelope. */

static enum command_type method_named(struct bytes name)
{
    for (int type = COMMAND_NONE + 1; type < COMMAND_COUNT; type++) {
        if (bytes_equal(METHODS[type].name, name)) return (enum command_type)type;
    }
    return COMMAND_NONE;
}

static enum wire_result not_rpc(struct sentence *why, const char *what)
{
    sentence_set(why, "this is no MessagePack-RPC: %s", what);
    return WIRE_NOT_RPC;
}

static enum wire_result decode_request(struct cursor *c, struct call *call, enum refusal *refusal, struct sentence *why)
{
    struct bytes name;
    if (!cursor_uint(c, &call->msgid) || call->msgid > UINT32_MAX) {
        return not_rpc(why, "a request's id must be a whole number below 2^32");
    }
    if (!cursor_text(c, &name)) return not_rpc(why, "a method's name must be a text");
    call->command.type = method_named(name);
    if (call->command.type == COMMAND_NONE) {
        refuse_method(name, why);
        *refusal = REFUSED_UNKNOWN_METHOD;
        return WIRE_REFUSED;
    }
    *refusal = REFUSED_BAD_FIELD;
    return read_params(&METHODS[call->command.type], c, &call->command, why) ? WIRE_CALL : WIRE_REFUSED;
}

enum wire_result wire_decode(struct bytes frame, struct call *call, enum refusal *refusal, struct sentence *why)
{
    struct cursor c = cursor_over(frame);
    uint32_t parts;
    uint64_t kind;
    *call = (struct call){0};
    if (!cursor_array(&c, &parts) || parts == 0) return not_rpc(why, "a message must be an array");
    if (!cursor_uint(&c, &kind)) return not_rpc(why, "a message must begin with 0 or 2");
    if (kind == MESSAGE_REQUEST && parts == REQUEST_PARTS) return decode_request(&c, call, refusal, why);
    if (kind == MESSAGE_NOTIFICATION && parts == NOTIFICATION_PARTS) return WIRE_NOTIFICATION;
    return not_rpc(why, "a message must be [0, msgid, method, [params]] or [2, method, [params]]");
}
