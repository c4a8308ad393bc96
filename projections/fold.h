/* What a fold is made of, for the files that are one. Each exports `const struct fold fold_<name>`.
 *
 * A fold keeps its state in its tables. What changes with every event it may keep in its RAM, which `flush` writes
 * to the tables before anybody else reads them, and `drop` forgets: all zero means "not loaded", and whoever needs
 * it loads it from the tables. So the tables after a flush depend on the events alone, not on when flushes were. */
#ifndef MUSTER_FOLD_H
#define MUSTER_FOLD_H

#include "projections/entry.h"

struct fold {
    const char *name;
    const char *tables[FOLD_TABLES_MAX]; /* names; NULL at the end */
    size_t ram_size;                     /* 0: none */
    enum fold_result (*apply)(struct view *v, const struct event *event, struct sentence *why);
    bool (*flush)(struct view *v);                /* NULL: nothing to write */
    void (*drop)(void *ram);                      /* frees and clears; NULL: clearing is enough */
    uint64_t (*unflushed_bytes)(const void *ram); /* that a flush will write; NULL: not worth counting */
};

#define PROJECTION(name, version) extern const struct fold fold_##name;
#include "projections/projections.def"
#undef PROJECTION

/* Says why in a sentence, as printf would, and is FOLD_ILLEGAL. */
#define fold_illegal(why, ...) (sentence_set((why), __VA_ARGS__), FOLD_ILLEGAL)

static inline enum fold_result fold_stored(bool stored)
{
    return stored ? FOLD_OK : FOLD_FAULT;
}

#endif
