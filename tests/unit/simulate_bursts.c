/* Calls that are sent together: made, sent, and their answers compared with what the model says. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/simulate_answers.h"
#include "tests/unit/simulate_run.h"
#include "tests/unit/simulate_trace.h"

/* ---- Sending. */

static uint64_t some_peer(struct simulation *s)
{
    return s->connectors[below(&s->random, CONNECTORS)];
}

static bool work_is_kept(const struct model *m, uint64_t handle)
{
    for (unsigned i = 0; i < MODEL_WORKS_KEPT; i++)
        if (m->works[i].handle == handle) return true;
    return handle <= 1;
}

/* An earlier call once more, or another one under its request id. */
static void repeat(struct simulation *s, struct client_call *call)
{
    if (s->past_count == 0 || !chance(&s->random, 8)) return;
    unsigned kept = s->past_count < PAST_KEPT ? s->past_count : PAST_KEPT;
    const struct client_call *past = &s->past[below(&s->random, kept)];
    if (chance(&s->random, 20)) memcpy(call->request_id, past->request_id, MODEL_ID_SIZE);
    else if (!call_is_take(past) && work_is_kept(&s->model, past->work)) *call = *past;
}

void send_call(struct simulation *s, struct client_call *call)
{
    char params[CALL_PARAMS_SIZE + MODEL_ID_SIZE + 24];
    call->peer = call_is_take(call) || chance(&s->random, 50) ? some_peer(s) : OPERATOR;
    snprintf(params, sizeof params, *call->request_id ? "{%s,\"requestId\":\"%s\"}" : "{%s}", call->params,
             call->request_id);
    call->msgid = engine_send(s->engine, call->peer, call_method(call), params);
    note("peer %llu call %llu: %s %s", (unsigned long long)call->peer, (unsigned long long)call->msgid,
         call_method(call), params);
    s->burst[s->burst_count++] = *call;
    s->past[s->past_count++ % PAST_KEPT] = *call;
    s->calls++;
}

void send_some(struct simulation *s, bool may_remove_devices)
{
    unsigned count = chance(&s->random, 60) ? 1 : between(&s->random, 2, BURST_MAX);
    engine_first_is_next(s->engine);
    for (unsigned i = 0; i < count; i++) {
        struct client_call call;
        call_make(&call, s->mixture, &s->random, &s->model);
        repeat(s, &call);
        if (may_remove_devices || !call_removes_device(&call)) send_call(s, &call);
    }
}

/* ---- Carrying out. */

static bool was_carried_out(const struct simulation *s, const struct client_call *call,
                            const struct client_call **before)
{
    for (const struct remembered *r = s->remembered; r && call_is_remembered(call); r = r->next) {
        bool is_old = s->model.time_us - r->time_us > 30 * DAY_US && !r->made_job;
        if (is_old || strcmp(r->call.request_id, call->request_id) != 0) continue;
        *before = &r->call;
        return true;
    }
    return false;
}

static void remember(struct simulation *s, const struct client_call *call)
{
    struct remembered *remembered = malloc(sizeof *remembered);
    if (!remembered) abort();
    *remembered = (struct remembered){*call, s->model.made_job, s->model.time_us, s->remembered};
    s->remembered = remembered;
}

static const char *carry_out(struct simulation *s, const struct client_call *call, struct model_report *report)
{
    const struct client_call *before;
    if (was_carried_out(s, call, &before))
        return calls_are_equal(call, before) ? call_look_again(call, &s->model) : "conflict";
    const char *refusal = call_carry_out(call, &s->model, report);
    if (!refusal && s->model.changed && call_is_remembered(call)) remember(s, call);
    return refusal;
}

static void carry_out_and_compare(struct simulation *s, const struct client_call *call)
{
    char *text;
    size_t size;
    struct model_report report = {0};
    const char *refusal = carry_out(s, call, &report);
    if (call_is_take(call) && !refusal) return; /* answered when there is work */
    struct bytes answer = engine_answer(s->engine, call->peer, call->msgid);
    if (refusal) {
        expect_refusal(answer, refusal, call_method(call));
        return;
    }
    expect_in(answer, "null,", call_method(call));
    FILE *out = open_memstream(&text, &size);
    call_print_answer(call, &s->model, &report, out);
    fclose(out);
    expect_in(answer, text, call_method(call));
    free(text);
}

void tell_time(struct simulation *s)
{
    struct engine_time time = engine_time(s->engine);
    s->model.now_us = time.monotonic_us;
    s->model.wall_us = time.wall_us;
    s->model.time_us = time.written_us;
}

/* The peer's next call of the burst; NULL when there is none. */
static struct client_call *next_of_peer(struct simulation *s, uint64_t peer)
{
    for (unsigned i = 0; i < s->burst_count; i++)
        if (s->burst[i].peer == peer && !s->burst[i].seen) return &s->burst[i];
    return NULL;
}

/* In the order in which the stage gave them to the engine: one of each peer, then the next one of each, from the first
 * on. */
static void each_of_burst(struct simulation *s, void (*see)(struct simulation *s, const struct client_call *call))
{
    tell_time(s);
    for (unsigned seen = 0; seen < s->burst_count;) {
        for (uint64_t peer = 1; peer < ENGINE_PEERS_END; peer++) {
            struct client_call *next = next_of_peer(s, peer);
            if (!next) continue;
            see(s, next);
            next->seen = true;
            seen++;
        }
    }
    s->burst_count = 0;
}

void carry_out_burst(struct simulation *s)
{
    each_of_burst(s, carry_out_and_compare);
}

static void compare_on_full_disk(struct simulation *s, const struct client_call *call)
{
    struct bytes answer = engine_answer(s->engine, call->peer, call->msgid);
    if (!answer_holds(answer, "[\"no_space\",")) carry_out_and_compare(s, call);
}

void carry_out_on_full_disk(struct simulation *s)
{
    each_of_burst(s, compare_on_full_disk);
}

void forget_answers(struct simulation *s)
{
    for (uint64_t peer = 1; peer < ENGINE_PEERS_END; peer++) engine_forget_answers(s->engine, peer);
}

void forget_remembered(struct simulation *s)
{
    for (struct remembered *next; s->remembered; s->remembered = next) {
        next = s->remembered->next;
        free(s->remembered);
    }
}
