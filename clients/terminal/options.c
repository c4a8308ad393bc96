#include "clients/terminal/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool options_is(const char *word)
{
    return word[0] == '-' && word[1] == '-' && word[2] != '\0';
}

static bool wrong(char why[OPTIONS_WHY_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(char why[OPTIONS_WHY_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, OPTIONS_WHY_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

static const struct option_row *find_row(const struct option_row *rows, const char *name, size_t size)
{
    for (; rows && rows->name; rows++)
        if (strlen(rows->name) == size && memcmp(rows->name, name, size) == 0) return rows;
    return NULL;
}

bool options_take(struct options *options, const struct option_row *rows, const struct option_row *more, char **argv,
                  int *at, char why[OPTIONS_WHY_SIZE])
{
    const char *name = argv[*at] + 2;
    size_t size = strcspn(name, "=");
    const struct option_row *row = find_row(rows, name, size);
    if (!row) row = find_row(more, name, size);
    if (!row) return wrong(why, "there is no option --%.*s here", (int)size, name);
    const char *value = name[size] == '=' ? name + size + 1 : NULL;
    if (!row->value && value) return wrong(why, "--%s takes no value", row->name);
    if (row->value && !value) value = argv[++*at];
    if (row->value && !value) return wrong(why, "--%s needs a value: --%s %s", row->name, row->name, row->value);
    if (options->count == GIVEN_MAX) return wrong(why, "more than %d options are too many", GIVEN_MAX);
    options->given[options->count].row = row;
    options->given[options->count++].value = value ? value : "";
    return true;
}

const char *options_get(const struct options *options, const char *name)
{
    for (size_t i = options->count; i > 0; i--)
        if (strcmp(options->given[i - 1].row->name, name) == 0) return options->given[i - 1].value;
    return NULL;
}

bool options_number(const struct options *options, const char *name, uint64_t most, uint64_t *value,
                    char why[OPTIONS_WHY_SIZE])
{
    const char *text = options_get(options, name);
    if (!text) return true;
    char *end = NULL;
    errno = 0;
    unsigned long long number = *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    if (!end || *end || errno || number > most)
        return wrong(why, "--%s %s: expected a number from 0 to %llu", name, text, (unsigned long long)most);
    *value = number;
    return true;
}

void options_show(const char *title, const struct option_row *rows)
{
    if (!rows || !rows->name) return;
    printf("\n%s:\n", title);
    for (; rows->name; rows++) {
        char left[40];
        snprintf(left, sizeof left, "--%s %s", rows->name, rows->value ? rows->value : "");
        printf("  %-24s %s\n", left, rows->help);
    }
}
