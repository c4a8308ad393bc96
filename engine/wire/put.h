/* Writes maps whose number of fields is known only at their end, and the envelopes of replies and notices.
 * Inside wire/.
 *
 *     struct open_map m = put_map(out);
 *     put_text(&m, "id", id);
 *     if (waits) put_text(&m, "waiting", why);
 *     put_end(&m); */
#ifndef MUSTER_WIRE_PUT_H
#define MUSTER_WIRE_PUT_H

#include "engine/base/pack.h"

struct open_map {
    struct buffer *out;
    msgpack_packer packer;
    size_t head; /* where in `out` the count goes */
    uint16_t count;
};

struct open_list {
    struct buffer *out;
    size_t head;
    uint32_t count;
};

struct open_map put_map(struct buffer *out);
void put_end(struct open_map *m);

/* Writes the key; the caller writes the one value behind it. */
void put_key(struct open_map *m, const char *key);
void put_key_text(struct open_map *m, struct bytes key);

void put_text(struct open_map *m, const char *key, struct bytes text);
void put_word(struct open_map *m, const char *key, const char *word);
void put_bin(struct open_map *m, const char *key, struct bytes data);
/* As lower-case hex digits. */
void put_hex(struct open_map *m, const char *key, struct bytes data);
void put_uint(struct open_map *m, const char *key, uint64_t value);
void put_int(struct open_map *m, const char *key, int64_t value);
void put_flag(struct open_map *m, const char *key, bool value);
/* RFC 3339 UTC. */
void put_time(struct open_map *m, const char *key, int64_t time_us);
/* One MessagePack value as it is; no bytes stand for nil. */
void put_raw(struct open_map *m, const char *key, struct bytes value);

/* The same for a list; the caller adds to `count` what it writes. */
struct open_list put_list(struct buffer *out);
void put_list_end(struct open_list *l);

/* [1, msgid, nil, and here goes the result. */
void put_reply(struct buffer *out, uint64_t msgid);
/* [2, name, [and here goes one value. */
void put_notice(struct buffer *out, const char *name);

#endif
