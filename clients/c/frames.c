/* Frames that have come, as messages.
 *
 *     [1, id, error, value]     an answer: to hello, to what the library asked for itself, or to the program
 *     [2, method, [{...}]]      a notice; "closing" is the engine's farewell, and kept for who asks why
 *
 * What is the library's own is taken here and not handed out: then a function that takes gives MUSTER_NOTHING. */
#include "client.h"

#include <stdio.h>
#include <string.h>

/* A refusal is [code, sentence, details]. */
static void take_refusal(struct muster_client *c, const msgpack_object *error, struct muster_message *m)
{
    const msgpack_object *part = error->type == MSGPACK_OBJECT_ARRAY ? error->via.array.ptr : NULL;
    uint32_t count = part ? error->via.array.size : 0;
    msgpack_object_str none = {.size = 0, .ptr = ""};
    msgpack_object_str code = count > 0 && part[0].type == MSGPACK_OBJECT_STR ? part[0].via.str : none;
    msgpack_object_str why = count > 1 && part[1].type == MSGPACK_OBJECT_STR ? part[1].via.str : none;
    if (error->type == MSGPACK_OBJECT_STR) why = error->via.str;
    m->kind = MUSTER_REFUSAL;
    m->value = count > 2 ? part[2] : (msgpack_object){.type = MSGPACK_OBJECT_NIL};
    if (why.size > 0) say(c, MUSTER_REFUSED, "%.*s", (int)why.size, why.ptr);
    else say(c, MUSTER_REFUSED, "the engine refused without saying why");
    snprintf(c->code, sizeof c->code, "%.*s", (int)code.size, code.ptr);
}

static bool is_uint(const msgpack_object *object)
{
    return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

static enum muster_status take_hello(struct muster_client *c, const struct muster_message *m)
{
    if (m->kind == MUSTER_REFUSAL) return broken(c, MUSTER_REFUSED);
    return session_greeted(c, &m->value) ? MUSTER_NOTHING : c->fault;
}

static enum muster_status take_answer(struct muster_client *c, const msgpack_object_array *frame,
                                      struct muster_message *m)
{
    bool again = false;
    if (frame->size != 4 || !is_uint(&frame->ptr[1])) return bad_answer(c, "an answer has four parts");
    m->id = (uint32_t)frame->ptr[1].via.u64;
    m->kind = MUSTER_ANSWER;
    m->value = frame->ptr[3];
    if (frame->ptr[2].type != MSGPACK_OBJECT_NIL) take_refusal(c, &frame->ptr[2], m);
    if (!c->is_greeted && m->id == c->hello_id) return take_hello(c, m);
    if (c->subscription.is_asked && m->id == c->subscription.id) {
        m->id = 0;
        return subscription_answered(c, m) ? MUSTER_NOTHING : MUSTER_OK;
    }
    bool is_unknown = m->kind == MUSTER_REFUSAL && strcmp(c->code, "outcome_unknown") == 0;
    if (!session_answered(c, m->id, is_unknown, &again)) return bad_answer(c, "nothing was asked");
    return again ? MUSTER_NOTHING : MUSTER_OK;
}

static enum muster_status take_notice(struct muster_client *c, const msgpack_object_array *frame,
                                      struct muster_message *m)
{
    if (frame->size != 3 || frame->ptr[1].type != MSGPACK_OBJECT_STR || frame->ptr[2].type != MSGPACK_OBJECT_ARRAY)
        return bad_answer(c, "a notice has a name and a list");
    m->kind = MUSTER_NOTICE;
    m->method = frame->ptr[1].via.str;
    m->value = frame->ptr[2];
    if (muster_text_is(m->method, "closing") && m->value.via.array.size > 0) {
        msgpack_object_str why = muster_text(&m->value.via.array.ptr[0], "reason");
        snprintf(c->farewell, sizeof c->farewell, "%.*s", (int)why.size, why.ptr);
        return MUSTER_NOTHING;
    }
    return subscription_takes(c, m) ? MUSTER_NOTHING : MUSTER_OK;
}

static enum muster_status take_frame(struct muster_client *c, const msgpack_object *o, struct muster_message *m)
{
    if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size < 3 || !is_uint(&o->via.array.ptr[0]))
        return bad_answer(c, "it is no MessagePack-RPC");
    *m = (struct muster_message){.kind = MUSTER_ANSWER};
    if (o->via.array.ptr[0].via.u64 == 1) return take_answer(c, &o->via.array, m);
    if (o->via.array.ptr[0].via.u64 == 2) return take_notice(c, &o->via.array, m);
    return bad_answer(c, "engines do not ask");
}

enum muster_status frames_next(struct muster_client *c, struct muster_message *message)
{
    for (;;) {
        enum muster_status status;
        switch (msgpack_unpacker_next(&c->unpacker, &c->last)) {
        case MSGPACK_UNPACK_SUCCESS:
        case MSGPACK_UNPACK_EXTRA_BYTES:
            status = take_frame(c, &c->last.data, message);
            if (status != MUSTER_NOTHING) return status;
            continue;
        case MSGPACK_UNPACK_CONTINUE: break;
        case MSGPACK_UNPACK_NOMEM_ERROR: return broken(c, no_memory(c, "the engine's answer"));
        case MSGPACK_UNPACK_PARSE_ERROR: return bad_answer(c, "it is no MessagePack");
        }
        status = socket_fill(c);
        if (status != MUSTER_OK) return status;
    }
}
