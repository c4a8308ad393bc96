/* Checkpoints in the walk. A call is answered with one over all that is on disk: so over all that anybody was told of
 * before he asked. It is signed in the loop, once for any number of calls while the log does not grow: what that costs,
 * the two syncs of a small file, is what the turn that made it grow has cost already. */
#include "engine/clock/journal.h"
#include "engine/turn_state.h"

static int read_value(void *context, uint64_t seq, struct bytes *value)
{
    struct turn *t = context;
    return (int)log_read(&t->reader, seq, value);
}

/* What was archived is before what was signed last, or it would have to be there: that commit then knows its subtrees. */
static int read_commit(void *context, uint64_t seq, struct log_commit *commit)
{
    struct turn *t = context;
    enum log_fault fault = log_find_commit(&t->reader, seq, commit);
    bool is_before = fault == LOG_SEGMENT_MISSING && seq < t->signer.last.size;
    return (int)(is_before ? log_find_commit(&t->reader, t->signer.last.size, commit) : fault);
}

void turn_open_signer(struct turn *t)
{
    const struct tree_reader reader = {t, read_value, read_commit};
    enum signer_make make = t->settings.trust_keys ? SIGNER_REPLACES_A_KEY : SIGNER_MAKES_A_KEY;
    enum signer_fault fault = signer_open(&t->signer, t->settings.data_directory, log_id(&t->log), make);
    if (!fault) fault = signer_prove(&t->signer, &reader, log_head(&t->log), log_root(&t->log));
    if (fault == SIGNER_UNREAD) t->signer.why = t->reader.why;
    if (fault) journal("no checkpoint can be signed: %s", t->signer.why.text);
}

static enum refusal refusal_of(enum signer_fault fault)
{
    return fault == SIGNER_NO_SPACE ? REFUSED_NO_SPACE : REFUSED_CANNOT_SIGN;
}

enum refusal turn_answer_checkpoint(struct turn *t, uint64_t msgid, const struct answer *answer, struct buffer *out,
                                    struct sentence *why)
{
    struct signer *s = &t->signer;
    char key[NOTE_KEY_TEXT_SIZE] = "";
    enum signer_fault fault = answer->last_signed ? SIGNER_OK : signer_sign(s, log_head(&t->log), log_root(&t->log));
    if (fault) {
        *why = s->why;
        return refusal_of(fault);
    }
    if (s->pair.key.name[0]) note_key_write(&s->pair.key, key);
    wire_reply_checkpoint(msgid, bytes_of_text(s->note), bytes_of_text(key), out);
    return ACCEPTED;
}
