/* What musterd was told on its command line; the table is settings.def. */
#ifndef MUSTER_SETTINGS_H
#define MUSTER_SETTINGS_H

#include "engine/base/arena.h"

typedef const char *setting_directory;
typedef const char *setting_path;
typedef const char *setting_group;
typedef uint64_t setting_count;
typedef uint64_t setting_seconds;
typedef uint64_t setting_bytes;
typedef uint64_t setting_mode;

struct settings {
#define SETTING(kind, member, option, initial, least, most, sentence) setting_##kind member;
#include "engine/settings.def"
#undef SETTING
    bool trust_keys; /* as in keys/key_store.h */
    bool rebuild; /* throw the projections away and fold the log again */
    bool show_help;
    bool show_version;
};

/* Texts borrow argv or `arena`. Paths of sockets are filled in from the data directory. False with a sentence
 * when an option is unknown, lacks its value, or the value is out of range. */
bool settings_read(struct settings *settings, int argc, char *argv[], struct arena *arena, struct sentence *why);
/* The text of --help, on standard output. */
void settings_print_help(void);
/* All settings as one MessagePack map, option name to value, in the arena. */
struct bytes settings_pack(const struct settings *settings, struct arena *arena);

#endif
