/* Schedules that are due: each becomes a job, or the log says why not. */
#ifndef MUSTER_SCHEDULE_PROGRESS_H
#define MUSTER_SCHEDULE_PROGRESS_H

#include "engine/decide/progress.h"

/* True when there are more than a turn may hold. */
bool schedules_run_due(struct progress_turn *t);

/* Whether the job has to wait until another run of its schedule is over. */
bool schedule_holds_back(struct view *v, const struct job *job);

#endif
