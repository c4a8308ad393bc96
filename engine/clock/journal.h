/* What musterd tells whoever runs it: one line on standard error for each sentence, with the time in front.
 *
 *     2026-11-23T02:10:00.123456Z musterd: stopped in order
 *
 * Where systemd's journal reads standard error the time is left away: it keeps its own. */
#ifndef MUSTER_JOURNAL_H
#define MUSTER_JOURNAL_H

/* A sentence without a full stop; the line's end is added. */
void journal(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
