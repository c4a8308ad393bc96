/* What arrives at the socket: the pre-scan, the cursor and the decoding of calls, and msgpack-c beside them.
 *
 * - A frame that comes in pieces is judged as the same frame at once; what the scan takes, and how far it goes, is what
 *   msgpack-c says, and the cursor reads the same values from it.
 * - A scanned frame is a call, a refusal or no call, never anything else; written in other words - every number at its
 *   shortest, texts as bytes, maps backwards - it stays the same call with the same hash. */
#include "tests/fuzz/fuzz.h"

#include "engine/base/pack.h"
#include "engine/csv/csv_value.h"
#include "engine/wire/wire.h"

#include <stdlib.h>

enum { PIECE_SIZE_MAX = 5 };

static struct arena arena;

/* ---- The scan. */

static enum scan_result scan_in_pieces(struct bytes input, size_t *size)
{
    struct scan scan = {0};
    struct buffer come = {.arena = &arena};
    struct pieces pieces = {.left = input, .size_max = PIECE_SIZE_MAX, .seed = (uint32_t)input.size};
    struct bytes piece;
    enum scan_result result = wire_scan(&scan, BYTES_NONE, size);
    while (result == SCAN_MORE && pieces_next(&pieces, &piece)) {
        buffer_append(&come, piece.data, piece.size);
        result = wire_scan(&scan, buffer_bytes(&come), size);
    }
    free(pieces.piece);
    return result;
}

/* ---- Values, as the cursor and msgpack-c read them. */

static bool same_text(const struct token *token, const char *text, uint32_t size)
{
    return bytes_equal(token->text, (struct bytes){text, size});
}

static bool same_real(double a, double b)
{
    return a == b || (a != a && b != b);
}

static void same_value(struct cursor *c, const msgpack_object *value)
{
    struct token token = cursor_next(c);
    switch (value->type) {
    case MSGPACK_OBJECT_NIL: ASSERT(token.kind == TOKEN_NIL); break;
    case MSGPACK_OBJECT_BOOLEAN: ASSERT(token.kind == TOKEN_BOOL && token.boolean == value->via.boolean); break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER: ASSERT(token.kind == TOKEN_UINT && token.uint == value->via.u64); break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: ASSERT(token.kind == TOKEN_INT && token.integer == value->via.i64); break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64: ASSERT(token.kind == TOKEN_FLOAT && same_real(token.real, value->via.f64)); break;
    case MSGPACK_OBJECT_STR:
        ASSERT(token.kind == TOKEN_STR && same_text(&token, value->via.str.ptr, value->via.str.size));
        break;
    case MSGPACK_OBJECT_BIN:
        ASSERT(token.kind == TOKEN_BIN && same_text(&token, value->via.bin.ptr, value->via.bin.size));
        break;
    case MSGPACK_OBJECT_ARRAY:
        ASSERT(token.kind == TOKEN_ARRAY && token.count == value->via.array.size);
        for (uint32_t i = 0; i < token.count; i++) same_value(c, &value->via.array.ptr[i]);
        break;
    case MSGPACK_OBJECT_MAP:
        ASSERT(token.kind == TOKEN_MAP && token.count == value->via.map.size);
        for (uint32_t i = 0; i < token.count; i++) {
            same_value(c, &value->via.map.ptr[i].key);
            same_value(c, &value->via.map.ptr[i].val);
        }
        break;
    case MSGPACK_OBJECT_EXT: ASSERT(!"the scan takes no ext type"); break;
    }
}

/* As a cell of a spreadsheet or an answer shows it: text, whatever it is. */
static void shown_as_text(struct bytes value)
{
    struct buffer text = {.arena = &arena};
    csv_value_text(&text, value);
    if (value_is_readable(value)) ASSERT(utf8_is_valid(buffer_bytes(&text)));
}

/* ---- The same in other words. */

/* A text that is none must not pass for bytes, which anything may be. */
static void rewrite_text(msgpack_packer *p, struct bytes text)
{
    if (utf8_is_valid(text)) pack_bin(p, text);
    else pack_text(p, text);
}

static void rewrite(msgpack_packer *p, const msgpack_object *value)
{
    switch (value->type) {
    case MSGPACK_OBJECT_STR: rewrite_text(p, (struct bytes){value->via.str.ptr, value->via.str.size}); break;
    case MSGPACK_OBJECT_FLOAT32: msgpack_pack_double(p, value->via.f64); break;
    case MSGPACK_OBJECT_ARRAY:
        msgpack_pack_array(p, value->via.array.size);
        for (uint32_t i = 0; i < value->via.array.size; i++) rewrite(p, &value->via.array.ptr[i]);
        break;
    case MSGPACK_OBJECT_MAP:
        msgpack_pack_map(p, value->via.map.size);
        for (uint32_t i = value->via.map.size; i-- > 0;) {
            rewrite(p, &value->via.map.ptr[i].key);
            rewrite(p, &value->via.map.ptr[i].val);
        }
        break;
    default: msgpack_pack_object(p, *value);
    }
}

static enum wire_result decode(struct bytes frame, struct call *call)
{
    enum refusal refusal = ACCEPTED;
    struct sentence why = {.text = ""};
    enum wire_result result = wire_decode(frame, call, &refusal, &why);
    if (result == WIRE_REFUSED) ASSERT(refusal != ACCEPTED && is_sentence(why.text));
    if (result == WIRE_NOT_RPC) ASSERT(is_sentence(why.text));
    if (result == WIRE_CALL || result == WIRE_REFUSED) ASSERT(wire_is_request(frame));
    return result;
}

static void decoded(struct bytes frame, const msgpack_object *value)
{
    struct buffer other_words = {.arena = &arena};
    msgpack_packer packer = packer_into(&other_words);
    struct call call, again;
    uint8_t hash[32], hash_again[32];
    enum wire_result result = decode(frame, &call);
    rewrite(&packer, value);
    enum wire_result result_again = decode(buffer_bytes(&other_words), &again);
    ASSERT(result == result_again);
    if (result != WIRE_CALL) return;
    ASSERT(call.msgid == again.msgid && call.command.type == again.command.type);
    wire_body_hash(&call.command, hash);
    wire_body_hash(&again.command, hash_again);
    ASSERT(memcmp(hash, hash_again, sizeof hash) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = {data, size};
    struct scan scan = {0};
    size_t whole = 0, whole_in_pieces = 0, taken = 0;
    enum scan_result result = wire_scan(&scan, input, &whole);
    ASSERT(result == scan_in_pieces(input, &whole_in_pieces) && whole == whole_in_pieces);
    if (result != SCAN_WHOLE && result != SCAN_MORE) ASSERT(is_sentence(wire_scan_text(result)));
    /* The cursor knows no limits, but where a value ends it must know as well. */
    struct cursor all = cursor_over(input);
    if (result == SCAN_MORE) ASSERT(!cursor_skip(&all));
    if (result == SCAN_WHOLE) {
        struct bytes frame = arena_copy(&arena, (struct bytes){data, whole});
        struct cursor c = cursor_over(frame);
        msgpack_unpacked unpacked;
        msgpack_unpacked_init(&unpacked);
        ASSERT(msgpack_unpack_next(&unpacked, frame.data, frame.size, &taken) == MSGPACK_UNPACK_SUCCESS);
        ASSERT(taken == whole && cursor_skip(&c) && cursor_at_end(&c));
        c = cursor_over(frame);
        same_value(&c, &unpacked.data);
        shown_as_text(frame);
        decoded(frame, &unpacked.data);
        msgpack_unpacked_destroy(&unpacked);
    }
    arena_reset(&arena);
    return 0;
}
