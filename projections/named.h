/* Things that are an id and texts behind a number, saved as a whole and removed: templates and groups.
 * Two tables: number -> texts, the first of them the id; id -> number of those that are present. */
#ifndef MUSTER_NAMED_H
#define MUSTER_NAMED_H

#include "projections/fold.h"

struct named {
    const char *noun; /* "template" */
    unsigned entries;
    unsigned ids;
    size_t text_count; /* at most ENTRY_TEXTS_MAX */
};

/* Makes the thing, its number the next in line, or replaces its texts; its id stays the same. */
enum fold_result named_save(struct view *v, const struct named *kind, uint32_t number, const struct bytes texts[],
                            struct sentence *why);
/* Its id is free again, its texts stay. */
enum fold_result named_remove(struct view *v, const struct named *kind, uint32_t number, struct sentence *why);

uint32_t named_find(struct view *v, const struct named *kind, struct bytes id);
bool named_get(struct view *v, const struct named *kind, uint32_t number, struct bytes texts[], bool *removed);
uint32_t named_next_number(struct view *v, const struct named *kind);
/* The number of the first one present with a number >= from; 0 at the end. */
uint32_t named_next(struct view *v, const struct named *kind, uint32_t from, struct bytes texts[]);

#endif
