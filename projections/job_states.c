/* What is to be known of a job without its table: its states and their words, and what its numbers mean. */
#include "projections/jobs.h"

static const struct {
    const char *word;
    unsigned moves;
} STATES[] = {
#define STATE(NAME, word, moves) {word, moves},
    JOB_STATES(STATE)
#undef STATE
};

const char *job_status_word(enum job_status status)
{
    ASSERT((size_t)status < COUNT_OF(STATES));
    return STATES[status].word;
}

bool job_status_named(struct bytes word, enum job_status *status)
{
    for (size_t i = 0; i < COUNT_OF(STATES); i++) {
        if (!bytes_equal(word, bytes_of_text(STATES[i].word))) continue;
        *status = (enum job_status)i;
        return true;
    }
    return false;
}

bool job_may_move(enum job_status from, enum job_status to)
{
    ASSERT((size_t)from < COUNT_OF(STATES) && (size_t)to < COUNT_OF(STATES));
    return STATES[from].moves >> to & 1;
}

bool job_has_ended(const struct job *job)
{
    return STATES[job->status].moves == 0;
}

uint32_t job_batch_size(enum job_measure measure, uint32_t value, uint32_t total)
{
    uint64_t size = total;
    if (measure == MEASURE_NUMBER) size = MIN(value, total);
    if (measure == MEASURE_PERCENTAGE) size = ((uint64_t)total * value + 99) / 100;
    return (uint32_t)MAX(size, 1u);
}
