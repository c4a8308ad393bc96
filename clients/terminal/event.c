#include "clients/terminal/event.h"
#include "clients/terminal/json.h"
#include "clients/terminal/text.h"

#include <inttypes.h>

enum { LIST_SHOWN = 3 };

/* A dispatch names thousands of devices: a person is shown the first few and told how many there are. */
static void write_list(FILE *out, const msgpack_object_array *list)
{
    fputc('[', out);
    for (uint32_t i = 0; i < LIST_SHOWN; i++) {
        if (i) fputs(", ", out);
        json_write(out, &list->ptr[i]);
    }
    fprintf(out, ", ... %" PRIu32 " in all]", list->size);
}

static void write_field(FILE *out, const msgpack_object_kv *pair)
{
    const msgpack_object *value = &pair->val;
    fputc(' ', out);
    write_text(out, pair->key.via.str);
    fputc('=', out);
    if (value->type == MSGPACK_OBJECT_ARRAY && value->via.array.size > LIST_SHOWN) write_list(out, &value->via.array);
    else json_write(out, value);
}

/* The four every event has are columns, the others follow by name. */
static bool is_column(const msgpack_object *key)
{
    static const char *const columns[] = {"seq", "time", "type", "actor"};
    if (key->type != MSGPACK_OBJECT_STR) return true;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (muster_text_is(key->via.str, columns[i])) return true;
    return false;
}

void write_event(FILE *out, const msgpack_object *event)
{
    const msgpack_object *actor = muster_get(event, "actor");
    msgpack_object_str type = muster_text(event, "type");
    fprintf(out, "%10" PRIu64 "  ", muster_uint(event, "seq", 0));
    write_time(out, muster_text(event, "time"));
    fprintf(out, "  %-20.*s", (int)type.size, type.ptr);
    if (actor && actor->type != MSGPACK_OBJECT_NIL) {
        fputs("  ", out);
        write_value(out, actor);
    }
    fputc(' ', out);
    for (uint32_t i = 0; event->type == MSGPACK_OBJECT_MAP && i < event->via.map.size; i++)
        if (!is_column(&event->via.map.ptr[i].key)) write_field(out, &event->via.map.ptr[i]);
    fputc('\n', out);
}
