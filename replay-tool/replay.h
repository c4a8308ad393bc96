/* What every verb of muster-replay is given and may use. A verb is a row of verbs.def and its function, which reads the
 * log through a source (source.h), says what it found through `out` (out.h), and returns an exit code.
 *
 * It runs in a child process: LMDB has no checksums, and a damaged page may crash whoever reads it. The process that
 * was started waits, and tells which event was being read when that happened. */
#ifndef MUSTER_REPLAY_H
#define MUSTER_REPLAY_H

#include "clients/terminal/options.h"
#include "engine/base/base.h"
#include "replay-tool/out.h"

#include <limits.h>

enum exit_code {
#define EXIT_CODE(code, NAME, meaning) EXIT_##NAME = (code),
#include "replay-tool/exits.def"
#undef EXIT_CODE
};

struct replay;

/* One row of verbs.def. */
struct verb {
    const char *name;     /* its words: "verify", "checkpoint create" */
    const char *operands; /* "EVENT", "A B", "[JOB]" that may be left out, or "" */
    const char *help;     /* one sentence, no full stop */
    const struct option_row *options;
    enum exit_code (*run)(struct replay *r);
};
extern const struct verb VERBS[]; /* ends with a row without name */
extern const struct option_row GLOBALS[];

/* Seen by the process that waits, also after a crash. */
struct shared {
    bool done;
    enum exit_code code;
    uint64_t at;              /* the event that is being read; 0: none */
    char scratch[PATH_MAX];   /* a directory to be removed at the end; "": none */
};

enum { OPERANDS_MAX = 2 };

struct replay {
    const struct verb *verb;
    const char *operands[OPERANDS_MAX]; /* NULL: not given */
    struct options options;
    struct out out;
    struct shared *shared;
};

/* ---- Options. */

/* The value given last, "" for a switch that is on, NULL when not given. */
const char *option(const struct replay *r, const char *name);
/* False, with a sentence said, when it is given and is no number of at most `most`. *value keeps its default when it is
 * not given. */
bool option_number(const struct replay *r, const char *name, uint64_t most, uint64_t *value);

/* ---- Saying. Standard output holds data only; all else goes to standard error. */

/* "muster-replay: " and one sentence to standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and returns `code`. */
enum exit_code fail(enum exit_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says what is wrong with the command line and where help is; EXIT_USAGE. */
enum exit_code usage(const struct replay *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How far it is, on a terminal only, now and then; `whole` 0: unknown. */
void progress_show(const char *what, uint64_t done, uint64_t whole);

/* A directory for what is needed only while the verb runs: made at the first call, in --scratch or TMPDIR, removed at the
 * end also after a crash. NULL, with a sentence said, when it cannot be made. */
const char *scratch_directory(struct replay *r);

/* EXIT_WELL after printing help on all verbs or on one, EXIT_USAGE when there is no such verb. */
enum exit_code help(const char *words);

#endif
