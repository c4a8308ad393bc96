/* What may be asked twice: made from the engine's own catalogue of commands, so that there is no second list. An engine
 * may know more methods than this library, which then asks them once and never again. */
#include "client.h"

#include <string.h>

enum { READS = METHOD_READS, SECRETS = METHOD_READS, CHANGES = METHOD_CHANGES };

static const struct {
    const char *method;
    enum method_kind kind;
} METHODS[] = {
#define COMMAND(name, method, kind) {method, (enum method_kind)kind},
#define FIELD(type, member, name, need)
#define COMMAND_END(name)
#include "engine/decide/commands.def"
#undef COMMAND
#undef FIELD
#undef COMMAND_END
};

enum method_kind method_kind(const char *method)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
        if (strcmp(METHODS[i].method, method) == 0) return METHODS[i].kind;
    return METHOD_UNKNOWN;
}
