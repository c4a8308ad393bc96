/* What musterd was told on its command line and in its configuration file; the table is settings.def. */
#ifndef MUSTER_SETTINGS_H
#define MUSTER_SETTINGS_H

#include "engine/base/arena.h"
#include "engine/clock/journal.h"

#include <stdio.h>

typedef const char *setting_directory;
typedef const char *setting_path;
typedef const char *setting_group;
typedef uint64_t setting_count;
typedef uint64_t setting_seconds;
typedef uint64_t setting_bytes;
typedef uint64_t setting_mode;
typedef uint64_t setting_format; /* enum journal_format */

struct settings {
#define SETTING(section, kind, change, member, option, initial, least, most, sentence) setting_##kind member;
#include "engine/settings.def"
#undef SETTING
    const char *config; /* the file that was read; NULL: none */
    bool check_config;  /* read all this, say whether it is right, and stop */
    bool trust_keys;    /* as in keys/key_store.h */
    bool rebuild;       /* throw the projections away and fold the log again */
    bool show_config;
    bool show_help;
    bool show_version;
};

/* Defaults, then the file that --config names, then the command line. Texts borrow argv or `arena`. Paths of sockets
 * are filled in from the data directory. False with a sentence when an option or a line of the file is unknown, lacks
 * its value, or the value is out of range. */
bool settings_read(struct settings *settings, int argc, char *argv[], struct arena *arena, struct sentence *why);
/* Only the file; what it does not set stays. The sentence begins with the file and the line. */
bool settings_read_file(struct settings *settings, const char *path, struct arena *arena, struct sentence *why);

/* Takes from `fresh` what may change while the engine runs. Appends to `kept`, which begins empty, the keys that differ
 * and wait for the next start: "Data, SocketMode". */
void settings_reload(struct settings *settings, const struct settings *fresh, struct sentence *kept);

/* The text of --help, on standard output. */
void settings_print_help(void);
/* A configuration file with every setting and its sentence, each commented out at its default. */
void settings_print_config(FILE *out);
/* All settings as one MessagePack map, option name to value, in the arena. */
struct bytes settings_pack(const struct settings *settings, struct arena *arena);

#endif
