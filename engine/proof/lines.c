#include "engine/proof/lines.h"

enum { DIGITS_MAX = 15 };

bool line_next(struct bytes *rest, struct bytes *line)
{
    const char *begin = rest->data;
    const char *end = rest->size ? memchr(begin, '\n', rest->size) : NULL;
    if (!end) return false;
    *line = (struct bytes){begin, (size_t)(end - begin)};
    *rest = (struct bytes){end + 1, rest->size - line->size - 1};
    return true;
}

bool line_after(struct bytes line, const char *prefix, struct bytes *rest)
{
    size_t size = strlen(prefix);
    if (line.size < size || memcmp(line.data, prefix, size) != 0) return false;
    *rest = (struct bytes){(const char *)line.data + size, line.size - size};
    return true;
}

bool line_number(struct bytes line, uint64_t *number)
{
    const char *digits = line.data;
    *number = 0;
    if (line.size == 0 || line.size > DIGITS_MAX || (line.size > 1 && digits[0] == '0')) return false;
    for (size_t i = 0; i < line.size; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
        *number = *number * 10 + (uint64_t)(digits[i] - '0');
    }
    return *number < UINT64_C(1) << 48;
}
