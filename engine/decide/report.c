/* One reader serves the check and the walk: an entry that it could read once it can read again. The forms that
 * every client uses - small arrays, indexes up to 65,535, short words - are taken by hand, since a result goes
 * through here twice; all others by the cursor. */
#include "engine/decide/report.h"

#include "engine/base/text.h"
#include "engine/decide/limits.h"

enum {
    SHORT_FIELDS_MIN = 2,
    SHORT_FIELDS_MAX = 4,
    FIRST_FIXARRAY = 0x90,
    FIRST_FIXSTR = 0xa0,
    FIRST_UINT8 = 0xcc,
    FIRST_UINT16 = 0xcd,
    FIXSTR_SIZE = 0x1f,
};

/* What is wrong with an entry: the rest of a sentence that begins with "results[7]"; NULL: nothing. */
typedef const char *complaint;

#define SHORT_RULE " must be [index, status, error?, response?]"
#define LONG_RULE " must be {job, device, attempt?, status, error?, response?}"
#define STATUS_RULE ".status must be \"completed\", \"failed\", \"rejected\" or \"returned\""

static inline bool take_short_array(struct cursor *c, uint32_t *count)
{
    if (c->at < c->end && *c->at >= FIRST_FIXARRAY + SHORT_FIELDS_MIN && *c->at <= FIRST_FIXARRAY + SHORT_FIELDS_MAX) {
        *count = *c->at++ - FIRST_FIXARRAY;
        return true;
    }
    return cursor_array(c, count) && *count >= SHORT_FIELDS_MIN && *count <= SHORT_FIELDS_MAX;
}

static inline bool take_index(struct cursor *c, uint64_t *index)
{
    const uint8_t *at = c->at;
    size_t size = (size_t)(c->end - at);
    if (size >= 1 && at[0] < 0x80) {
        *index = at[0];
        c->at += 1;
        return true;
    }
    if (size >= 3 && at[0] == FIRST_UINT16) {
        *index = (uint64_t)at[1] << 8 | at[2];
        c->at += 3;
        return true;
    }
    if (size >= 2 && at[0] == FIRST_UINT8) {
        *index = at[1];
        c->at += 2;
        return true;
    }
    return cursor_uint(c, index);
}

static inline bool status_named(const char *word, size_t size, enum report_status *status)
{
#define REPORT_STATUS(NAME, text)                                                                                      \
    if (size == sizeof(text) - 1 && memcmp(word, text, sizeof(text) - 1) == 0) {                                       \
        *status = REPORT_##NAME;                                                                                       \
        return true;                                                                                                   \
    }
    REPORT_STATUSES(REPORT_STATUS)
#undef REPORT_STATUS
    return false;
}

static inline bool take_status(struct cursor *c, enum report_status *status)
{
    if (c->at < c->end && (*c->at & ~FIXSTR_SIZE) == FIRST_FIXSTR) {
        size_t size = *c->at & FIXSTR_SIZE;
        const char *word = (const char *)c->at + 1;
        if (size >= (size_t)(c->end - c->at)) return false;
        c->at += 1 + size;
        return status_named(word, size, status);
    }
    struct bytes text;
    return cursor_text(c, &text) && status_named(text.data, text.size, status);
}

/* A cut text still ends with a whole character. */
static struct bytes cut_text(struct bytes text, size_t size_max)
{
    const uint8_t *byte = text.data;
    if (text.size <= size_max) return text;
    while (size_max > 0 && (byte[size_max] & 0xc0) == 0x80) size_max--;
    return (struct bytes){text.data, size_max};
}

static complaint take_error(struct cursor *c, struct bytes *error)
{
    struct bytes text;
    if (cursor_nil(c)) return NULL;
    if (!cursor_text(c, &text)) return ".error must be a text";
    if (!utf8_is_valid(text)) return ".error must be UTF-8";
    *error = cut_text(text, ERROR_TEXT_BYTES_MAX);
    return NULL;
}

static complaint take_response(struct cursor *c, struct bytes *response)
{
    if (cursor_nil(c)) return NULL;
    struct bytes value = cursor_value(c);
    if (!value.data) return " is cut off";
    if (value.size > RESPONSE_BYTES_MAX) return ".response must be at most 4096 bytes of MessagePack";
    if (!value_is_readable(value)) return ".response must hold texts in UTF-8 only";
    *response = value;
    return NULL;
}

static inline complaint read_short(struct cursor *c, struct report_entry *entry)
{
    complaint wrong = NULL;
    uint32_t count;
    if (!take_short_array(c, &count)) return SHORT_RULE;
    if (!take_index(c, &entry->index)) return SHORT_RULE "; the index is a whole number";
    if (!take_status(c, &entry->status)) return STATUS_RULE;
    if (count > 2) wrong = take_error(c, &entry->error);
    if (count > 3 && !wrong) wrong = take_response(c, &entry->response);
    return wrong;
}

/* ---- The long form. */

enum { SEEN_JOB = 1, SEEN_DEVICE = 2, SEEN_STATUS = 4, SEEN_NEEDED = SEEN_JOB | SEEN_DEVICE | SEEN_STATUS };

static complaint take_member(struct cursor *c, struct bytes key, struct report_entry *entry, unsigned *seen)
{
    if (bytes_equal(key, BYTES("status"))) {
        *seen |= SEEN_STATUS;
        return take_status(c, &entry->status) ? NULL : STATUS_RULE;
    }
    if (bytes_equal(key, BYTES("device"))) {
        *seen |= SEEN_DEVICE;
        return cursor_text(c, &entry->device) ? NULL : ".device must be a text, the device's id";
    }
    if (bytes_equal(key, BYTES("job"))) {
        *seen |= SEEN_JOB;
        return cursor_text(c, &entry->job) ? NULL : ".job must be a text, the job's id";
    }
    if (bytes_equal(key, BYTES("attempt"))) {
        if (cursor_nil(c)) return NULL;
        entry->attempt_given = true;
        return cursor_uint(c, &entry->attempt) ? NULL : ".attempt must be a whole number";
    }
    if (bytes_equal(key, BYTES("error"))) return take_error(c, &entry->error);
    if (bytes_equal(key, BYTES("response"))) return take_response(c, &entry->response);
    return LONG_RULE "; it has another field";
}

static complaint read_long(struct cursor *c, struct report_entry *entry)
{
    uint32_t count;
    unsigned seen = 0;
    if (!cursor_map(c, &count)) return LONG_RULE " when the call names no work";
    for (uint32_t i = 0; i < count; i++) {
        struct bytes key;
        if (!cursor_text(c, &key)) return LONG_RULE "; its keys are texts";
        complaint wrong = take_member(c, key, entry, &seen);
        if (wrong) return wrong;
    }
    return (seen & SEEN_NEEDED) == SEEN_NEEDED ? NULL : LONG_RULE "; job, device and status are needed";
}

/* Clears only what not every entry sets. */
static inline complaint read_entry(struct cursor *c, bool short_form, struct report_entry *entry)
{
    entry->job.data = entry->device.data = NULL;
    entry->attempt_given = false;
    entry->error = entry->response = BYTES_NONE;
    return short_form ? read_short(c, entry) : read_long(c, entry);
}

/* ---- What the header promises. */

bool report_check(struct bytes results, bool short_form, uint64_t *count, struct sentence *why)
{
    struct cursor c = cursor_over(results);
    uint32_t entries;
    if (!cursor_array(&c, &entries)) {
        sentence_set(why, "results must be an array");
        return false;
    }
    if (entries > REPORT_RESULTS_MAX) {
        sentence_set(why, "results holds %u entries; report at most %d in one call", entries, REPORT_RESULTS_MAX);
        return false;
    }
    for (uint32_t i = 0; i < entries; i++) {
        struct report_entry entry;
        complaint wrong = read_entry(&c, short_form, &entry);
        if (wrong) {
            sentence_set(why, "results[%u]%s", i, wrong);
            return false;
        }
    }
    *count = entries;
    return true;
}

struct cursor report_begin(struct bytes results)
{
    struct cursor c = cursor_over(results);
    uint32_t entries;
    ASSERT(cursor_array(&c, &entries));
    return c;
}

bool report_next(struct cursor *c, bool short_form, struct report_entry *entry)
{
    if (cursor_at_end(c)) return false;
    ASSERT(read_entry(c, short_form, entry) == NULL);
    return true;
}
