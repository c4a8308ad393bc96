/* Counts are written behind the values they count, into the place kept for them. */
#include "engine/wire/put.h"

#include "engine/base/timestamp.h"

enum { MAP16 = 0xde, MAP16_SIZE = 3, ARRAY32 = 0xdd, ARRAY32_SIZE = 5, HEX_BYTES_MAX = 32 };

struct open_map put_map(struct buffer *out)
{
    static const uint8_t HEAD[MAP16_SIZE] = {MAP16};
    struct open_map m = {.out = out, .packer = packer_into(out), .head = out->size};
    buffer_append(out, HEAD, sizeof HEAD);
    return m;
}

void put_end(struct open_map *m)
{
    uint8_t *count = m->out->data + m->head + 1;
    count[0] = (uint8_t)(m->count >> 8);
    count[1] = (uint8_t)m->count;
}

struct open_list put_list(struct buffer *out)
{
    static const uint8_t HEAD[ARRAY32_SIZE] = {ARRAY32};
    struct open_list l = {.out = out, .head = out->size};
    buffer_append(out, HEAD, sizeof HEAD);
    return l;
}

void put_list_end(struct open_list *l)
{
    put_be32(l->out->data + l->head + 1, l->count);
}

void put_key_text(struct open_map *m, struct bytes key)
{
    pack_text(&m->packer, key);
    m->count++;
}

void put_key(struct open_map *m, const char *key)
{
    put_key_text(m, bytes_of_text(key));
}

void put_text(struct open_map *m, const char *key, struct bytes text)
{
    put_key(m, key);
    pack_text(&m->packer, text);
}

void put_word(struct open_map *m, const char *key, const char *word)
{
    put_text(m, key, bytes_of_text(word));
}

void put_bin(struct open_map *m, const char *key, struct bytes data)
{
    put_key(m, key);
    pack_bin(&m->packer, data);
}

void put_hex(struct open_map *m, const char *key, struct bytes data)
{
    static const char DIGITS[] = "0123456789abcdef";
    char text[2 * HEX_BYTES_MAX];
    const uint8_t *byte = data.data;
    size_t size = MIN(data.size, (size_t)HEX_BYTES_MAX);
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = DIGITS[byte[i] >> 4];
        text[2 * i + 1] = DIGITS[byte[i] & 0x0f];
    }
    put_text(m, key, (struct bytes){text, 2 * size});
}

void put_uint(struct open_map *m, const char *key, uint64_t value)
{
    put_key(m, key);
    msgpack_pack_uint64(&m->packer, value);
}

void put_int(struct open_map *m, const char *key, int64_t value)
{
    put_key(m, key);
    msgpack_pack_int64(&m->packer, value);
}

void put_flag(struct open_map *m, const char *key, bool value)
{
    put_key(m, key);
    pack_bool(&m->packer, value);
}

void put_time(struct open_map *m, const char *key, int64_t time_us)
{
    char text[TIMESTAMP_SIZE];
    put_text(m, key, timestamp_text(time_us, text));
}

void put_raw(struct open_map *m, const char *key, struct bytes value)
{
    put_key(m, key);
    pack_raw(&m->packer, value);
}

void put_reply(struct buffer *out, uint64_t msgid)
{
    msgpack_packer p = packer_into(out);
    msgpack_pack_array(&p, 4);
    msgpack_pack_uint8(&p, 1);
    msgpack_pack_uint64(&p, msgid);
    msgpack_pack_nil(&p);
}

void put_notice(struct buffer *out, const char *name)
{
    msgpack_packer p = packer_into(out);
    msgpack_pack_array(&p, 3);
    msgpack_pack_uint8(&p, 2);
    pack_key(&p, name);
    msgpack_pack_array(&p, 1);
}
