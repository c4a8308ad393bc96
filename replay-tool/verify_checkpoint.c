/* A root from elsewhere: what a checkpoint covers must be what the log begins with. Its other checks prove that a log is
 * consistent with itself, which one that was rewritten as a whole is too. */
#include "replay-tool/verify.h"

#include <inttypes.h>

enum exit_code verify_take_checkpoint(struct verify *v, struct source *source)
{
    struct arena arena = {0};
    struct note_key key;
    enum exit_code code = evidence_key(v->replay, source, &key);
    if (code == EXIT_WELL)
        code = evidence_checkpoint_file(option(v->replay, "checkpoint"), &key, &arena, NULL, &v->checkpoint);
    arena_free(&arena);
    return code;
}

static enum exit_code find_missing(struct verify *v)
{
    bool is_part = source_place(v->replay) == SOURCE_SEGMENT;
    v->events += v->checkpoint.size - v->head;
    verify_say(v, v->head + 1, v->checkpoint.size, is_part ? EXIT_INCOMPLETE : EXIT_DAMAGED,
               "the checkpoint covers these events, and they are not there: %s",
               is_part ? "they are behind this segment" : "the log's end was taken away, or this is an older copy");
    return EXIT_WELL;
}

/* Nothing that the log says of itself is worth anything then. */
static enum exit_code find_other(struct verify *v)
{
    char origin[NOTE_NAME_SIZE];
    checkpoint_origin(v->log_id, origin);
    bool is_other = strcmp(origin, v->checkpoint.origin) != 0;
    v->proved = 0;
    verify_say(v, 1, v->checkpoint.size, EXIT_DAMAGED, "these events are not those that the checkpoint covers: %s%s",
               is_other ? "it is of another log, " : "they were changed, and their commits' roots with them",
               is_other ? v->checkpoint.origin : "");
    return EXIT_WELL;
}

enum exit_code verify_checkpoint(struct verify *v, struct source *source)
{
    uint8_t root[MERKLE_HASH_SIZE];
    if (v->checkpoint.size > v->head) return find_missing(v);
    enum exit_code code = evidence_root(source, v->checkpoint.size, root);
    if (code == EXIT_INCOMPLETE) {
        verify_say(v, v->checkpoint.size, v->checkpoint.size, code,
                   "whether the log begins with what the checkpoint covers cannot be told without this event");
        return EXIT_WELL;
    }
    if (code != EXIT_WELL) return code;
    return memcmp(root, v->checkpoint.root, sizeof root) == 0 ? EXIT_WELL : find_other(v);
}
