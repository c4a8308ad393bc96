#include "engine/proof/signer.h"

#include "engine/base/private_file.h"
#include "engine/base/space.h"
#include "engine/proof/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define NEW_SUFFIX "new"

static const struct private_file_kind KEY_FILE = {.what = "the key that signs checkpoints",
                                                  .remedy = "have another one made"};
static const struct private_file_kind LAST_FILE = {.what = "the last checkpoint"};

/* ---- Files. */

bool signer_path(const char *data_directory, const uint8_t log_id[LOG_ID_SIZE], const char *suffix, char path[PATH_MAX])
{
    char origin[NOTE_NAME_SIZE];
    checkpoint_origin(log_id, origin);
    int size = snprintf(path, PATH_MAX, "%s/signing/%s.%s", data_directory, strchr(origin, '/') + 1, suffix);
    return size < PATH_MAX;
}

static void path_of(const struct signer *s, const char *suffix, char path[PATH_MAX])
{
    ASSERT(signer_path(s->directory, s->log_id, suffix, path)); /* signer_open saw to that */
}

static enum signer_fault fail(struct signer *s, enum signer_fault fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static enum signer_fault fail(struct signer *s, enum signer_fault fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    sentence_vset(&s->why, format, arguments);
    va_end(arguments);
    return fault;
}

static enum signer_fault write_file(struct signer *s, const char *suffix, const char *text)
{
    char path[PATH_MAX], fresh[PATH_MAX];
    path_of(s, suffix, path);
    path_of(s, NEW_SUFFIX, fresh);
    int error = private_file_write(fresh, bytes_of_text(text));
    if (!error) error = private_file_rename(fresh, path);
    if (!error) return SIGNER_OK;
    return fail(s, space_is_lacking(error) ? SIGNER_NO_SPACE : SIGNER_FAILED, "%s cannot be written: %s", path,
                strerror(error));
}

/* *text gets a terminating zero. False with s->why unset when there is no such file. */
static enum private_file_result read_file(struct signer *s, const char *suffix, const struct private_file_kind *kind,
                                          char *text, size_t room)
{
    char path[PATH_MAX];
    size_t size = 0;
    path_of(s, suffix, path);
    enum private_file_result result = private_file_read(path, kind, text, room - 1, &size, &s->why);
    text[size] = '\0';
    return result;
}

/* ---- What was signed last. */

static enum signer_fault read_last(struct signer *s)
{
    struct bytes body, signatures;
    char origin[NOTE_NAME_SIZE];
    checkpoint_origin(s->log_id, origin);
    switch (read_file(s, SIGNER_CHECKPOINT_SUFFIX, &LAST_FILE, s->note, sizeof s->note)) {
    case PRIVATE_FILE_MISSING: return SIGNER_OK;
    case PRIVATE_FILE_REFUSED: s->note[0] = '\0'; return SIGNER_FAILED;
    case PRIVATE_FILE_READ: break;
    }
    bool good = note_split(bytes_of_text(s->note), &body, &signatures) && checkpoint_read(body, &s->last) &&
                strcmp(s->last.origin, origin) == 0;
    if (good) return SIGNER_OK;
    s->note[0] = '\0';
    return fail(s, SIGNER_DIFFERS, "%s/signing/%s.checkpoint, what was signed last, is damaged: put it back from a backup",
                s->directory, strchr(origin, '/') + 1);
}

/* Another key may have signed it, before a new one was made. */
static enum signer_fault check_last(struct signer *s)
{
    struct bytes body;
    if (!s->note[0] || note_open(bytes_of_text(s->note), &s->pair.key, &body) != NOTE_FORGED) return SIGNER_OK;
    return fail(s, SIGNER_DIFFERS, "what was signed last, in %s/signing, does not have its signature: put it back from a backup",
                s->directory);
}

/* ---- The key. */

static enum signer_fault write_public(struct signer *s)
{
    char text[NOTE_KEY_TEXT_SIZE], line[NOTE_KEY_TEXT_SIZE + 1], there[NOTE_KEY_TEXT_SIZE + 1];
    note_key_write(&s->pair.key, text);
    snprintf(line, sizeof line, "%s\n", text);
    bool is_there = read_file(s, SIGNER_PUBLIC_SUFFIX, &LAST_FILE, there, sizeof there) == PRIVATE_FILE_READ;
    return is_there && strcmp(line, there) == 0 ? SIGNER_OK : write_file(s, SIGNER_PUBLIC_SUFFIX, line);
}

/* The private key comes last: where it is, all is. */
static enum signer_fault make_key(struct signer *s)
{
    char directory[PATH_MAX], text[NOTE_KEY_TEXT_SIZE], line[NOTE_KEY_TEXT_SIZE + 1], origin[NOTE_NAME_SIZE];
    path_of(s, "", directory);
    *strrchr(directory, '/') = '\0';
    int error = private_directory_make(directory);
    if (error) return fail(s, space_is_lacking(error) ? SIGNER_NO_SPACE : SIGNER_FAILED, "%s cannot be made: %s", directory,
                           strerror(error));
    checkpoint_origin(s->log_id, origin);
    note_signer_make(origin, &s->pair);
    note_signer_write(&s->pair, text);
    snprintf(line, sizeof line, "%s\n", text);
    enum signer_fault fault = write_public(s);
    if (!fault) fault = write_file(s, SIGNER_KEY_SUFFIX, line);
    explicit_bzero(text, sizeof text);
    explicit_bzero(line, sizeof line);
    if (fault) explicit_bzero(&s->pair, sizeof s->pair);
    return fault;
}

static enum signer_fault take_key(struct signer *s, struct bytes text)
{
    struct bytes line;
    char origin[NOTE_NAME_SIZE];
    bool good = line_next(&text, &line) && text.size == 0 && note_signer_read(line, &s->pair);
    checkpoint_origin(s->log_id, origin);
    if (good && strcmp(s->pair.key.name, origin) == 0) return write_public(s);
    explicit_bzero(&s->pair, sizeof s->pair);
    return fail(s, SIGNER_KEY, "%s/signing/%s.key is damaged or not this log's key: put it back from a backup", s->directory,
                strchr(origin, '/') + 1);
}

static enum signer_fault missing_key(struct signer *s, enum signer_make make)
{
    char path[PATH_MAX];
    bool may_make = make == SIGNER_REPLACES_A_KEY || (make == SIGNER_MAKES_A_KEY && !s->note[0]);
    if (may_make) return make_key(s);
    path_of(s, SIGNER_KEY_SUFFIX, path);
    if (!s->note[0]) return fail(s, SIGNER_KEY, "%s is not there: musterd makes it at its next start", path);
    return fail(s, SIGNER_KEY, "%s is missing, and checkpoints were signed with it: put it back or, if it is lost or others "
                               "know it, start musterd once with --trust-keys, which makes another one; whoever checks "
                               "checkpoints needs its public key then",
                path);
}

static enum signer_fault read_key(struct signer *s, enum signer_make make)
{
    char text[NOTE_KEY_TEXT_SIZE + 2];
    enum signer_fault fault = SIGNER_KEY;
    switch (read_file(s, SIGNER_KEY_SUFFIX, &KEY_FILE, text, sizeof text)) {
    case PRIVATE_FILE_READ: fault = take_key(s, bytes_of_text(text)); break;
    case PRIVATE_FILE_MISSING: fault = missing_key(s, make); break;
    case PRIVATE_FILE_REFUSED: break;
    }
    explicit_bzero(text, sizeof text);
    return fault;
}

enum signer_fault signer_open(struct signer *s, const char *data_directory, const uint8_t log_id[LOG_ID_SIZE],
                              enum signer_make make)
{
    char path[PATH_MAX];
    *s = (struct signer){.fault = SIGNER_FAILED};
    memcpy(s->log_id, log_id, LOG_ID_SIZE);
    if (!signer_path(data_directory, log_id, SIGNER_CHECKPOINT_SUFFIX, path))
        return fail(s, SIGNER_FAILED, "the data directory's name is too long for what is signed to lie in it");
    snprintf(s->directory, sizeof s->directory, "%s", data_directory);
    s->fault = read_last(s);
    if (!s->fault) s->fault = read_key(s, make);
    if (!s->fault) s->fault = check_last(s);
    return s->fault;
}

void signer_close(struct signer *s)
{
    explicit_bzero(s, sizeof *s);
}

/* ---- Signing. */

static enum signer_fault does_not_extend(struct signer *s, uint64_t size)
{
    return s->fault = fail(s, SIGNER_DIFFERS, "a checkpoint of %" PRIu64 " events was signed, and the log, of %" PRIu64 " events, "
                                              "does not extend it: events were changed or taken away; muster-replay verify "
                                              "--checkpoint tells more",
                           s->last.size, size);
}

enum signer_fault signer_prove(struct signer *s, const struct tree_reader *log, uint64_t size,
                               const uint8_t root[MERKLE_HASH_SIZE])
{
    struct proof proof;
    if (s->fault) return s->fault;
    s->proved = !s->note[0];
    if (s->proved) return SIGNER_OK;
    if (s->last.size > size) return does_not_extend(s, size);
    if (proof_of_consistency(log, s->last.size, size, &proof) != 0) return s->fault = SIGNER_UNREAD;
    s->proved = consistency_is_proved(&proof, s->last.size, s->last.root, size, root);
    return s->proved ? SIGNER_OK : does_not_extend(s, size);
}

enum signer_fault signer_sign(struct signer *s, uint64_t size, const uint8_t root[MERKLE_HASH_SIZE])
{
    struct checkpoint next = {.size = size};
    char body[CHECKPOINT_BODY_SIZE], note[CHECKPOINT_SIZE];
    if (s->fault) return s->fault;
    ASSERT(s->proved);
    strcpy(next.origin, s->pair.key.name);
    memcpy(next.root, root, sizeof next.root);
    if (s->note[0] && checkpoint_equal(&s->last, &next)) return SIGNER_OK;
    if (s->note[0] && next.size <= s->last.size) return does_not_extend(s, size);
    size_t body_size = checkpoint_write(&next, body);
    ASSERT(note_sign(&s->pair, (struct bytes){body, body_size}, note, sizeof note) > 0);
    enum signer_fault fault = write_file(s, SIGNER_CHECKPOINT_SUFFIX, note);
    if (fault) return fault;
    s->last = next;
    memcpy(s->note, note, sizeof note);
    return SIGNER_OK;
}
