#include "clients/cli/ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { IDS_MAX = 1 << 20 };

/* Each line's bytes without the blanks around it; empty lines are left out. With `p` NULL they are only counted. */
static uint32_t pack_lines(msgpack_packer *p, const char *text, size_t size)
{
    static const char BLANKS[] = " \t\r";
    uint32_t count = 0;
    for (const char *at = text, *end = text + size; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end, *last = stop;
        while (at < last && strchr(BLANKS, *at)) at++;
        while (last > at && strchr(BLANKS, last[-1])) last--;
        if (last > at && p) msgpack_pack_str_with_body(p, at, (size_t)(last - at));
        count += last > at;
        at = stop + 1;
    }
    return count;
}

static int read_ids(const char *path, char *text, size_t *size)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    *size = in ? fread(text, 1, IDS_MAX + 1, in) : 0;
    int reason = in && !ferror(in) ? 0 : errno;
    if (in && in != stdin) fclose(in);
    if (reason) complain("%s cannot be read: %s", path, strerror(reason));
    else if (*size > IDS_MAX) complain("%s is longer than 1 MiB: name a device group instead", path);
    else return EXIT_DONE;
    return EXIT_REFUSED;
}

int put_ids_file(const struct cli *cli, struct muster_params *params)
{
    const char *path = option(cli, "ids-file");
    size_t size;
    if (!path) return EXIT_DONE;
    char *text = malloc(IDS_MAX + 1);
    if (!text) {
        complain("there is no memory left for the ids");
        return EXIT_REFUSED;
    }
    int code = read_ids(path, text, &size);
    if (code == EXIT_DONE) {
        msgpack_packer *p = muster_put(params, "ids");
        msgpack_pack_array(p, pack_lines(NULL, text, size));
        pack_lines(p, text, size);
    }
    free(text);
    return code;
}
