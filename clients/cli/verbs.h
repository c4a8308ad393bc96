/* The verbs' functions and the tables of their options; each noun has a file of its own. */
#ifndef MUSTER_CLI_VERBS_H
#define MUSTER_CLI_VERBS_H

#include "clients/cli/cli.h"

int import_run(struct cli *cli);
int import_list(struct cli *cli);
int import_show(struct cli *cli);
int import_errors(struct cli *cli);
int import_cancel(struct cli *cli);
extern const struct option_row IMPORT_OPTIONS[], IMPORT_LIST_OPTIONS[], IMPORT_ERRORS_OPTIONS[];

int export_run(struct cli *cli);
extern const struct option_row EXPORT_OPTIONS[];
int export_show(struct cli *cli);
int export_fetch(struct cli *cli);
extern const struct option_row EXPORT_FETCH_OPTIONS[];

int operations_list(struct cli *cli);
extern const struct option_row OPERATION_LIST_OPTIONS[];

int device_put(struct cli *cli);
int device_list(struct cli *cli);
int device_show(struct cli *cli);
int device_history(struct cli *cli);
extern const struct option_row DEVICE_HISTORY_OPTIONS[];
int device_move(struct cli *cli);
extern const struct option_row DEVICE_MOVE_OPTIONS[];
int device_rename(struct cli *cli);
int device_report(struct cli *cli);
int device_remove(struct cli *cli);
int device_thumbprints(struct cli *cli);
extern const struct option_row DEVICE_PUT_OPTIONS[], DEVICE_LIST_OPTIONS[], DEVICE_THUMBPRINTS_OPTIONS[];

int template_put(struct cli *cli);
int template_list(struct cli *cli);
int template_show(struct cli *cli);
int template_remove(struct cli *cli);
extern const struct option_row TEMPLATE_PUT_OPTIONS[], TEMPLATE_LIST_OPTIONS[], TEMPLATE_REMOVE_OPTIONS[];

int group_put(struct cli *cli);
int group_list(struct cli *cli);
int group_show(struct cli *cli);
int group_remove(struct cli *cli);
int group_preview(struct cli *cli);
extern const struct option_row GROUP_PREVIEW_OPTIONS[];
extern const struct option_row GROUP_PUT_OPTIONS[], GROUP_LIST_OPTIONS[], GROUP_REMOVE_OPTIONS[];

int job_run(struct cli *cli);
extern const struct option_row JOB_RUN_OPTIONS[];
int job_save(struct cli *cli);
int job_preview(struct cli *cli);
int job_discard(struct cli *cli);
int job_copy(struct cli *cli);
int job_rerun(struct cli *cli);
extern const struct option_row JOB_SAVE_OPTIONS[], JOB_COPY_OPTIONS[], JOB_RERUN_OPTIONS[];
int job_stop(struct cli *cli);
int job_resume(struct cli *cli);
int job_cancel(struct cli *cli);
int job_list(struct cli *cli);
int job_show(struct cli *cli);
int job_devices(struct cli *cli);
int job_failures(struct cli *cli);
int job_attempts(struct cli *cli);
int job_results(struct cli *cli);
extern const struct option_row JOB_LIST_OPTIONS[], JOB_SHOW_OPTIONS[], JOB_DEVICES_OPTIONS[],
    JOB_ATTEMPTS_OPTIONS[], JOB_RESULTS_OPTIONS[];

int columns_set(struct cli *cli);
int columns_show(struct cli *cli);
extern const struct option_row COLUMNS_SET_OPTIONS[], COLUMNS_SHOW_OPTIONS[];

int keys_rotate(struct cli *cli);

int schedule_put(struct cli *cli);
int schedule_list(struct cli *cli);
int schedule_show(struct cli *cli);
int schedule_runs(struct cli *cli);
int schedule_disable(struct cli *cli);
int schedule_enable(struct cli *cli);
int schedule_remove(struct cli *cli);
extern const struct option_row SCHEDULE_PUT_OPTIONS[], SCHEDULE_LIST_OPTIONS[];

int events_show(struct cli *cli);
extern const struct option_row EVENTS_OPTIONS[];

int checkpoint_run(struct cli *cli);
extern const struct option_row CHECKPOINT_OPTIONS[];

int info_show(struct cli *cli);
int metrics_show(struct cli *cli);
int completion_run(struct cli *cli);

#endif
