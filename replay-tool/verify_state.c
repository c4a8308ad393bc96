/* Folds a log whose every event is proved: each must be a legal move. On the way, at the event where the projections in
 * the data directory stand, what was folded is compared with them; they are looked at in a copy, since opening them would
 * change them. */
#include "replay-tool/verify.h"

#include "replay-tool/files.h"
#include "replay-tool/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

enum { STATE_HASH_SIZE = 32 };

/* ---- A copy of the projections. */

/* False when there are none, or, with a sentence said, when they cannot be copied. */
static bool copy_projections(struct verify *v, const char *directory, const char *copy)
{
    static const char *const NAMES[] = {"projections.mdb", "clean-stop"};
    char from[PATH_MAX + NAME_MAX], to[PATH_MAX + NAME_MAX];
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        struct stat status;
        snprintf(from, sizeof from, "%s/projections/%s", directory, NAMES[i]);
        snprintf(to, sizeof to, "%s/%s", copy, NAMES[i]);
        if (stat(from, &status) != 0) {
            if (i == 0) v->projections = "none";
            if (i == 0) return false;
            continue;
        }
        if (files_copy(from, to) == EXIT_WELL) continue;
        v->projections = "unread";
        sentence_set(&v->projections_why, "%s cannot be copied to %s", from, to);
        return false;
    }
    return true;
}

/* What the engine would throw away at its next start is no finding: the log is the truth. */
static bool open_copy(struct verify *v, struct projections *p)
{
    char copy[PATH_MAX], boot_id[BOOT_ID_SIZE];
    const char *data = option(v->replay, "data");
    const char *scratch = scratch_directory(v->replay);
    if (!scratch) return false;
    snprintf(copy, sizeof copy, "%s/projections", scratch);
    if (mkdir(copy, 0700) != 0) return false;
    if (!copy_projections(v, data ? data : "muster-data", copy)) return false;
    read_boot_id(boot_id);
    struct projections_settings settings = {.directory = copy, .boot_id = boot_id};
    v->projections = "unfit";
    if (projections_open(p, &settings) == PROJECTIONS_OK && p->why.text[0] == '\0') return true;
    v->projections_why = p->why;
    projections_close(p, false);
    return false;
}

/* ---- Comparing. */

/* Whether they are of a moment of this log. */
static enum exit_code check_position(struct verify *v, struct source *source, const struct fold_position *position,
                                     bool *fits)
{
    struct log_commit commit = {.last = 0};
    bool ours = position->seq >= 1 && position->seq <= source->head &&
                memcmp(position->log_id, source->log_id, sizeof position->log_id) == 0;
    enum exit_code code = ours ? source_commit(source, position->seq, &commit) : EXIT_WELL;
    *fits = ours && commit.last == position->seq && memcmp(commit.root, position->root, sizeof commit.root) == 0;
    if (!*fits) sentence_set(&v->projections_why, "they are not of a moment of this log; the next start folds them again");
    return code;
}

static void compare(struct verify *v, struct state *state, struct projections *p, uint64_t seq)
{
    uint8_t theirs[STATE_HASH_SIZE], ours[STATE_HASH_SIZE];
    state_hash(projections_live(p), theirs);
    state_hash(state_view(state), ours);
    v->projections = memcmp(theirs, ours, sizeof ours) == 0 ? "agree" : "differ";
    if (strcmp(v->projections, "differ") == 0)
        verify_say(v, seq, seq, EXIT_DAMAGED,
                   "the projections do not show what the log says up to here; musterd --rebuild folds them again");
}

static enum exit_code fold_and_compare(struct verify *v, struct state *state, struct projections *p)
{
    struct fold_position position = projections_position(p);
    bool fits;
    enum exit_code code = check_position(v, state->source, &position, &fits);
    if (code != EXIT_WELL || !fits) return code;
    code = state_fold_to(state, position.seq);
    if (code == EXIT_WELL && state->skipped_count) {
        v->projections = "uncompared";
        sentence_set(&v->projections_why, "they were not compared, since an event was passed over");
        return EXIT_WELL;
    }
    if (code == EXIT_WELL) compare(v, state, p, position.seq);
    return code;
}

/* ---- All of it. */

static enum exit_code fold_all(struct verify *v, struct state *state)
{
    struct projections p;
    enum exit_code code = EXIT_WELL;
    if (source_place(v->replay) == SOURCE_DIRECTORY && open_copy(v, &p)) {
        code = fold_and_compare(v, state, &p);
        projections_close(&p, false);
    }
    return code == EXIT_WELL ? state_fold_to(state, state->source->head) : code;
}

enum exit_code verify_state(struct verify *v, struct source *source)
{
    struct state state;
    v->proved = 0;
    if (source->first > 1) {
        verify_say(v, 1, source->first - 1, EXIT_INCOMPLETE, "what these events did is needed, and they are not here");
        return EXIT_WELL;
    }
    enum exit_code code = state_open(&state, source);
    if (code != EXIT_WELL) return code;
    code = fold_all(v, &state);
    uint64_t folded = state_head(&state);
    v->proved = folded - state.skipped_count;
    v->folded = v->proved == source->head;
    for (size_t i = 0; i < state.skipped_count; i++) verify_skipped(v, state.skipped[i]);
    if (code == EXIT_DAMAGED || code == EXIT_NEWER_FORMAT) {
        verify_say(v, folded + 1, folded + 1, code, "%s", state.why.text);
        code = EXIT_WELL;
    }
    state_close(&state);
    return code;
}
