#include "replay-tool/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void *shared_alloc(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT(memory != MAP_FAILED);
    return memory;
}

void shared_free(void *memory, size_t size)
{
    munmap(memory, size);
}

void guard_die_quietly(void)
{
    static const int SIGNALS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < COUNT_OF(SIGNALS); i++) signal(SIGNALS[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

/* LMDB's own assertions would speak of its source. */
static void silence(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
}

pid_t guard_start(void (*work)(void *context), void *context)
{
    pid_t child = fork();
    if (child != 0) return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    guard_die_quietly();
    silence();
    work(context);
    _exit(EXIT_SUCCESS);
}

enum guard_end guard_end_of(int status, int *signal)
{
    if (WIFEXITED(status)) return WEXITSTATUS(status) == EXIT_SUCCESS ? GUARD_RETURNED : GUARD_CRASHED;
    *signal = WTERMSIG(status);
    bool asked = *signal == SIGPIPE || *signal == SIGINT || *signal == SIGTERM || *signal == SIGHUP ||
                 *signal == SIGKILL || *signal == SIGQUIT;
    return asked ? GUARD_STOPPED : GUARD_CRASHED;
}

enum guard_end guard_end(pid_t child)
{
    int status, signal;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return GUARD_CRASHED;
    }
    return guard_end_of(status, &signal);
}

enum guard_end guard_run(void (*work)(void *context), void *context)
{
    pid_t child = guard_start(work, context);
    return child < 0 ? GUARD_CRASHED : guard_end(child);
}
