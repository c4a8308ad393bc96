/* muster-replay rebuild: the projections, folded from a log whose every event is proved, in a directory of their own; at
 * the end it takes the place of the one that is there. With --state-hash only the hash of what was folded is shown. */
#include "replay-tool/files.h"
#include "replay-tool/scan.h"
#include "replay-tool/state.h"
#include "replay-tool/verbs.h"

enum { STATE_HASH_SIZE = 32 };

const struct option_row REBUILD_OPTIONS[] = {
    {"state-hash", NULL, "only show the hash of the state, for comparing machines and versions"},
    {NULL, NULL, NULL},
};

/* ---- Proof. */

static enum exit_code prove(struct source *source)
{
    static struct log_scan scan;
    const struct log_commit nothing = {.last = 0};
    if (source->first > 1) return EXIT_WELL; /* folding says what is missing */
    scan_begin(&scan, &nothing, source->head, false);
    scan_source(&scan, source);
    if (scan.finding_count == 0) return EXIT_WELL;
    return fail(scan.findings[0].code, "events %llu to %llu: %s; verify tells more", (unsigned long long)scan.findings[0].first,
                (unsigned long long)scan.findings[0].last, scan.findings[0].why.text);
}

/* ---- Where they are. */

struct place {
    char made[PATH_MAX], final[PATH_MAX];
};

/* Beside the log of a data directory. */
static enum exit_code find_place(struct replay *r, struct place *place)
{
    char log[PATH_MAX];
    const char *data = option(r, "data") ? option(r, "data") : "muster-data";
    enum exit_code code = source_place(r) == SOURCE_DIRECTORY ? files_path(log, data, "log") : EXIT_USAGE;
    if (code != EXIT_WELL || !files_is_there(log))
        return usage(r, "--data must name a data directory, in which there is a directory log; --state-hash needs none");
    code = files_path(place->made, data, "projections.part");
    return code == EXIT_WELL ? files_path(place->final, data, "projections") : code;
}

/* One moment, or none, sees neither the old ones nor the new: the engine would fold them again. */
static enum exit_code switch_over(const struct place *place)
{
    files_remove(place->final);
    return files_rename(place->made, place->final);
}

/* ---- The verb. */

static enum exit_code fold(struct state *state, struct source *source)
{
    enum exit_code code = state_fold_to(state, source->head);
    if (state->why.text[0]) complain("%s", state->why.text);
    return code;
}

static enum exit_code rebuild(struct replay *r, struct source *source, const struct place *place)
{
    struct state state;
    uint8_t hash[STATE_HASH_SIZE];
    enum exit_code code = place ? state_open_at(&state, source, place->made) : state_open(&state, source);
    if (code != EXIT_WELL) return code;
    code = fold(&state, source);
    if (code == EXIT_WELL) state_hash(state_view(&state), hash);
    if (code == EXIT_WELL && place) code = state_keep(&state);
    state_close(&state);
    if (code == EXIT_WELL && place) code = switch_over(place);
    if (code != EXIT_WELL) return code;
    source_header(source);
    struct open_map *m = out_record(&r->out, "summary");
    put_uint(m, "events", source->head);
    put_hex(m, "stateHash", (struct bytes){hash, sizeof hash});
    put_flag(m, "switched", place != NULL);
    out_end(&r->out);
    return EXIT_WELL;
}

enum exit_code verb_rebuild(struct replay *r)
{
    struct source source;
    struct place place;
    bool only_hash = option(r, "state-hash");
    enum exit_code code = only_hash ? EXIT_WELL : find_place(r, &place);
    if (code == EXIT_WELL) code = source_open(&source, r);
    if (code != EXIT_WELL) return code;
    if (source.head == 0) code = fail(EXIT_NOTHING, "there is no event to fold");
    if (code == EXIT_WELL) code = prove(&source);
    if (code == EXIT_WELL && !only_hash) files_remove(place.made);
    if (code == EXIT_WELL) code = rebuild(r, &source, only_hash ? NULL : &place);
    source_close(&source);
    return code;
}
