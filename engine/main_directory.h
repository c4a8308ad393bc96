/* The data directory before anything is opened in it: made when it is not there, and told what is wrong with it in the
 * words of whoever has to mend it. */
#ifndef MUSTER_MAIN_DIRECTORY_H
#define MUSTER_MAIN_DIRECTORY_H

#include "engine/base/base.h"

/* Makes it, durably, unless it is there: *made says which. False, with a sentence, when it cannot be made or what is
 * there cannot be written by this process. */
bool data_directory_make(const char *path, bool *made, struct sentence *why);
/* Takes back what data_directory_make() made, as long as nothing is in it. */
void data_directory_unmake(const char *path);

#endif
