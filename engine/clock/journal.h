/* What musterd tells whoever runs it: one line on standard error for each sentence, with the time in front.
 *
 *     2026-11-23T02:10:00.123456Z musterd: stopped in order
 *
 * Where systemd's journal reads standard error the time is left away: it keeps its own, and the level comes before the
 * line, as <4>. As JSON a line is {"time": "2026-11-23T02:10:00.123456Z", "level": "warning", "message": "..."}. */
#ifndef MUSTER_JOURNAL_H
#define MUSTER_JOURNAL_H

enum journal_format { JOURNAL_TEXT, JOURNAL_JSON };

/* As syslog numbers them. */
enum journal_level { JOURNAL_ERROR = 3, JOURNAL_WARNING = 4, JOURNAL_INFO = 6 };

/* Text until this is called. */
void journal_set_format(enum journal_format format);

/* Of JOURNAL_INFO: good to know. A sentence without a full stop; the line's end is added. */
void journal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A warning is for somebody to look at, an error ends the engine or something that it did. */
void journal_at(enum journal_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
