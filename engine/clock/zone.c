/* The C library reads the rules. It takes any text for a zone, though: an unknown name is UTC to it, and a path is a
 * file. So names are looked up in tzdata's own list, and given to it as a path that was seen to be there.
 *
 * It reads them when the variable TZ changes: between two calls TZ is "UTC0", so that each call reads them anew. The
 * variable is put into the environment once and changed in place: a getenv() in another thread never meets an
 * environment that is being moved. */
#include "engine/clock/zone.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ZONES     "/usr/share/zoneinfo/"
#define ZONE_LIST ZONES "tzdata.zi"

/* No clock is further from UTC, and it is changed once within twice that time. */
enum { OFFSET_MAX_S = 26 * 3600, NAME_SIZE_MAX = 128 };

/* ---- The list. */

/* The name in a line of the list, "Z Europe/Paris 0:9:21 - LMT ..." or "L Asia/Kolkata Asia/Calcutta". */
static struct bytes name_in(const char *line)
{
    if ((line[0] != 'Z' && line[0] != 'L') || line[1] != ' ') return BYTES_NONE;
    const char *name = line + 2;
    if (line[0] == 'L') name += strcspn(name, " ");
    name += *name == ' ';
    return (struct bytes){name, strcspn(name, " \n")};
}

static bool is_listed(struct bytes name)
{
    FILE *list = fopen(ZONE_LIST, "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    while (list && !found && getline(&line, &size, list) > 0) found = bytes_equal(name_in(line), name);
    free(line);
    if (list) fclose(list);
    return found;
}

bool zone_is_known(struct bytes name)
{
    int64_t local_s;
    return name.size > 0 && name.size <= NAME_SIZE_MAX && is_listed(name) && zone_local(name, 0, &local_s);
}

/* ---- The C library's one zone. */

static char variable[sizeof "TZ=:" ZONES + NAME_SIZE_MAX] = "TZ=UTC0";

static bool enter(struct bytes name)
{
    static bool is_in_environment;
    char path[sizeof ZONES + NAME_SIZE_MAX];
    ASSERT(name.size <= NAME_SIZE_MAX);
    snprintf(path, sizeof path, ZONES "%.*s", BYTES_ARG(name));
    if (access(path, R_OK) != 0) return false;
    if (!is_in_environment) ASSERT(putenv(variable) == 0);
    is_in_environment = true;
    snprintf(variable, sizeof variable, "TZ=:%s", path);
    tzset();
    return true;
}

static void leave(void)
{
    strcpy(variable, "TZ=UTC0");
    tzset();
}

static int64_t offset_at(int64_t utc_s)
{
    time_t time = utc_s;
    struct tm parts;
    ASSERT(localtime_r(&time, &parts));
    return parts.tm_gmtoff;
}

/* The first second in (from, to] whose offset is another than that of `from`; the offset of `to` is. */
static int64_t first_change(int64_t from, int64_t to)
{
    int64_t before = offset_at(from);
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (offset_at(middle) == before) from = middle;
        else to = middle;
    }
    return to;
}

/* From a day at which the clock surely shows less, over the change that may come before it shows enough. */
static int64_t first_second(int64_t local_s)
{
    int64_t from = local_s - OFFSET_MAX_S;
    int64_t second = local_s - offset_at(from);
    if (offset_at(second) == offset_at(from)) return second;
    int64_t change = first_change(from, second);
    return MAX(change, local_s - offset_at(change));
}

bool zone_local(struct bytes name, int64_t utc_s, int64_t *local_s)
{
    if (!enter(name)) return false;
    *local_s = utc_s + offset_at(utc_s);
    leave();
    return true;
}

bool zone_utc(struct bytes name, int64_t local_s, int64_t *utc_s)
{
    if (!enter(name)) return false;
    *utc_s = first_second(local_s);
    leave();
    return true;
}
