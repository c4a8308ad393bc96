/* msgpack-c's packer, writing into a buffer of ours. */
#ifndef MUSTER_PACK_H
#define MUSTER_PACK_H

#include <msgpack.h>

#include "engine/base/arena.h"

/* The callback that msgpack_packer wants. */
static inline int pack_append(void *buffer, const char *data, size_t size)
{
    buffer_append(buffer, data, size);
    return 0;
}

static inline msgpack_packer packer_into(struct buffer *buffer)
{
    return (msgpack_packer){.data = buffer, .callback = pack_append};
}

static inline void pack_text(msgpack_packer *p, struct bytes text)
{
    msgpack_pack_str(p, text.size);
    msgpack_pack_str_body(p, text.data, text.size);
}

static inline void pack_key(msgpack_packer *p, const char *key)
{
    pack_text(p, bytes_of_text(key));
}

static inline void pack_bin(msgpack_packer *p, struct bytes data)
{
    msgpack_pack_bin(p, data.size);
    msgpack_pack_bin_body(p, data.data, data.size);
}

/* One value that is MessagePack already; no bytes stand for nil. */
static inline void pack_raw(msgpack_packer *p, struct bytes value)
{
    if (value.size == 0) msgpack_pack_nil(p);
    else buffer_append(p->data, value.data, value.size);
}

static inline void pack_bool(msgpack_packer *p, bool value)
{
    if (value) msgpack_pack_true(p);
    else msgpack_pack_false(p);
}

#endif
