/* The size tells the hash, so that bytes are all there is to keep. */
#include "engine/base/thumbprint.h"

#define RULE "a thumbprint is a certificate's SHA-1 or SHA-256: 40 or 64 hexadecimal digits with nothing between them"

static int digit_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool thumbprint_read(struct bytes text, const char *what, struct thumbprint *thumbprint, struct sentence *why)
{
    const uint8_t *digit = text.data;
    for (size_t i = 0; i < MIN(text.size, (size_t)2 * THUMBPRINT_SIZE_MAX); i++) {
        if (digit_value(digit[i]) >= 0) continue;
        sentence_set(why, "%s has no digit as character %zu; " RULE, what, i + 1);
        return false;
    }
    bool fits = text.size == 0 || text.size == 2 * THUMBPRINT_SHA1_SIZE || text.size == 2 * THUMBPRINT_SHA256_SIZE;
    if (!fits) {
        sentence_set(why, "%s has %zu digits; " RULE, what, text.size);
        return false;
    }
    *thumbprint = (struct thumbprint){.size = text.size / 2};
    for (size_t i = 0; i < thumbprint->size; i++)
        thumbprint->data[i] = (uint8_t)(digit_value(digit[2 * i]) << 4 | digit_value(digit[2 * i + 1]));
    return true;
}
