/* Two logs are alike up to an event when the trees over all events up to it have the same root. Commit records have the
 * roots at their ends, and between them a few hashes give one; so the first event that differs is found by halving, with
 * a few commits read of each log however long both are.
 *
 *     A  |--- 1 .. 300 ---|--- 301 .. 512 ---|-- ...        the same root at 300 and at 410, another one
 *     B  |--- 1 .. 300 ---|- 301 .. 410 -|- 411 .. 640 -|   at 411: event 411 is where they part
 */
#include "replay-tool/diff.h"

#include "engine/wire/wire.h"
#include "replay-tool/state.h"

struct logs {
    struct replay *replay;
    struct source a, b;
    uint64_t base;   /* the first moment at which both have a root */
    uint64_t common; /* they are alike up to here */
    bool before_base; /* they part at or before `base` */
};

/* ---- Roots. */

/* Where roots begin: 0, or the end of the first commit of a log whose beginning is not here. */
static enum exit_code base_of(struct source *s, uint64_t *base)
{
    struct log_commit commit;
    *base = 0;
    if (s->first == 1) return EXIT_WELL;
    enum exit_code code = source_commit(s, s->first, &commit);
    if (code == EXIT_WELL) *base = commit.last;
    return code;
}

/* Over 1..seq, which is not before the source's base. */
static enum exit_code root_at(struct source *s, uint64_t seq, uint8_t root[MERKLE_HASH_SIZE])
{
    struct log_commit commit, before = {.last = 0};
    enum exit_code code = source_commit(s, seq, &commit);
    if (code != EXIT_WELL) return code;
    if (commit.last == seq) {
        memcpy(root, commit.root, MERKLE_HASH_SIZE);
        return EXIT_WELL;
    }
    if (commit.first > 1) code = source_commit(s, commit.first - 1, &before);
    for (uint64_t i = commit.first; code == EXIT_WELL && i <= seq; i++) {
        struct bytes value;
        code = source_read(s, i, &value);
        if (code == EXIT_WELL) merkle_append(&before.tree, value);
    }
    if (code == EXIT_WELL) merkle_root(&before.tree, root);
    return code;
}

static enum exit_code compare_at(struct logs *l, uint64_t seq, bool *same)
{
    uint8_t a[MERKLE_HASH_SIZE], b[MERKLE_HASH_SIZE];
    *same = seq == 0;
    if (seq == 0) return EXIT_WELL;
    enum exit_code code = root_at(&l->a, seq, a);
    if (code == EXIT_WELL) code = root_at(&l->b, seq, b);
    if (code == EXIT_WELL) *same = memcmp(a, b, sizeof a) == 0;
    return code;
}

/* ---- Where they part. */

/* They are alike at `low` and not at `high`. */
static enum exit_code halve(struct logs *l, uint64_t low, uint64_t high)
{
    enum exit_code code = EXIT_WELL;
    while (code == EXIT_WELL && high - low > 1) {
        bool same = false;
        uint64_t middle = low + (high - low) / 2;
        code = compare_at(l, middle, &same);
        if (same) low = middle;
        else high = middle;
    }
    l->common = low;
    return code;
}

static enum exit_code find_common(struct logs *l)
{
    uint64_t other, last = MIN(l->a.head, l->b.head);
    bool same = false;
    enum exit_code code = base_of(&l->a, &l->base);
    if (code == EXIT_WELL) code = base_of(&l->b, &other);
    if (code != EXIT_WELL) return code;
    l->base = MAX(l->base, other);
    if (l->base > last)
        return fail(EXIT_INCOMPLETE, "the one log ends before the other begins; bring the segments of earlier events back");
    code = compare_at(l, last, &same);
    l->common = last;
    if (code != EXIT_WELL || same) return code;
    code = compare_at(l, l->base, &same);
    l->before_base = !same;
    l->common = 0;
    return code == EXIT_WELL && same ? halve(l, l->base, last) : code;
}

/* ---- Showing. */

static void put_log(struct logs *l, const char *name, const struct source *s)
{
    struct open_map *m = out_record(&l->replay->out, "log");
    put_word(m, "log", name);
    put_word(m, "path", s->path);
    put_hex(m, "logId", (struct bytes){s->log_id, sizeof s->log_id});
    put_uint(m, "first", s->first);
    put_uint(m, "head", s->head);
    put_hex(m, "root", (struct bytes){s->root, sizeof s->root});
    out_end(&l->replay->out);
}

/* With numbers as they are stored: what they name may differ too. */
static enum exit_code put_event(struct open_map *m, const char *key, struct source *s, uint64_t seq)
{
    struct event event;
    struct sentence why = {""};
    enum exit_code code = event_read(s, seq, &event, &why);
    if (code != EXIT_WELL && why.text[0] == '\0') return code;
    put_key(m, key);
    if (code == EXIT_WELL) {
        wire_event(NULL, &event, m->out);
        return code;
    }
    struct open_map unread = put_map(m->out);
    put_uint(&unread, "seq", seq);
    put_word(&unread, "unread", why.text);
    put_end(&unread);
    return EXIT_WELL;
}

static enum exit_code show_divergence(struct logs *l)
{
    struct open_map *m = out_record(&l->replay->out, "divergence");
    enum exit_code code = EXIT_WELL;
    put_uint(m, l->before_base ? "atOrBefore" : "seq", l->before_base ? l->base : l->common + 1);
    if (!l->before_base) code = put_event(m, "a", &l->a, l->common + 1);
    if (!l->before_base && code == EXIT_WELL) code = put_event(m, "b", &l->b, l->common + 1);
    if (code == EXIT_WELL) out_end(&l->replay->out);
    return code;
}

static void show_header(struct replay *r)
{
    struct open_map *m = header_open(r);
    put_word(m, "source", "logs");
    out_end(&r->out);
}

static enum exit_code show(struct logs *l)
{
    bool parted = l->before_base || (l->common < l->a.head && l->common < l->b.head);
    bool same = l->common == l->a.head && l->common == l->b.head;
    show_header(l->replay);
    put_log(l, "a", &l->a);
    put_log(l, "b", &l->b);
    enum exit_code code = parted ? show_divergence(l) : EXIT_WELL;
    if (code != EXIT_WELL) return code;
    struct open_map *m = out_record(&l->replay->out, "summary");
    put_flag(m, "same", same);
    if (!l->before_base) put_uint(m, "common", l->common);
    if (!l->before_base) put_uint(m, "onlyA", l->a.head - l->common);
    if (!l->before_base) put_uint(m, "onlyB", l->b.head - l->common);
    out_end(&l->replay->out);
    return same ? EXIT_WELL : EXIT_DIFFERENT;
}

enum exit_code diff_logs(struct replay *r)
{
    struct logs l = {.replay = r};
    enum exit_code code = source_open_path(&l.a, r, r->operands[0]);
    if (code == EXIT_WELL) code = source_open_path(&l.b, r, r->operands[1]);
    if (code == EXIT_WELL) code = find_common(&l);
    if (code == EXIT_WELL) code = show(&l);
    source_close(&l.a);
    source_close(&l.b);
    return code;
}
