/* muster-replay verify: whether what is there is what was written, and could have happened.
 *
 *     fast    commit records, gaps, order, the hash of every event
 *     events  and that every event decodes, and that time never runs backwards
 *     state   and that every event was a legal move, and that the projections show what the log says */
#include "replay-tool/verify.h"

#include "replay-tool/state.h"
#include "replay-tool/verbs.h"

#include <stdio.h>
#include <unistd.h>

enum { JOBS_MAX = 256 };

const struct option_row VERIFY_OPTIONS[] = {
    {"level", "LEVEL", "fast: hashes and records; events: and every event; state: and every move (state)"},
    {"checkpoint", "FILE", "and that the log begins with what this checkpoint covers"},
    {"key", "KEY", "the public key that signed it, or a file that holds it (the log's own)"},
    {"jobs", "N", "so many processes at the same time (one for each processor)"},
    FOLD_OPTION_ROWS,
    {NULL, NULL, NULL},
};

static const char *const LEVELS[] = {[VERIFY_FAST] = "fast", [VERIFY_EVENTS] = "events", [VERIFY_STATE] = "state"};

static const struct table_column COLUMNS[] = {
    {"FROM", "first", cell_value, RIGHT},
    {"TO", "last", cell_value, RIGHT},
    {"EVENTS", "events", cell_value, RIGHT},
    {"KIND", "kind", cell_value, LEFT},
    {"FINDING", "why", cell_value, LEFT},
    {NULL, NULL, NULL, LEFT},
};

/* ---- Findings. */

static const char *kind_of(enum exit_code code)
{
    switch (code) {
    case EXIT_INCOMPLETE: return "missing";
    case EXIT_NEWER_FORMAT: return "newer";
    case EXIT_DAMAGED: return "damaged";
    case EXIT_CRASHED: return "crashed";
    default: return "unread"; /* anything else kept us from reading */
    }
}

static void find(struct verify *v, const struct finding *finding, const char *kind)
{
    struct open_map *m = out_record(&v->replay->out, "finding");
    put_uint(m, "first", finding->first);
    put_uint(m, "last", finding->last);
    put_uint(m, "events", finding->last >= finding->first ? finding->last + 1 - finding->first : 0);
    put_word(m, "kind", kind);
    put_word(m, "why", finding->why.text);
    out_end(&v->replay->out);
    v->findings++;
    v->code = exit_worse(v->code, finding->code);
}

void verify_find(struct verify *v, const struct finding *finding)
{
    find(v, finding, kind_of(finding->code));
}

void verify_skipped(struct verify *v, uint64_t seq)
{
    struct finding finding = {.first = seq, .last = seq, .code = EXIT_INCOMPLETE};
    sentence_set(&finding.why, "this event was passed over, as --skip says");
    find(v, &finding, "skipped");
}

void verify_say(struct verify *v, uint64_t first, uint64_t last, enum exit_code code, const char *format, ...)
{
    struct finding finding = {.first = first, .last = last, .code = code};
    va_list arguments;
    va_start(arguments, format);
    sentence_vset(&finding.why, format, arguments);
    va_end(arguments);
    verify_find(v, &finding);
}

void verify_take(struct verify *v, const struct log_scan *scan, uint64_t first)
{
    v->proved += scan->proved;
    for (uint32_t i = 0; i < MIN(scan->finding_count, (uint32_t)SCAN_FINDINGS_MAX); i++) verify_find(v, &scan->findings[i]);
    if (scan->finding_count > SCAN_FINDINGS_MAX)
        verify_say(v, first, scan->last, EXIT_DAMAGED, "there are %u more findings in these events",
                   scan->finding_count - SCAN_FINDINGS_MAX);
}

/* ---- Through the socket: one scan, in this process; the engine reads the files. */

/* Where a scan can begin: behind the first commit that is there, when all before it is not. */
static enum exit_code find_beginning(struct verify *v, struct source *source, struct log_commit *before)
{
    *before = (struct log_commit){.last = 0};
    if (source->first == 1) return EXIT_WELL;
    enum exit_code code = source_commit(source, source->first, before);
    if (code != EXIT_WELL) return code;
    verify_say(v, 1, source->first - 1, EXIT_INCOMPLETE, "the engine no longer has these events: they were archived");
    verify_say(v, source->first, before->last, EXIT_INCOMPLETE, "what was before these events would be needed to prove them");
    return EXIT_WELL;
}

static enum exit_code verify_engine(struct verify *v, struct source *source)
{
    static struct log_scan scan;
    struct log_commit before;
    uint8_t root[MERKLE_HASH_SIZE];
    v->events = v->head = source->head;
    memcpy(v->log_id, source->log_id, sizeof v->log_id);
    memcpy(v->root, source->root, sizeof v->root);
    enum exit_code code = find_beginning(v, source, &before);
    if (code != EXIT_WELL) return code;
    scan_begin(&scan, &before, source->head, v->level >= VERIFY_EVENTS);
    scan_source(&scan, source);
    verify_take(v, &scan, source->first);
    merkle_root(&scan.tree, root);
    if (scan.finding_count == 0 && memcmp(root, source->root, sizeof root) != 0)
        verify_say(v, 1, source->head, EXIT_DAMAGED, "these events do not have the root that the engine shows");
    return EXIT_WELL;
}

/* ---- The verb. */

static enum exit_code take_options(struct replay *r, struct verify *v)
{
    const char *level = option(r, "level");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    v->level = VERIFY_STATE;
    if (option(r, "key") && !option(r, "checkpoint")) return usage(r, "--key is of use with --checkpoint only");
    v->jobs = processors > 0 ? MIN((uint64_t)processors, (uint64_t)JOBS_MAX) : 1;
    if (!option_number(r, "jobs", JOBS_MAX, &v->jobs)) return EXIT_USAGE;
    if (v->jobs == 0) return usage(r, "--jobs 0: expected a number from 1 to %d", JOBS_MAX);
    if (!level) return EXIT_WELL;
    for (v->level = VERIFY_FAST; v->level <= VERIFY_STATE; v->level++)
        if (strcmp(LEVELS[v->level], level) == 0) return EXIT_WELL;
    return usage(r, "--level %s: expected fast, events or state", level);
}

static void show_header(struct replay *r, const struct verify *v)
{
    struct open_map *m = header_open(r);
    put_word(m, "source", source_word(r));
    put_word(m, "level", LEVELS[v->level]);
    out_end(&r->out);
    r->out.columns = COLUMNS;
}

/* "100 %" only of all. */
static void put_share(struct open_map *m, const struct verify *v)
{
    char text[32];
    uint64_t parts = v->events ? (uint64_t)((unsigned __int128)v->proved * 10000 / v->events) : 10000;
    snprintf(text, sizeof text, "%llu.%02llu %%", (unsigned long long)parts / 100, (unsigned long long)parts % 100);
    put_word(m, "share", v->proved == v->events ? "100 %" : text);
}

static void show_summary(struct replay *r, const struct verify *v)
{
    struct open_map *m = out_record(&r->out, "summary");
    put_word(m, "level", LEVELS[v->level]);
    put_uint(m, "events", v->events);
    put_uint(m, "proved", v->proved);
    put_share(m, v);
    put_uint(m, "findings", v->findings);
    if (v->checkpoint.origin[0]) put_uint(m, "covered", MIN(v->checkpoint.size, v->head));
    if (v->level == VERIFY_STATE) put_flag(m, "folded", v->folded);
    if (v->projections) put_word(m, "projections", v->projections);
    if (v->projections_why.text[0]) put_word(m, "projectionsWhy", v->projections_why.text);
    put_hex(m, "logId", (struct bytes){v->log_id, sizeof v->log_id});
    put_uint(m, "head", v->head);
    put_hex(m, "root", (struct bytes){v->root, sizeof v->root});
    out_end(&r->out);
}

/* What does not even have the roots of its own commits needs no checkpoint to be found out; what is only missing leaves
 * the rest to be checked. */
static enum exit_code check_checkpoint(struct verify *v, struct source *source)
{
    enum exit_code code = EXIT_WELL;
    if (!option(v->replay, "checkpoint")) return EXIT_WELL;
    if (v->code != EXIT_WELL && v->code != EXIT_INCOMPLETE) {
        complain("the checkpoint was not looked at, since events are not even what the log itself says");
        return EXIT_WELL;
    }
    if (!source->kind) code = source_open(source, v->replay);
    if (code == EXIT_WELL && !v->checkpoint.origin[0]) code = verify_take_checkpoint(v, source);
    return code == EXIT_WELL ? verify_checkpoint(v, source) : code;
}

/* What is folded must be proved first: nothing that was changed is worth folding. */
static enum exit_code check_state(struct verify *v, struct source *source)
{
    enum exit_code code = EXIT_WELL;
    if (v->level < VERIFY_STATE || v->events == 0) return EXIT_WELL;
    if (v->findings > 0) {
        complain("what events did was not looked at, since not all of them are proved; --level events leaves it out");
        return EXIT_WELL;
    }
    if (!source->kind) code = source_open(source, v->replay);
    return code == EXIT_WELL ? verify_state(v, source) : code;
}

enum exit_code verb_verify(struct replay *r)
{
    static struct verify v;
    struct source source = {.kind = NULL};
    v.replay = r;
    bool is_engine = source_place(r) == SOURCE_ENGINE;
    enum exit_code code = take_options(r, &v);
    if (code == EXIT_WELL && option(r, "key")) code = verify_take_checkpoint(&v, NULL);
    if (code == EXIT_WELL && is_engine) code = source_open(&source, r);
    if (code != EXIT_WELL) return code;
    show_header(r, &v);
    code = is_engine ? verify_engine(&v, &source) : verify_files(&v);
    if (code == EXIT_WELL) code = check_checkpoint(&v, &source);
    if (code == EXIT_WELL) code = check_state(&v, &source);
    if (code == EXIT_WELL) show_summary(r, &v);
    source_close(&source);
    return code == EXIT_WELL ? v.code : code;
}
