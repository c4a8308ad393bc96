/* Random calls: made from what the model knows, so that they meet something, and now and then nothing; carried out by
 * the model, which says how the engine must answer. */
#ifndef MUSTER_SIMULATE_CALLS_H
#define MUSTER_SIMULATE_CALLS_H

#include "tests/unit/model.h"
#include "tests/unit/simulate_random.h"

enum { CALL_PARAMS_SIZE = 1536, CALL_RESULTS_MAX = 12, CALL_ACTIVE_JOBS_MAX = 12 };

struct call_result {
    unsigned index;
    char job[MODEL_ID_SIZE], device[MODEL_ID_SIZE];
    int attempt; /* -1: not given */
    enum model_answer answer;
    const char *error;
};

struct client_call {
    const struct call_kind *kind;
    char request_id[MODEL_ID_SIZE]; /* empty: none */
    char params[CALL_PARAMS_SIZE];  /* JSON, without the braces and the request id */
    /* What it means: each kind has its own of these. */
    char id[MODEL_ID_SIZE];
    char template[MODEL_ID_SIZE];
    bool template_given;
    int provisioned;
    enum model_filter filter;
    struct model_plan plan;     /* of a copy and a rerun only the name */
    char new_id[MODEL_ID_SIZE]; /* of a copy and a rerun */
    int quoted;                 /* a preview, -1: none */
    enum model_which which;
    struct model_times times;
    bool times_given;
    int enabled;   /* -1: not given */
    uint64_t work; /* 0: results by name */
    struct call_result results[CALL_RESULTS_MAX];
    unsigned result_count;
    struct model_take take;
    char wishes[MODEL_WISHES_MAX][MODEL_ID_SIZE]; /* the take's templates */
    /* Set by whoever sends it. */
    uint64_t peer, msgid;
    bool seen;
};

/* Which calls come how often; every run has its own mixture. */
struct call_mixture;
struct call_mixture *call_mixture_new(struct random *r);
void call_mixture_free(struct call_mixture *mixture);

/* A call of the mixture. */
void call_make(struct client_call *call, const struct call_mixture *mixture, struct random *r, const struct model *m);
/* What a preview may be asked with: `call` is no call, only its id, its fields and the parameters for them. */
void call_make_preview(struct client_call *call, struct random *r, const struct model *m);
/* The calls that begin a run: the i-th; false when there are no more. */
bool call_make_first(struct client_call *call, unsigned i, struct random *r);
const char *call_method(const struct client_call *call);
bool call_is_take(const struct client_call *call);
/* Whether the engine remembers its request id. */
bool call_is_remembered(const struct client_call *call);
bool call_removes_device(const struct client_call *call);
bool calls_are_equal(const struct client_call *a, const struct client_call *b);

/* Carries the call out in the model. NULL or the refusal's code. */
const char *call_carry_out(const struct client_call *call, struct model *m, struct model_report *report);
/* What the engine's answer must hold after it was carried out, or was remembered and only looks; empty: anything. */
void call_print_answer(const struct client_call *call, const struct model *m, const struct model_report *report,
                       FILE *out);
/* The refusal of a call that only looks because it was carried out before; NULL: none. */
const char *call_look_again(const struct client_call *call, const struct model *m);

#endif
