/* Finding one's way in an answer. */
#include "muster.h"

#include <string.h>

static bool key_is(const msgpack_object *key, const char *name, size_t size)
{
    return key->type == MSGPACK_OBJECT_STR && key->via.str.size == size && memcmp(key->via.str.ptr, name, size) == 0;
}

static const msgpack_object *map_find(const msgpack_object *map, const char *name, size_t size)
{
    if (map->type != MSGPACK_OBJECT_MAP) return NULL;
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *pair = &map->via.map.ptr[i];
        if (key_is(&pair->key, name, size)) return &pair->val;
    }
    return NULL;
}

const msgpack_object *muster_get(const msgpack_object *map, const char *path)
{
    while (map) {
        /* A key may have dots of its own: "properties.target" of a row. */
        const msgpack_object *whole = map_find(map, path, strlen(path));
        if (whole) return whole;
        size_t size = strcspn(path, ".");
        map = map_find(map, path, size);
        if (path[size] == '\0') break;
        path += size + 1;
    }
    return map;
}

uint64_t muster_uint(const msgpack_object *map, const char *path, uint64_t otherwise)
{
    const msgpack_object *value = muster_get(map, path);
    return value && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? value->via.u64 : otherwise;
}

bool muster_bool(const msgpack_object *map, const char *path, bool otherwise)
{
    const msgpack_object *value = muster_get(map, path);
    return value && value->type == MSGPACK_OBJECT_BOOLEAN ? value->via.boolean : otherwise;
}

msgpack_object_str muster_text(const msgpack_object *map, const char *path)
{
    const msgpack_object *value = muster_get(map, path);
    if (value && value->type == MSGPACK_OBJECT_STR) return value->via.str;
    return (msgpack_object_str){.size = 0, .ptr = ""};
}

bool muster_text_is(msgpack_object_str text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.ptr, word, text.size) == 0;
}
