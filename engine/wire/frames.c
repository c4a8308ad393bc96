/* Where a frame ends, and the frames that stand for no resource: refusals and notices. */
#include "engine/wire/wire.h"

#include "engine/decide/limits.h"
#include "engine/wire/put.h"

enum { FIRST_OF_FOUR = 0x94, REQUEST = 0, REPLY = 1 };

enum scan_result wire_scan(struct scan *scan, struct bytes input, size_t *size)
{
    static const struct scan_limits LIMITS_OF_A_FRAME = {
        .bytes_max = FRAME_BYTES_MAX,
        .elements_max = FRAME_ELEMENTS_MAX,
        .depth_max = FRAME_DEPTH_MAX,
    };
    return scan_value(scan, input, &LIMITS_OF_A_FRAME, size);
}

const char *wire_scan_text(enum scan_result result)
{
    switch (result) {
    case SCAN_WHOLE:
    case SCAN_MORE: break;
    case SCAN_BAD_BYTE: return "this is no MessagePack that the engine reads: a byte of no known form, or an ext type";
    case SCAN_TOO_DEEP: return "a frame nests arrays and maps deeper than 16 levels; docs/protocol.md lists the limits";
    case SCAN_TOO_MANY: return "a frame holds over 1048576 values; send it in parts";
    case SCAN_TOO_LONG: return "a frame is, or says that it is, longer than 8 MiB; send it in parts";
    }
    ASSERT(!"a scan that went wrong");
    return NULL;
}

bool wire_is_request(struct bytes frame)
{
    struct cursor c = cursor_over(frame);
    uint32_t parts;
    uint64_t kind;
    return cursor_array(&c, &parts) && parts == 4 && cursor_uint(&c, &kind) && kind == REQUEST;
}

bool wire_is_reply(struct bytes frame)
{
    const uint8_t *byte = frame.data;
    return frame.size >= 2 && byte[0] == FIRST_OF_FOUR && byte[1] == REPLY;
}

void wire_reply_error(uint64_t msgid, enum refusal refusal, const char *sentence, bool error_strings,
                      struct buffer *out)
{
    msgpack_packer p = packer_into(out);
    msgpack_pack_array(&p, 4);
    msgpack_pack_uint8(&p, REPLY);
    msgpack_pack_uint64(&p, msgid);
    if (!error_strings) {
        msgpack_pack_array(&p, 3);
        pack_key(&p, refusal_code(refusal));
    }
    pack_key(&p, sentence);
    if (!error_strings) msgpack_pack_map(&p, 0);
    msgpack_pack_nil(&p);
}

void wire_notify_event(struct view *v, const struct event *event, struct buffer *out)
{
    put_notice(out, "event");
    wire_event(v, event, out);
}

void wire_notify_caught_up(uint64_t seq, struct buffer *out)
{
    put_notice(out, "caught_up");
    struct open_map m = put_map(out);
    put_uint(&m, "seq", seq);
    put_end(&m);
}

void wire_notify_closing(const char *reason, struct buffer *out)
{
    put_notice(out, "closing");
    struct open_map m = put_map(out);
    put_word(&m, "reason", reason);
    put_end(&m);
}
