/* Events, from where the program is: after a new connection they go on behind the last one that was handed out. */
#include "client.h"

enum muster_status subscription_ask(struct muster_client *c)
{
    struct subscription *s = &c->subscription;
    struct muster_params params;
    muster_params_init(&params);
    muster_put_uint(&params, "from", s->position);
    msgpack_pack_map(muster_put(&params, "filter"), s->filter_fields);
    if (s->filter.size > 0) params.failed |= msgpack_sbuffer_write(&params.fields, s->filter.data, s->filter.size) != 0;
    enum muster_status status = session_ask_for_itself(c, "events.subscribe", &params, &s->id);
    muster_params_free(&params);
    s->is_asked = status == MUSTER_OK;
    return status;
}

enum muster_status muster_subscribe(struct muster_client *client, uint64_t from, const struct muster_params *filter)
{
    struct subscription *s = &client->subscription;
    if (client->fault) return client->fault;
    bool has_fields = filter && filter->fields.size > 0;
    msgpack_sbuffer_clear(&s->filter);
    s->filter_fields = filter ? filter->count : 0;
    bool failed = (filter && filter->failed) ||
                  (has_fields && msgpack_sbuffer_write(&s->filter, filter->fields.data, filter->fields.size) != 0);
    if (failed) return no_memory(client, "a filter");
    s->position = from;
    s->is_on = true;
    if (client->fd < 0) return MUSTER_OK; /* session_connect() will ask */
    enum muster_status status = subscription_ask(client);
    if (status == MUSTER_GONE) status = session_lost(client);
    loop_follow(client);
    return status == MUSTER_NOTHING ? MUSTER_OK : status;
}

uint64_t muster_position(const struct muster_client *client)
{
    return client->subscription.position;
}

bool subscription_answered(struct muster_client *c, const struct muster_message *answer)
{
    c->subscription.is_asked = false;
    c->subscription.is_on = answer->kind == MUSTER_ANSWER;
    return c->subscription.is_on;
}

bool subscription_takes(struct muster_client *c, struct muster_message *notice)
{
    struct subscription *s = &c->subscription;
    const msgpack_object_array *list = &notice->value.via.array;
    bool is_event = muster_text_is(notice->method, "event"), is_end = muster_text_is(notice->method, "caught_up");
    if (!s->is_on || !(is_event || is_end) || list->size == 0) return false;
    if (s->is_asked) return true; /* of the subscription that this one replaces */
    notice->kind = is_event ? MUSTER_EVENT : MUSTER_CAUGHT_UP;
    notice->value = list->ptr[0];
    s->position = muster_uint(&notice->value, "seq", s->position - 1) + 1;
    return false;
}
