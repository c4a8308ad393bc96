/* The verbs' functions and the tables of their options. */
#ifndef MUSTER_REPLAY_VERBS_H
#define MUSTER_REPLAY_VERBS_H

#include "replay-tool/replay.h"

#define VERB(name, words, operands, help, options) enum exit_code verb_##name(struct replay *r);
#include "replay-tool/verbs.def"
#undef VERB

extern const struct option_row EVENTS_OPTIONS[], VERIFY_OPTIONS[], HISTORY_OPTIONS[], STATE_OPTIONS[], DIFF_OPTIONS[];
extern const struct option_row CHECKPOINT_OPTIONS[], CHECKPOINT_CHECK_OPTIONS[], CHECKPOINT_EXTEND_OPTIONS[], PROVE_OPTIONS[];
extern const struct option_row BACKUP_OPTIONS[], RESTORE_OPTIONS[], SALVAGE_OPTIONS[], TRUNCATE_OPTIONS[];
extern const struct option_row ARCHIVE_OPTIONS[], REBUILD_OPTIONS[];

#endif
