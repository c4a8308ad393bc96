/* What devices report of themselves: a report is read into the paths that it changes, and only those are written down.
 *
 * A property of a component is one with a path in two parts, however it came: {"motor": {"speed": 1500}} is
 * {"motor.speed": 1500}. */
#include "engine/base/cursor.h"
#include "engine/base/pack.h"
#include "engine/base/text.h"
#include "engine/decide/decide.h"
#include "engine/decide/job_data.h"
#include "engine/decide/limits.h"
#include "projections/devices.h"
#include "projections/reported.h"

enum { QUOTED_CHARACTERS_MAX = 40 };

struct report {
    struct decision *d;
    struct bytes known;       /* what the device reported before */
    struct reported *changes; /* room for REPORTED_PROPERTIES_MAX */
    uint32_t count;
};

static enum refusal refuse_property(struct report *r, struct bytes path, const char *what)
{
    struct bytes shown = text_quotable(path, QUOTED_CHARACTERS_MAX);
    return refuse_field(r->d, "properties: \"%.*s\" %s", BYTES_ARG(shown), what);
}

static enum refusal refuse_count(struct decision *d)
{
    sentence_set(&d->why, "a device has at most %d reported properties; let others be forgotten with nil first",
                 REPORTED_PROPERTIES_MAX);
    return REFUSED_LIMIT;
}

static bool holds_path(const struct report *r, struct bytes path)
{
    for (uint32_t i = 0; i < r->count; i++) {
        if (bytes_equal(r->changes[i].path, path)) return true;
    }
    return false;
}

/* What stays as it was is no change. */
static enum refusal add(struct report *r, struct reported property)
{
    struct bytes before = reported_value(r->known, property.path);
    look_through(r->d, r->known.size);
    if (!property_path_is_good(property.path))
        return refuse_property(r, property.path, "is no path; one has 1 to 256 characters, none of them a control character");
    if (holds_path(r, property.path)) return refuse_property(r, property.path, "is reported twice; report each path once");
    if (reported_is_forgotten(&property) ? before.size == 0 : bytes_equal(before, property.value)) return ACCEPTED;
    if (r->count == REPORTED_PROPERTIES_MAX) return refuse_count(r->d);
    r->changes[r->count++] = property;
    return ACCEPTED;
}

/* ---- Components. */

static struct bytes joined(struct arena *a, struct bytes component, struct bytes name)
{
    struct buffer path = {.arena = a};
    buffer_append(&path, component.data, component.size);
    buffer_append(&path, ".", 1);
    buffer_append(&path, name.data, name.size);
    return buffer_bytes(&path);
}

static enum refusal add_component(struct report *r, struct bytes component, struct cursor *c, uint32_t count)
{
    struct reported property;
    for (; count > 0; count--) {
        if (!reported_read(c, &property)) return refuse_property(r, component, "must have texts as keys");
        property.path = joined(r->d->arena, component, property.path);
        enum refusal refusal = add(r, property);
        if (refusal) return refusal;
    }
    return ACCEPTED;
}

/* A component that is forgotten is so with all its properties. */
static enum refusal forget(struct report *r, struct reported gone)
{
    struct reported property;
    uint32_t count;
    struct bytes prefix = joined(r->d->arena, gone.path, BYTES_NONE);
    enum refusal refusal = add(r, gone);
    look_through(r->d, r->known.size);
    for (struct cursor c = reported_begin(r->known, &count); !refusal && count > 0 && reported_read(&c, &property); count--) {
        bool inside = property.path.size > prefix.size && memcmp(property.path.data, prefix.data, prefix.size) == 0;
        if (inside && !holds_path(r, property.path)) refusal = add(r, (struct reported){property.path, gone.value});
    }
    return refusal;
}

/* ---- The report. */

static enum refusal read_property(struct report *r, struct reported property)
{
    uint32_t count;
    struct cursor value = cursor_over(property.value);
    bool nested = memchr(property.path.data, '.', property.path.size) != NULL;
    if (reported_is_forgotten(&property)) return forget(r, property);
    if (!nested && cursor_map(&value, &count)) return add_component(r, property.path, &value, count);
    return add(r, property);
}

static enum refusal read_report(struct report *r, struct bytes properties)
{
    struct reported property;
    uint32_t count;
    struct cursor c = cursor_over(properties);
    if (!cursor_map(&c, &count)) return refuse_field(r->d, "properties must be a map from path to value");
    for (; count > 0; count--) {
        if (!reported_read(&c, &property)) return refuse_field(r->d, "properties must have texts as keys");
        if (property.path.size == 0) return refuse_field(r->d, "properties: a path has at least one character");
        enum refusal refusal = read_property(r, property);
        if (refusal) return refusal;
    }
    return ACCEPTED;
}

static struct bytes changes_of(const struct report *r)
{
    struct buffer out = {.arena = r->d->arena};
    msgpack_packer p = packer_into(&out);
    msgpack_pack_map(&p, r->count);
    for (uint32_t i = 0; i < r->count; i++) {
        pack_text(&p, r->changes[i].path);
        pack_raw(&p, r->changes[i].value);
    }
    return buffer_bytes(&out);
}

static enum refusal check_room(struct report *r, struct bytes changes)
{
    struct buffer after = {.arena = r->d->arena};
    if (reported_merge(r->known, changes, &after) > REPORTED_PROPERTIES_MAX) return refuse_count(r->d);
    if (after.size <= REPORTED_BYTES_MAX) return ACCEPTED;
    sentence_set(&r->d->why, "the device would have %zu bytes of reported properties; it may have %d", after.size,
                 REPORTED_BYTES_MAX);
    return REFUSED_LIMIT;
}

enum refusal decide_devices_report(struct decision *d, const struct command *c)
{
    uint32_t number = devices_find(d->view, c->devices_report.id);
    struct bytes properties = c->devices_report.properties;
    if (!number) return REFUSED_NO_SUCH_DEVICE;
    enum refusal refusal = check_size(d, properties, REPORTED_BYTES_MAX, "properties");
    if (refusal) return refusal;
    struct report r = {.d = d, .known = arena_copy(d->arena, reported_get(d->view, number))};
    r.changes = arena_alloc(d->arena, REPORTED_PROPERTIES_MAX * sizeof *r.changes);
    refusal = read_report(&r, properties);
    if (refusal || r.count == 0) return refusal ? refusal : answer_with(d, ANSWER_EMPTY, 0);
    struct bytes changes = changes_of(&r);
    refusal = d->short_of_room ? REFUSED_NO_SPACE : check_room(&r, changes);
    if (refusal) return refusal;
    emit(d->events, (struct event){.type = EVENT_DEVICE_REPORTED,
                                   .device_reported = {.device = number, .properties = changes}});
    return answer_with(d, ANSWER_EMPTY, 0);
}
