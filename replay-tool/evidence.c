#include "replay-tool/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EVIDENCE_SIZE_MAX = 16 << 20 };

/* ---- Files. */

enum exit_code evidence_read(const char *path, struct arena *arena, struct bytes *text)
{
    FILE *file = fopen(path, "re");
    if (!file) return fail(errno == ENOENT ? EXIT_NOTHING : EXIT_IO, "%s cannot be read: %s", path, strerror(errno));
    struct buffer content = {.arena = arena};
    uint8_t piece[4096];
    size_t size;
    while ((size = fread(piece, 1, sizeof piece, file)) > 0 && content.size <= EVIDENCE_SIZE_MAX)
        buffer_append(&content, piece, size);
    bool is_read = !ferror(file);
    fclose(file);
    if (!is_read) return fail(EXIT_IO, "%s cannot be read: %s", path, strerror(errno));
    if (content.size > EVIDENCE_SIZE_MAX) return fail(EXIT_DAMAGED, "%s is larger than any key, checkpoint or proof", path);
    *text = buffer_bytes(&content);
    return EXIT_WELL;
}

static enum exit_code cannot_write(const char *path)
{
    if (errno == EEXIST) return fail(EXIT_USAGE, "--out %s: is there already, and evidence is not overwritten", path);
    return fail(errno == ENOSPC ? EXIT_NO_SPACE : EXIT_IO, "%s cannot be written: %s", path, strerror(errno));
}

static enum exit_code write_file(const char *path, struct bytes text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file) return cannot_write(path);
    bool written = fwrite(text.data, 1, text.size, file) == text.size && fflush(file) == 0 && fsync(fd) == 0;
    enum exit_code code = written ? EXIT_WELL : cannot_write(path);
    fclose(file);
    if (code != EXIT_WELL) unlink(path);
    return code;
}

enum exit_code evidence_write(struct replay *r, struct bytes text, bool *taken)
{
    const char *path = option(r, "out");
    *taken = path && strcmp(path, "-") == 0;
    if (*taken) fwrite(text.data, 1, text.size, stdout);
    return path && !*taken ? write_file(path, text) : EXIT_WELL;
}

void evidence_header(struct replay *r)
{
    header_open(r);
    out_end(&r->out);
}

/* ---- Keys. */

static enum exit_code key_of(const char *given, struct note_key *key)
{
    struct arena arena = {0};
    struct bytes text = bytes_of_text(given);
    enum exit_code code = EXIT_WELL;
    if (note_key_read(text, key)) return EXIT_WELL;
    if (access(given, F_OK) == 0) code = evidence_read(given, &arena, &text);
    if (text.size > 0 && bytes_end(text)[-1] == '\n') text.size--;
    if (code == EXIT_WELL && !note_key_read(text, key))
        code = fail(EXIT_SIGNATURE, "--key %s: is no public key, such as muster/9f2c...+8488d827+AY..., and no file that holds one",
                    given);
    arena_free(&arena);
    return code;
}

enum exit_code evidence_key(struct replay *r, struct source *source, struct note_key *key)
{
    struct own_evidence own;
    const char *given = option(r, "key");
    if (given) return key_of(given, key);
    if (!source) return usage(r, "--key is missing: the public key to check with");
    enum exit_code code = own_evidence(source, false, &own);
    if (code != EXIT_WELL) return code;
    if (!note_key_read(bytes_of_text(own.key), key))
        return fail(EXIT_SIGNATURE, "the log has no key beside it to check with; --key names one");
    complain("no --key was given: the log's own is taken, which whoever can change the log can change too");
    return EXIT_WELL;
}

/* ---- Checkpoints. */

enum exit_code evidence_checkpoint(const char *name, struct bytes note, const struct note_key *key,
                                   struct checkpoint *checkpoint)
{
    struct bytes body;
    switch (note_open(note, key, &body)) {
    case NOTE_SIGNED: break;
    case NOTE_MALFORMED: return fail(EXIT_SIGNATURE, "%s is no checkpoint", name);
    case NOTE_UNSIGNED: return fail(EXIT_SIGNATURE, "%s is not signed by the key of %s", name, key->name);
    case NOTE_FORGED: return fail(EXIT_SIGNATURE, "%s does not have its signature: it was changed, or never signed", name);
    }
    if (!checkpoint_read(body, checkpoint)) return fail(EXIT_SIGNATURE, "%s is signed, and is no checkpoint", name);
    if (strcmp(checkpoint->origin, key->name) == 0) return EXIT_WELL;
    return fail(EXIT_SIGNATURE, "%s is about %s, and signed by %s", name, checkpoint->origin, key->name);
}

enum exit_code evidence_checkpoint_file(const char *path, const struct note_key *key, struct arena *arena,
                                        struct bytes *note, struct checkpoint *checkpoint)
{
    struct bytes text;
    enum exit_code code = evidence_read(path, arena, &text);
    if (code == EXIT_WELL) code = evidence_checkpoint(path, text, key, checkpoint);
    if (note) *note = text;
    return code;
}

void put_checkpoint(struct open_map *m, const struct checkpoint *c)
{
    put_word(m, "origin", c->origin);
    put_uint(m, "size", c->size);
    put_hex(m, "root", (struct bytes){c->root, sizeof c->root});
}

/* ---- The log as a tree. */

/* Numbers before the first that is there are asked for where segments were archived. */
static int tree_value(void *context, uint64_t seq, struct bytes *value)
{
    struct source *s = context;
    if (seq >= s->first) return (int)source_read(s, seq, value);
    return (int)fail(EXIT_INCOMPLETE, "event %" PRIu64 " is needed and is not there; bring its segment back", seq);
}

static int tree_commit(void *context, uint64_t seq, struct log_commit *commit)
{
    struct source *s = context;
    return (int)source_commit(s, MAX(seq, s->first - 1), commit);
}

struct tree_reader evidence_tree(struct source *source)
{
    return (struct tree_reader){source, tree_value, tree_commit};
}

enum exit_code evidence_beyond(const struct source *source, uint64_t size)
{
    if (source->place == SOURCE_SEGMENT)
        return fail(EXIT_INCOMPLETE, "the checkpoint covers %" PRIu64 " events, and this segment ends with event %" PRIu64
                                     "; those behind it are needed too", size, source->head);
    return fail(EXIT_DAMAGED, "the checkpoint covers %" PRIu64 " events, and the log ends at event %" PRIu64
                              ": its end was taken away, or this is an older copy, or another log", size, source->head);
}

enum exit_code evidence_root(struct source *source, uint64_t size, uint8_t root[MERKLE_HASH_SIZE])
{
    struct log_commit commit;
    struct tree_reader tree = evidence_tree(source);
    if (size > 0) {
        enum exit_code code = (enum exit_code)tree_commit(source, size, &commit);
        if (code != EXIT_WELL) return code;
        if (commit.last == size) {
            merkle_root(&commit.tree, root);
            return EXIT_WELL;
        }
    }
    return (enum exit_code)proof_root(&tree, size, root);
}
