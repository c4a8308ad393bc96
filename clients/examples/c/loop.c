/* A connector in a libuv loop: nothing waits, devices answer in their own time, SIGTERM gives back what is left.
 * loop SOCKET          cc loop.c $(pkg-config --cflags --libs libmuster libuv) */
#include <muster.h>
#include <stdio.h>
#include <uv.h>

static struct muster_client *engine;
static struct muster_params params;
static struct muster_work *work; /* what is being carried out, and behind it what else was taken */
static size_t answered, reports_due;

static void take(void)
{
    muster_params_clear(&params);
    muster_put_text(&params, "connector", "loop");
    muster_put_uint(&params, "max", 10);
    muster_put_uint(&params, "wait", 60);
    muster_queue(engine, "work.take", &params, NULL);
}

static void report(void)
{
    struct muster_work *done = work;
    muster_params_clear(&params);
    muster_put_results(&params, done);
    reports_due += muster_queue(engine, "work.report", &params, NULL) == MUSTER_OK;
    work = done->next;
    answered = 0;
    muster_work_free(done);
}

static void on_device(uv_timer_t *timer) /* here a device has answered */
{
    printf("%s: %s, attempt %d\n", work->devices[answered], work->job, (int)work->attempt);
    fflush(stdout);
    muster_work_result(work, answered++, MUSTER_COMPLETED, NULL, NULL);
    if (answered == work->count) report();
    if (!work) uv_timer_stop(timer), take();
}

static void on_readable(uv_poll_t *poll, int error, int events)
{
    struct muster_message m;
    enum muster_status status = error || !events ? MUSTER_GONE : MUSTER_OK;
    while (status == MUSTER_OK && (status = muster_next(engine, &m)) == MUSTER_OK) {
        enum muster_status read = m.kind == MUSTER_ANSWER ? muster_work_read(&m.value, &work) : MUSTER_NOTHING;
        if (read == MUSTER_OK) uv_timer_start(poll->data, on_device, 5, 5);
        else if (read == MUSTER_NOTHING) take();
        else reports_due--;
    }
    if (status != MUSTER_NOTHING) uv_stop(poll->loop);
}

static void on_end(uv_signal_t *end, int number)
{
    printf("ends for signal %d\n", number);
    uv_stop(end->loop);
}

int main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    uv_timer_t device;
    uv_poll_t readable = {.data = &device};
    uv_signal_t end;
    struct muster_message m;
    muster_params_init(&params);
    if (muster_open(argc > 1 ? argv[1] : muster_default_path(), MUSTER_FOR_EVER, &engine)) return 1;
    uv_timer_init(loop, &device);
    uv_poll_init(loop, &readable, muster_fd(engine));
    uv_poll_start(&readable, UV_READABLE, on_readable);
    uv_signal_init(loop, &end);
    uv_signal_start(&end, on_end, SIGTERM);
    take();
    uv_run(loop, UV_RUN_DEFAULT);
    for (; work; report()) muster_work_give_back(work);
    while (reports_due > 0 && muster_receive(engine, &m) == MUSTER_OK)
        reports_due -= m.value.type == MSGPACK_OBJECT_MAP;
    muster_close(engine);
    return 0;
}
