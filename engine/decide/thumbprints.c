/* devices.setThumbprints: a certificate that is not named stays, one that is named empty goes. */
#include "engine/base/thumbprint.h"
#include "engine/decide/decide.h"
#include "projections/devices.h"
#include "projections/thumbprints.h"

/* The thumbprint given, or else the one there is, copied: an emit may move what the view gave. */
static bool given_or_old(struct decision *d, struct bytes given, const char *what, struct bytes old,
                         struct thumbprint *thumbprint)
{
    if (given.data) return thumbprint_read(given, what, thumbprint, &d->why);
    *thumbprint = (struct thumbprint){.size = old.size};
    if (old.size) memcpy(thumbprint->data, old.data, old.size);
    return true;
}

enum refusal decide_devices_set_thumbprints(struct decision *d, const struct command *c)
{
    struct bytes given_primary = c->devices_set_thumbprints.primary;
    struct bytes given_secondary = c->devices_set_thumbprints.secondary;
    struct thumbprint primary, secondary;
    if (!given_primary.data && !given_secondary.data)
        return refuse_field(d, "give primary, secondary or both; an empty text removes a thumbprint");
    uint32_t number = devices_find(d->view, c->devices_set_thumbprints.id);
    if (!number) return REFUSED_NO_SUCH_DEVICE;
    struct thumbprints old = thumbprints_get(d->view, number);
    if (!given_or_old(d, given_primary, "primary", old.primary, &primary)) return REFUSED_BAD_FIELD;
    if (!given_or_old(d, given_secondary, "secondary", old.secondary, &secondary)) return REFUSED_BAD_FIELD;
    bool same = bytes_equal(thumbprint_bytes(&primary), old.primary) &&
                bytes_equal(thumbprint_bytes(&secondary), old.secondary);
    if (!same)
        emit(d->events,
             (struct event){.type = EVENT_DEVICE_THUMBPRINTS_SET,
                            .device_thumbprints_set = {.number = number,
                                                       .primary = thumbprint_bytes(&primary),
                                                       .secondary = thumbprint_bytes(&secondary)}});
    return answer_with(d, ANSWER_DEVICE, number);
}
