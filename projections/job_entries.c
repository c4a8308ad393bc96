/* What was checked and written by the engine is walked without another check. */
#include "projections/job_entries.h"

struct cursor job_entries_begin(struct bytes data, uint32_t *count)
{
    struct cursor c = cursor_over(data);
    if (!cursor_array(&c, count)) *count = 0;
    return c;
}

bool job_entries_next(struct cursor *c, struct job_entry *entry)
{
    uint32_t members;
    *entry = (struct job_entry){0};
    if (!cursor_map(c, &members)) return false;
    for (; members > 0; members--) {
        struct bytes key, value;
        if (!cursor_text(c, &key)) return false;
        if (bytes_equal(key, BYTES("path"))) cursor_text(c, &entry->path);
        else if ((value = cursor_value(c)).data && bytes_equal(key, BYTES("value"))) entry->value = value;
    }
    return entry->path.data != NULL;
}
