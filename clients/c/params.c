/* The map of a request. Its head is written when the request is sent, because only then is it known how
 * many fields it has. */
#include "muster.h"

#include <string.h>

/* The packer's writes; keeps in mind that one failed, so that callers need not look at each. */
static int params_write(void *data, const char *bytes, size_t size)
{
    struct muster_params *params = data;
    if (msgpack_sbuffer_write(&params->fields, bytes, size) == 0) return 0;
    params->failed = true;
    return -1;
}

void muster_params_init(struct muster_params *params)
{
    *params = (struct muster_params){.count = 0};
    msgpack_sbuffer_init(&params->fields);
    msgpack_packer_init(&params->packer, params, params_write);
}

void muster_params_clear(struct muster_params *params)
{
    msgpack_sbuffer_clear(&params->fields);
    params->count = 0;
    params->failed = false;
    params->has_request_id = false;
}

void muster_params_free(struct muster_params *params)
{
    msgpack_sbuffer_destroy(&params->fields);
}

void muster_pack_text(msgpack_packer *packer, const char *text)
{
    size_t size = strlen(text);
    msgpack_pack_str(packer, size);
    msgpack_pack_str_body(packer, text, size);
}

msgpack_packer *muster_put(struct muster_params *params, const char *key)
{
    params->count++;
    params->has_request_id |= strcmp(key, "requestId") == 0;
    muster_pack_text(&params->packer, key);
    return &params->packer;
}

void muster_put_text(struct muster_params *params, const char *key, const char *value)
{
    muster_pack_text(muster_put(params, key), value);
}

void muster_put_uint(struct muster_params *params, const char *key, uint64_t value)
{
    msgpack_pack_uint64(muster_put(params, key), value);
}

void muster_put_bool(struct muster_params *params, const char *key, bool value)
{
    msgpack_packer *packer = muster_put(params, key);
    if (value) msgpack_pack_true(packer);
    else msgpack_pack_false(packer);
}

void muster_put_bin(struct muster_params *params, const char *key, const void *data, size_t size)
{
    msgpack_packer *packer = muster_put(params, key);
    msgpack_pack_bin(packer, size);
    msgpack_pack_bin_body(packer, data, size);
}
