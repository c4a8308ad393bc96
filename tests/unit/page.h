/* A page of docs/ for a test to read, line by line. Include it after cmocka.h. */
#ifndef MUSTER_PAGE_H
#define MUSTER_PAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"

/* `name` as in "protocol.md"; to be freed. */
static inline char *page_read(const char *name)
{
    char path[512];
    char *text;
    size_t size;
    snprintf(path, sizeof path, SOURCE_DIR "/docs/%s", name);
    FILE *file = fopen(path, "r");
    FILE *copy = open_memstream(&text, &size);
    int c;
    assert_non_null(file);
    while ((c = fgetc(file)) != EOF) fputc(c, copy);
    fclose(file);
    fclose(copy);
    return text;
}

/* The next line, without its end; false behind the last one. */
static inline bool page_line(const char **at, struct bytes *line)
{
    if (**at == '\0') return false;
    size_t size = strcspn(*at, "\n");
    *line = (struct bytes){*at, size};
    *at += size + ((*at)[size] == '\n');
    return true;
}

/* Behind the heading, which is a whole line such as "## Errors". */
static inline const char *page_section(const char *page, const char *heading)
{
    struct bytes line;
    while (page_line(&page, &line)) {
        if (bytes_equal(line, bytes_of_text(heading))) return page;
    }
    fail_msg("there is no heading \"%s\"", heading);
    return NULL;
}

static inline bool line_begins(struct bytes line, const char *beginning)
{
    size_t size = strlen(beginning);
    return line.size >= size && memcmp(line.data, beginning, size) == 0;
}

static inline bool line_is(struct bytes line, const char *text)
{
    return bytes_equal(line, bytes_of_text(text));
}

#endif
