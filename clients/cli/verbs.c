/* Everything `muster` can do, one row each; help and the command line are read from here. */
#include "clients/cli/verbs.h"

const struct verb VERBS[] = {
    {"import", NULL, "FILE", "Register the devices of a CSV file; - reads standard input", IMPORT_OPTIONS, import_run},
    {"import", "list", "", "List imports, newest first", IMPORT_LIST_OPTIONS, import_list},
    {"import", "show", "ID", "Show an import: its counts, and why it was not taken", NULL, import_show},
    {"import", "errors", "ID", "Write an import's rejected rows as CSV, to be corrected", IMPORT_ERRORS_OPTIONS,
     import_errors},
    {"export", NULL, "", "Write devices with their keys as CSV", EXPORT_OPTIONS, export_run},

    {"device", "put", "ID", "Register a device, or change it", DEVICE_PUT_OPTIONS, device_put},
    {"device", "list", "", "List devices", DEVICE_LIST_OPTIONS, device_list},
    {"device", "show", "ID", "Show a device with its property values", NULL, device_show},
    {"device", "thumbprints", "ID", "Set the thumbprints of a device's X.509 certificates", DEVICE_THUMBPRINTS_OPTIONS,
     device_thumbprints},
    {"device", "move", "[ID,...]", "Move devices, or all of a group, to another template", DEVICE_MOVE_OPTIONS, device_move},
    {"device", "rename", "ID NAME", "Give a device another name", NULL, device_rename},
    {"device", "report", "ID JSON", "Say what a device reports: {\"path\": value, ...}, null forgets a property", NULL,
     device_report},
    {"device", "remove", "ID", "Remove a device; what jobs did on it stays known", NULL, device_remove},

    {"template", "put", "ID", "Save a device template", TEMPLATE_PUT_OPTIONS, template_put},
    {"template", "list", "", "List device templates", TEMPLATE_LIST_OPTIONS, template_list},
    {"template", "show", "ID", "Show a device template", NULL, template_show},
    {"template", "remove", "ID", "Remove a device template", NULL, template_remove},

    {"group", "put", "ID", "Save a device group: the devices a filter finds", GROUP_PUT_OPTIONS, group_put},
    {"group", "list", "", "List device groups", GROUP_LIST_OPTIONS, group_list},
    {"group", "show", "ID", "Show a device group", NULL, group_show},
    {"group", "remove", "ID", "Remove a device group; its devices stay", NULL, group_remove},

    {"job", "run", "[ID]", "Run a job on every device of a group, or the saved job ID", JOB_RUN_OPTIONS, job_run},
    {"job", "save", "[ID]", "Save a job to run another time, or edit the saved job ID", JOB_SAVE_OPTIONS, job_save},
    {"job", "preview", "[ID]", "Show whom a job, or the saved job ID, would touch now", JOB_SAVE_OPTIONS, job_preview},
    {"job", "discard", "ID", "Discard a saved job", NULL, job_discard},
    {"job", "copy", "ID", "Save a copy of a job", JOB_COPY_OPTIONS, job_copy},
    {"job", "rerun", "ID", "Run a job again on the devices that failed", JOB_RERUN_OPTIONS, job_rerun},
    {"job", "stop", "ID", "Stop a job: nothing more is sent to devices until it is resumed", NULL, job_stop},
    {"job", "resume", "ID", "Resume a stopped job where it was", NULL, job_resume},
    {"job", "cancel", "ID", "Cancel a job for good", NULL, job_cancel},
    {"job", "list", "", "List jobs, newest first", JOB_LIST_OPTIONS, job_list},
    {"job", "show", "ID", "Show how a job stands", JOB_SHOW_OPTIONS, job_show},
    {"job", "devices", "ID", "List a job's devices and how each ended", JOB_DEVICES_OPTIONS, job_devices},
    {"job", "failures", "ID", "Count a job's failed devices by reason and error", NULL, job_failures},
    {"job", "attempts", "ID DEVICE", "List every attempt at a device of a job, newest first", JOB_ATTEMPTS_OPTIONS,
     job_attempts},
    {"job", "results", "ID", "Write a job's results log as CSV", JOB_RESULTS_OPTIONS, job_results},

    {"columns", "set", "USER", "Choose the columns that a user sees of a job's devices", COLUMNS_SET_OPTIONS, columns_set},
    {"columns", "show", "USER", "Show the columns that a user chose", COLUMNS_SHOW_OPTIONS, columns_show},

    {"keys", "rotate", "WHICH", "Make a group key anew: primary or secondary", NULL, keys_rotate},

    {"schedule", "put", "ID", "Run a job again and again, or change what is run and when", SCHEDULE_PUT_OPTIONS,
     schedule_put},
    {"schedule", "list", "", "List schedules, with the time of the next run", SCHEDULE_LIST_OPTIONS, schedule_list},
    {"schedule", "show", "ID", "Show a schedule", NULL, schedule_show},
    {"schedule", "runs", "ID", "List a schedule's runs and those it missed, newest first", SCHEDULE_LIST_OPTIONS,
     schedule_runs},
    {"schedule", "disable", "ID", "Keep a schedule from running until it is enabled", NULL, schedule_disable},
    {"schedule", "enable", "ID", "Let a disabled schedule run again", NULL, schedule_enable},
    {"schedule", "remove", "ID", "Remove a schedule; its runs stay", NULL, schedule_remove},

    {"events", NULL, "", "Show events of the log", EVENTS_OPTIONS, events_show},
    {"info", NULL, "", "Show how the engine is", NULL, info_show},
    {.noun = NULL},
};
