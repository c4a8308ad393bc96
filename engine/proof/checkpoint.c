#include "engine/proof/checkpoint.h"

#include "engine/proof/lines.h"

#include <inttypes.h>
#include <stdio.h>

#define ORIGIN_PREFIX "muster/"

void checkpoint_origin(const uint8_t log_id[LOG_ID_SIZE], char origin[NOTE_NAME_SIZE])
{
    char *at = stpcpy(origin, ORIGIN_PREFIX);
    for (size_t i = 0; i < LOG_ID_SIZE; i++) at += sprintf(at, "%02x", log_id[i]);
}

size_t checkpoint_write(const struct checkpoint *c, char body[CHECKPOINT_BODY_SIZE])
{
    char root[BASE64_SIZE(MERKLE_HASH_SIZE) + 1];
    base64_write((struct bytes){c->root, MERKLE_HASH_SIZE}, root);
    return (size_t)snprintf(body, CHECKPOINT_BODY_SIZE, "%s\n%" PRIu64 "\n%s\n", c->origin, c->size, root);
}

bool checkpoint_read(struct bytes body, struct checkpoint *c)
{
    struct bytes origin, size, root, extension;
    *c = (struct checkpoint){.size = 0};
    if (!line_next(&body, &origin) || origin.size == 0 || origin.size >= sizeof c->origin) return false;
    if (!line_next(&body, &size) || !line_number(size, &c->size)) return false;
    if (!line_next(&body, &root) || !base64_read_exactly(root, c->root, sizeof c->root)) return false;
    while (line_next(&body, &extension))
        if (extension.size == 0) return false;
    memcpy(c->origin, origin.data, origin.size);
    return true;
}

bool checkpoint_equal(const struct checkpoint *a, const struct checkpoint *b)
{
    return strcmp(a->origin, b->origin) == 0 && a->size == b->size && memcmp(a->root, b->root, MERKLE_HASH_SIZE) == 0;
}
